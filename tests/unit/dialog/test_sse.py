"""Events of a chat completion, well formed and not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from avatar.dialog.sse import MAX_LINE, LineBuffer, StreamError, deltas, text_of


def chunk(text: str | None) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}, ensure_ascii=False)


async def read(*parts: bytes) -> str:
    async def source() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return "".join([text async for text in deltas(source())])


async def test_text_comes_out_in_order_whatever_the_pieces() -> None:
    data = f": ping\n\ndata: {chunk('希')}\r\n\r\ndata: {chunk('望')}\n\ndata: [DONE]\n\n".encode()
    assert await read(data) == "希望"
    assert await read(*[data[at : at + 1] for at in range(len(data))]) == "希望"


async def test_nothing_is_read_after_done() -> None:
    assert await read(b"data: [DONE]\n\ndata: nonsense\n\n") == ""


async def test_a_stream_may_end_without_done() -> None:
    assert await read(f"data: {chunk('完')}\n\n".encode()) == "完"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"data: {oops}\n\n",
        b"data: 3\n\n",
        b'data: {"error": {}}\n\n',
        b'data: {"choices": 1}\n\n',
    ],
)
async def test_what_is_no_stream_is_an_error(data: bytes) -> None:
    with pytest.raises(StreamError) as caught:
        await read(data)
    assert caught.value.en and caught.value.zh


@pytest.mark.parametrize(
    "payload",
    [
        "{}",
        '{"choices": []}',
        '{"choices": [{}]}',
        '{"choices": [{"delta": null}]}',
        '{"choices": [{"delta": {"content": 5}}]}',
        chunk(None),
    ],
)
def test_chunks_without_text(payload: str) -> None:
    assert text_of(payload) == ""


def test_a_line_without_end_is_refused() -> None:
    buffer = LineBuffer()
    with pytest.raises(StreamError):
        for _ in range(3):
            buffer.push(b"x" * (MAX_LINE // 2))


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(StreamError):
        text_of("[" * 100_000)
