"""Server-sent events of a chat completion, as text. Bytes come in pieces of any size.

Format: WHATWG HTML, "Server-sent events"; the payload is the OpenAI chat completion chunk.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator

MAX_LINE = 1 << 20
"""Bytes of one line; a longer one is not a token."""


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
    buffer, seen = LineBuffer(), False
    async for data in chunks:
        for line in buffer.push(data):
            payload = data_of(line)
            if payload is None:
                continue
            seen = True
            if payload == "[DONE]":
                return
            if text := text_of(payload):
                yield text
    if not seen:
        raise StreamError("no event came", "没有收到任何事件")


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
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else ""
