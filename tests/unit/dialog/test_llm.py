"""The client against a service on this machine: well, slow, down, strict and broken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from avatar.dialog.llama import EmbeddedLlama, Runtime
from avatar.dialog.llm import OpenAIGenerator
from avatar.errors import EngineError, WeightsError
from avatar.stages import Message

MESSAGES = [Message("system", "你是阿三。"), Message("user", "河深吗？")]
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def event(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


class Service:
    """A service that answers every request in one way and remembers what it was asked."""

    def __init__(self, answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
        self._answer = answer
        self.body: dict[str, object] = {}
        self.head = ""
        self.hung_up = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line for line in self.head.lower().split("\r\n") if line.startswith("content-length:"))
        self.body = json.loads(await reader.readexactly(int(length.split(":")[1])))
        try:
            await self._answer(writer)
            await writer.drain()
        except ConnectionError:
            self.hung_up.set()
        finally:
            writer.close()


@asynccontextmanager
async def serving(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[tuple[Service, str]]:
    service = Service(answer)
    server = await asyncio.start_server(service.handle, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server:
        yield service, f"http://{host}:{port}"


def saying(data: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return answer


async def written(generator: OpenAIGenerator, **options: int) -> str:
    try:
        return "".join([text async for text in generator.stream(MESSAGES, max_tokens=20, **options)])
    finally:
        await generator.aclose()


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
async def test_the_answer_comes_in_pieces(suffix: str) -> None:
    async with serving(saying(HEADERS + event("比桨") + event("长。") + b"data: [DONE]\n\n")) as (service, url):
        assert await written(OpenAIGenerator(url + suffix, "secret", "m", extra={"top_k": 3}), seed=7) == "比桨长。"
    assert service.head.startswith("POST /v1/chat/completions ")
    assert "authorization: bearer secret" in service.head.lower()
    assert service.body["messages"] == [{"role": m.role, "content": m.content} for m in MESSAGES]
    assert (service.body["stream"], service.body["seed"], service.body["top_k"]) == (True, 7, 3)


async def test_no_key_is_sent_where_there_is_none() -> None:
    async with serving(saying(HEADERS + b"data: [DONE]\n\n")) as (service, url):
        await written(OpenAIGenerator(url))
    assert "authorization" not in service.head.lower() and "seed" not in service.body


async def test_closing_the_iterator_closes_the_connection() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(HEADERS)
        while True:
            writer.write(event("长"))
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(endless) as (service, url):
        generator = OpenAIGenerator(url)
        stream = generator.stream(MESSAGES, max_tokens=1000)
        assert await anext(stream) == "长"
        await stream.aclose()
        await asyncio.wait_for(service.hung_up.wait(), 10)
        await generator.aclose()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "llm_unauthorized"),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "llm_refused"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "llm_refused"),
        (HEADERS + b"<html>not a stream</html>", "llm_malformed"),
        (HEADERS + event("比") + b'data: {"error": {"message": "full"}}\n\n', "llm_malformed"),
        (b"SSH-2.0-OpenSSH\r\n", "llm_unreachable"),
        (b"", "llm_unreachable"),
    ],
)
async def test_every_fault_is_an_engine_error(data: bytes, code: str) -> None:
    async with serving(saying(data)) as (_, url):
        with pytest.raises(EngineError) as caught:
            await written(OpenAIGenerator(url.replace("http://", "http://user:password@")))
    assert caught.value.code == code
    assert url in caught.value.en and url in caught.value.zh
    assert "password" not in caught.value.en


async def test_a_slow_service_is_given_up() -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        writer.write(HEADERS + event("比"))
        await writer.drain()
        await asyncio.sleep(5)

    async with serving(slow) as (_, url):
        with pytest.raises(EngineError) as caught:
            await written(OpenAIGenerator(url, timeout_s=0.2))
    assert caught.value.code == "llm_timeout" and caught.value.retryable


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid", "nonsense", "http://[", "ftp://x"])
async def test_a_service_that_is_not_there(url: str) -> None:
    with pytest.raises(EngineError) as caught:
        await written(OpenAIGenerator(url, timeout_s=5))
    assert caught.value.code == "llm_unreachable"


async def test_warming_reads_the_prompt_and_writes_one_token() -> None:
    async with serving(saying(HEADERS + event("比") + b"data: [DONE]\n\n")) as (service, url):
        generator = OpenAIGenerator(url)
        await generator.warm(MESSAGES)
        await generator.aclose()
    assert service.body["max_tokens"] == 1


def test_a_generator_serves_one_event_loop_after_another() -> None:
    async def once(generator: OpenAIGenerator) -> str:
        async with serving(saying(HEADERS + event("好") + b"data: [DONE]\n\n")) as (_, url):
            generator._url = f"{url}/v1/chat/completions"
            return "".join([text async for text in generator.stream(MESSAGES, max_tokens=5)])

    generator = OpenAIGenerator("http://127.0.0.1:1")
    assert [asyncio.run(once(generator)) for _ in range(2)] == ["好", "好"]


def test_a_model_that_is_not_there_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        EmbeddedLlama(Runtime(tmp_path), tmp_path / "absent.gguf")
    assert "avatar models pull" in caught.value.en and "avatar models pull" in caught.value.zh
