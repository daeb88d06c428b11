"""The language model: one client for every service that speaks the OpenAI protocol.

Closing the iterator closes the connection, and the server then stops writing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

import httpx

from avatar.dialog.hand import parameters_in
from avatar.dialog.sse import StreamError, deltas, pieces
from avatar.errors import EngineError
from avatar.service import bearer, endpoint, origin
from avatar.stages import FunctionCall, Functions, Message

P = TypeVar("P", str, str | FunctionCall)

log = logging.getLogger(__name__)

CONNECT_S = 5.0
"""Seconds in which a service must take the connection."""

WARM_PATIENCE = 10
"""How many times longer than for a token one waits for a prompt to be read beforehand."""


class OpenAIGenerator:
    """Writes through any service with `/v1/chat/completions`: vLLM, Ollama, llama.cpp, a provider.

    Args:
        base_url: with or without the final `/v1`.
        api_key: sent as a bearer token where it is not empty.
        model: the service's name for the model.
        temperature: 0..2.
        timeout_s: the longest wait for the next token.
        extra: further fields of the request, such as llama.cpp's sampling.
    """

    name = "openai"

    calls_functions = True
    """What the service's model makes of functions is its own affair."""

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        model: str = "",
        *,
        temperature: float = 0.6,
        timeout_s: float = 30.0,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        self._url, self._headers = endpoint(base_url, "chat/completions"), bearer(api_key)
        self._model = model
        self._temperature = temperature
        self._timeout_s = timeout_s
        self._extra = dict(extra or {})
        self._where = origin(self._url)
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def device(self) -> str:
        """The service's address."""
        return self._where

    @property
    def parameters(self) -> float | None:
        """As the model's name tells it."""
        return parameters_in(self._model)

    @property
    def _patience(self) -> float:
        """Seconds to wait for a prompt to be read."""
        return WARM_PATIENCE * self._timeout_s

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
    ) -> AsyncGenerator[str, None]:
        """The answer, piece by piece. Closing the iterator closes the connection, and with it the writing.

        Raises:
            EngineError: out of reach, refused, too slow, or what came is not the protocol.
        """
        body = self._body(messages, max_tokens)
        if seed is not None:
            body["seed"] = seed
        async with aclosing(self._written(body, self._timeout_s)) as pieces:
            async for piece in pieces:
                yield piece

    async def converse(
        self, messages: Sequence[Message], functions: Functions, *, max_tokens: int, seed: int | None = None
    ) -> AsyncGenerator[str | FunctionCall, None]:
        """The same, and then the functions that the model asks for.

        Raises:
            EngineError: as for `stream`.
        """
        body = {**self._body(messages, max_tokens), **_offered(functions)}
        if seed is not None:
            body["seed"] = seed
        async with aclosing(self._received(body, self._timeout_s, pieces)) as parts:
            async for part in parts:
                yield part

    async def _written(self, body: Mapping[str, object], timeout_s: float) -> AsyncGenerator[str, None]:
        async with aclosing(self._received(body, timeout_s, deltas)) as texts:
            async for text in texts:
                yield text

    async def _received(
        self,
        body: Mapping[str, object],
        timeout_s: float,
        read: Callable[[AsyncIterator[bytes]], AsyncGenerator[P, None]],
    ) -> AsyncGenerator[P, None]:
        """Ask, and read the stream that comes."""
        wait = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))
        try:
            async with self._connection().stream(
                "POST", self._url, json=body, headers=self._headers, timeout=wait
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise _refused(response.status_code, self._where)
                async for part in read(response.aiter_bytes()):
                    yield part
        except httpx.TimeoutException as error:
            raise _slow(self._where, timeout_s) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(self._where) from error
        except StreamError as error:
            raise _malformed(self._where, error) from error

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        """Let the service read a prompt; its prefix cache then holds it. What it keeps is its own affair.

        A slow machine reads a long prompt for longer than it may take to write a token, so the wait is longer here.

        Raises:
            EngineError: as for `stream`.
        """
        async with aclosing(self._written(self._body(messages, 1), self._patience)) as pieces:
            async for _ in pieces:
                pass

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _body(self, messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
        return {
            "model": self._model,
            "messages": [_as_sent(message) for message in messages],
            "max_tokens": max_tokens,
            "temperature": self._temperature,
            "stream": True,
            **self._extra,
        }

    def _connection(self) -> httpx.AsyncClient:
        """The client of the running loop. Connections are not kept: llama.cpp closes them after a stream."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = httpx.AsyncClient(
                limits=httpx.Limits(max_keepalive_connections=0),
                follow_redirects=False,
            )
        return self._client


def _as_sent(message: Message) -> dict[str, object]:
    """A message as the protocol has it."""
    told: dict[str, object] = {"role": message.role, "content": message.content}
    if message.calls:
        told["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    if message.call_id:
        told["tool_call_id"] = message.call_id
    return told


def _offered(functions: Functions) -> dict[str, object]:
    """The functions as the protocol has them."""
    tools = [
        {
            "type": "function",
            "function": {
                "name": function.name,
                "description": function.description,
                "parameters": function.parameters or {"type": "object", "properties": {}},
            },
        }
        for function in functions.known
    ]
    only = {"type": "function", "function": {"name": functions.only}}
    return {"tools": tools, "tool_choice": only if functions.only else functions.choice}


def _unreachable(where: str) -> EngineError:
    return EngineError(
        f"The language model at {where} cannot be reached. Check that it runs, and the setting llm.base_url.",
        f"无法连接 {where} 的语言模型。请确认它在运行,并检查设置 llm.base_url。",
        code="llm_unreachable",
    )


def _slow(where: str, seconds: float) -> EngineError:
    return EngineError(
        f"The language model at {where} did not answer within {seconds:g} s. Try again, or raise llm.timeout_s.",
        f"{where} 的语言模型在 {seconds:g} 秒内没有回应。请重试,或调大 llm.timeout_s。",
        code="llm_timeout",
    )


def _refused(status: int, where: str) -> EngineError:
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return EngineError(
            f"The language model at {where} refused the key ({status}). Check the setting llm.api_key.",
            f"{where} 的语言模型拒绝了密钥({status})。请检查设置 llm.api_key。",
            code="llm_unauthorized",
        )
    return EngineError(
        f"The language model at {where} refused the request ({status}). Check llm.model and the service's log.",
        f"{where} 的语言模型拒绝了请求({status})。请检查 llm.model 和该服务的日志。",
        code="llm_refused",
    )


def _malformed(where: str, fault: StreamError) -> EngineError:
    return EngineError(
        f"What the language model at {where} sent is not a chat completion stream: {fault.en}.",
        f"{where} 的语言模型发来的不是对话补全流:{fault.zh}。",
        code="llm_malformed",
    )
