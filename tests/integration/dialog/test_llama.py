"""The embedded llama.cpp: writes, stops at once, keeps strangers out, says what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from avatar.dialog.llama import EmbeddedLlama
from avatar.dialog.llm import OpenAIGenerator
from avatar.errors import EngineError, WeightsError
from avatar.stages import Message

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
