"""The embedded llama.cpp: writes, stops at once, keeps strangers out, says what is wrong with a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from avatar.dialog.llama import EmbeddedLlama
from avatar.dialog.llm import OpenAIGenerator
from avatar.errors import EngineError, WeightsError
from avatar.stages import Message

from .conftest import PATIENT_S, gguf

pytestmark = pytest.mark.integration

COUNT = [Message("user", "Count from one to five hundred in words, one after another.")]


async def test_it_writes_and_the_seed_fixes_the_wording(small: EmbeddedLlama) -> None:
    question = [Message("user", "Say a colour.")]
    first = [piece async for piece in small.stream(question, max_tokens=8, seed=3)]
    assert "".join(first).strip()
    assert [piece async for piece in small.stream(question, max_tokens=8, seed=3)] == first


async def test_a_closed_stream_gives_its_slot_back(small: EmbeddedLlama) -> None:
    for _ in range(4):
        stream = small.stream(COUNT, max_tokens=1500)
        assert await anext(stream)
        await stream.aclose()
    assert [p async for p in small.stream([Message("user", "Hi")], max_tokens=2)]


async def test_a_prompt_that_was_read_before_is_not_read_again(small: EmbeddedLlama) -> None:
    start = [Message("system", "You are a boatman. " * 40)]
    await small.warm([*start, Message("user", "…")])
    body = {"messages": [{"role": m.role, "content": m.content} for m in [*start, Message("user", "Is it deep?")]]}
    async with httpx.AsyncClient(timeout=300, headers=small._headers) as client:
        reply = await client.post(f"{small.base_url}/v1/chat/completions", json={**body, "max_tokens": 1})
    answer = reply.json()
    assert answer["timings"]["cache_n"] > 100
    assert answer["timings"]["prompt_n"] < 30


def test_what_was_read_outlives_the_server(models_dir: Path, tmp_path: Path) -> None:
    model = gguf(models_dir, "qwen2.5-coder-0.5b")
    card = Message("system", "You are a boatman. " * 40)

    async def tokens_at_hand(llama: EmbeddedLlama) -> int:
        await llama.warm([card, Message("user", "…")], keep=True)
        said = [{"role": m.role, "content": m.content} for m in [card, Message("user", "Is it deep?")]]
        async with httpx.AsyncClient(timeout=PATIENT_S, headers=llama._headers) as client:
            body = {"messages": said, "max_tokens": 1}
            answer = await client.post(f"{llama.base_url}/v1/chat/completions", json=body)
        await llama.aclose()
        return int(answer.json()["timings"]["cache_n"])

    def read() -> int:
        llama = EmbeddedLlama(model, context=1024, timeout_s=PATIENT_S, kept=tmp_path)
        try:
            return asyncio.run(tokens_at_hand(llama))
        finally:
            llama.close()

    assert read() > 100
    (kept,) = tmp_path.iterdir()
    whole = kept.stat().st_size
    assert read() > 100
    kept.write_bytes(kept.read_bytes()[:-1000])
    assert read() > 100, "a damaged file is read anew"
    assert [(file.suffix, file.stat().st_size) for file in tmp_path.iterdir()] == [(".kv", whole)]


async def test_nobody_else_can_ask(small: EmbeddedLlama) -> None:
    stranger = OpenAIGenerator(small.base_url, "a guess")
    with pytest.raises(EngineError) as caught:
        assert [piece async for piece in stranger.stream(COUNT, max_tokens=1)]
    await stranger.aclose()
    assert caught.value.code == "llm_unauthorized"
    assert small.base_url.startswith("http://127.0.0.1:")


def test_a_closed_engine_is_gone(models_dir: Path) -> None:
    llama = EmbeddedLlama(next((models_dir / "qwen2.5-coder-0.5b").glob("*.gguf")), context=512)
    llama.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{llama.base_url}/health")


@pytest.mark.parametrize("size", [4, 1000, 5_000_000])
def test_a_damaged_file_is_told(size: int, models_dir: Path, tmp_path: Path) -> None:
    with next((models_dir / "qwen2.5-coder-0.5b").glob("*.gguf")).open("rb") as whole:
        (tmp_path / "part.gguf").write_bytes(whole.read(size))
    with pytest.raises(WeightsError) as caught:
        EmbeddedLlama(tmp_path / "part.gguf")
    assert "avatar models verify" in caught.value.en
