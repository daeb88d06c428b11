"""Server-sent events of a chat completion, as text. Bytes come in pieces of any size.

Format: WHATWG HTML, "Server-sent events"; the payload is the OpenAI chat completion chunk.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from avatar.stages import FunctionCall

MAX_LINE = 1 << 20
"""Bytes of one line; a longer one is not a token."""

MAX_CALLS = 16
"""Functions that one answer may ask for."""

MAX_ARGUMENTS = 64_000
"""Characters of a call's arguments."""


class StreamError(Exception):
    """What came is not a stream of chat completion chunks; says why in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


class LineBuffer:
    """Bytes in, complete lines out. A line ends with CR, LF or both."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> list[bytes]:
        """The lines that are complete now.

        Raises:
            StreamError: a line has no end.
        """
        *lines, self._rest = (self._rest + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        if len(self._rest) > MAX_LINE:
            raise StreamError("a line has no end", "有一行没有结尾")
        return lines


async def deltas(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """The answer's text, piece by piece; ends at `[DONE]` or with the stream.

    Raises:
        StreamError: a line is not a chunk, the service reports an error, or nothing came at all.
    """
    async with aclosing(payloads(chunks)) as told:
        async for payload in told:
            if text := text_of(payload):
                yield text


async def pieces(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str | FunctionCall, None]:
    """The same, and after the text the functions that the model asks for.

    Raises:
        StreamError: as above, or too much is asked for.
    """
    calls = CallBuffer()
    async with aclosing(payloads(chunks)) as told:
        async for payload in told:
            delta = delta_of(payload)
            calls.push(delta.get("tool_calls"))
            content = delta.get("content")
            if isinstance(content, str) and content:
                yield content
    for call in calls.finish():
        yield call


async def payloads(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """What the events of a stream carry, up to `[DONE]`.

    Raises:
        StreamError: a line has no end, or nothing came at all.
    """
    buffer, seen = LineBuffer(), False
    async for data in chunks:
        for line in buffer.push(data):
            payload = data_of(line)
            if payload is None:
                continue
            seen = True
            if payload == "[DONE]":
                return
            yield payload
    if not seen:
        raise StreamError("no event came", "没有收到任何事件")


class CallBuffer:
    """The parts of function calls in, whole calls out. A part names its call by its index."""

    def __init__(self) -> None:
        self._parts: dict[int, dict[str, str]] = {}

    def push(self, parts: object) -> None:
        """Take in the `tool_calls` of a chunk; what is not of their form is passed over.

        Raises:
            StreamError: there are more calls, or longer ones, than a client is told of.
        """
        for part in parts if isinstance(parts, list) else ():
            index = part.get("index", 0) if isinstance(part, dict) else None
            function = part.get("function") if isinstance(part, dict) else None
            if not isinstance(index, int) or not isinstance(function, dict):
                continue
            call = self._parts.setdefault(index, {"id": "", "name": "", "arguments": ""})
            for key, source in (("id", part), ("name", function), ("arguments", function)):
                value = source.get(key)
                call[key] += value if isinstance(value, str) else ""
            if len(self._parts) > MAX_CALLS or max(map(len, call.values())) > MAX_ARGUMENTS:
                raise StreamError("it asks for too many functions", "要求调用的函数过多")

    def finish(self) -> list[FunctionCall]:
        """The calls, in order; those without a name are none."""
        ordered = [self._parts[index] for index in sorted(self._parts)]
        return [
            FunctionCall(call["id"] or f"call_{secrets.token_hex(10)}", call["name"], call["arguments"] or "{}")
            for call in ordered
            if call["name"]
        ]


def data_of(line: bytes) -> str | None:
    """The value of a `data:` line; None for every other line (comments, names, blanks)."""
    if not line.startswith(b"data:"):
        return None
    return line[5:].decode("utf-8", errors="replace").strip()


def text_of(payload: str) -> str:
    """The text that a chunk carries; empty for the role, the usage and the end.

    Raises:
        StreamError: not a chunk, or an error in place of one.
    """
    content = delta_of(payload).get("content")
    return content if isinstance(content, str) else ""


def delta_of(payload: str) -> dict[str, Any]:
    """What a chunk adds to the answer.

    Raises:
        StreamError: not a chunk, or an error in place of one.
    """
    try:
        chunk = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise StreamError("an event is not JSON", "有事件不是 JSON") from error
    if not isinstance(chunk, dict):
        raise StreamError("an event is not an object", "有事件不是 JSON 对象")
    if "error" in chunk:
        raise StreamError("the service reports an error", "服务报告了错误")
    choices = chunk.get("choices") or [{}]
    if not isinstance(choices, list) or not isinstance(choices[0], dict):
        raise StreamError("an event has no proper choices", "有事件的 choices 不合规")
    delta = choices[0].get("delta") or {}
    return delta if isinstance(delta, dict) else {}
