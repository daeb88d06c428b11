"""The embedded llama.cpp: writes, stops at once, reads nothing twice, says what is wrong with a file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from avatar.dialog.llama import EmbeddedLlama, Runtime
from avatar.dialog.llama.context import Context, Step
from avatar.dialog.llama.trial import prove
from avatar.errors import EngineError, WeightsError
from avatar.stages import Message

from .conftest import PATIENT_S, gguf, runtime

pytestmark = pytest.mark.integration

COUNT = [Message("user", "Count from one to five hundred in words, one after another.")]
BOATMAN = Message("system", "You are a boatman. " * 40)
OTHER = Message("system", "You grow pears and know all about them. " * 30)


@pytest.fixture
def tokens_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The sizes of the batches that are read."""
    sizes: list[int] = []
    read = Context.read

    def counted(self: Context, steps: Sequence[Step]) -> bool:
        sizes.append(len(steps))
        return read(self, steps)

    monkeypatch.setattr(Context, "read", counted)
    yield sizes


async def written(llama: EmbeddedLlama, *messages: Message, max_tokens: int = 2, seed: int | None = None) -> str:
    return "".join([piece async for piece in llama.stream(messages, max_tokens=max_tokens, seed=seed)])


async def test_it_writes_and_the_seed_fixes_the_wording(small: EmbeddedLlama) -> None:
    question = Message("user", "Say a colour.")
    first = await written(small, question, max_tokens=8, seed=3)
    assert first.strip()
    assert await written(small, question, max_tokens=8, seed=3) == first


async def test_an_answer_is_whole_characters(small: EmbeddedLlama) -> None:
    text = await written(small, Message("user", "用中文写一句关于大海的话,带一个表情符号。"), max_tokens=40, seed=1)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in text)
    assert "\ufffd" not in text[:-1]


async def test_a_closed_stream_gives_its_sequence_back(small: EmbeddedLlama) -> None:
    for _ in range(4):
        stream = small.stream(COUNT, max_tokens=1500)
        assert await anext(stream)
        await stream.aclose()
    assert await written(small, Message("user", "Hi"))


async def test_a_prompt_that_is_given_up_is_broken_off(small: EmbeddedLlama, tokens_read: list[int]) -> None:
    long = Message("system", "The tide turns and the boatman waits for it. " * 120)
    reading = asyncio.create_task(small.warm([long]))
    while not tokens_read:  # noqa: ASYNC110 - the thread that reads has nothing else to tell by
        await asyncio.sleep(0.005)
    reading.cancel()
    await asyncio.wait([reading])
    assert await written(small, Message("user", "Hi"))
    assert sum(tokens_read) < 600


async def test_what_was_broken_off_is_read_anew_and_right(small: EmbeddedLlama) -> None:
    question = [BOATMAN, Message("user", "Who are you?")]
    expected = await written(small, *question, max_tokens=12, seed=5)
    await written(small, OTHER, max_tokens=1)
    await written(small, Message("user", "A third conversation takes the other sequence."), max_tokens=1)
    for delay in (0.0, 0.05, 0.2):
        reading = asyncio.create_task(written(small, *question, max_tokens=12, seed=5))
        await asyncio.sleep(delay)
        reading.cancel()
        await asyncio.wait([reading])
    assert await written(small, *question, max_tokens=12, seed=5) == expected


async def test_a_prompt_that_was_read_before_is_not_read_again(small: EmbeddedLlama, tokens_read: list[int]) -> None:
    await small.warm([BOATMAN, Message("user", "…")])
    tokens_read.clear()
    await written(small, BOATMAN, Message("user", "Is it deep?"), max_tokens=1)
    assert 0 < sum(tokens_read) < 30


async def test_more_conversations_than_sequences_keep_what_was_read(
    small: EmbeddedLlama, tokens_read: list[int]
) -> None:
    systems = [Message("system", f"Your number is {number}. " * 40) for number in range(4)]
    for system in systems:
        await small.warm([system, Message("user", "…")])
    tokens_read.clear()
    for system in systems:
        await written(small, system, Message("user", "Which number?"), max_tokens=1)
    assert sum(tokens_read) < 4 * 30


async def test_conversations_side_by_side_write_what_they_write_alone(small: EmbeddedLlama) -> None:
    questions = [Message("user", f"Name {count} animals.") for count in ("two", "three", "four")]
    alone = [await written(small, BOATMAN, question, max_tokens=10, seed=2) for question in questions]
    together = await asyncio.gather(
        *(written(small, BOATMAN, question, max_tokens=10, seed=2) for question in questions)
    )
    assert [text.split()[:1] for text in together] == [text.split()[:1] for text in alone]
    assert all(text.strip() for text in together)


def test_what_was_read_outlives_the_process(models_dir: Path, tmp_path: Path, tokens_read: list[int]) -> None:
    model = gguf(models_dir, "qwen2.5-coder-0.5b")

    def tokens() -> int:
        llama = EmbeddedLlama(runtime(models_dir), model, context=1024, timeout_s=PATIENT_S, kept=tmp_path)

        async def ask() -> None:
            await llama.warm([BOATMAN, Message("user", "…")], keep=True)
            await written(llama, BOATMAN, Message("user", "Is it deep?"), max_tokens=1)

        tokens_read.clear()
        try:
            asyncio.run(ask())
        finally:
            llama.close()
        return sum(tokens_read)

    assert tokens() > 100
    (kept,) = tmp_path.iterdir()
    whole = kept.stat().st_size
    assert tokens() < 30
    kept.write_bytes(kept.read_bytes()[:-1000])
    assert tokens() > 100, "a damaged file is read anew"
    assert [(file.suffix, file.stat().st_size) for file in tmp_path.iterdir()] == [(".kv", whole)]


async def test_a_conversation_that_is_too_long_is_told(small: EmbeddedLlama) -> None:
    with pytest.raises(EngineError) as caught:
        await written(small, Message("user", "on and on " * 3000))
    assert caught.value.code == "llm_context"


async def test_a_slow_token_is_told(models_dir: Path) -> None:
    llama = EmbeddedLlama(runtime(models_dir), gguf(models_dir, "qwen2.5-coder-0.5b"), context=512, timeout_s=0.001)
    try:
        with pytest.raises(EngineError) as caught:
            await written(llama, BOATMAN)
        assert caught.value.code == "llm_timeout"
    finally:
        llama.close()


async def test_a_closed_engine_says_so(models_dir: Path) -> None:
    llama = EmbeddedLlama(runtime(models_dir), gguf(models_dir, "qwen2.5-coder-0.5b"), context=1024)
    async with aclosing(llama.stream(COUNT, max_tokens=500)) as stream:
        await anext(stream)
        await asyncio.to_thread(llama.close)
        with pytest.raises(EngineError) as caught:
            async for _ in stream:
                pass
    assert caught.value.code == "llm_stopped"
    with pytest.raises(EngineError):
        await written(llama, *COUNT)


@pytest.mark.parametrize("size", [4, 1000, 5_000_000])
def test_a_damaged_file_is_told(size: int, models_dir: Path, tmp_path: Path) -> None:
    with gguf(models_dir, "qwen2.5-coder-0.5b").open("rb") as whole:
        (tmp_path / "part.gguf").write_bytes(whole.read(size))
    with pytest.raises(WeightsError) as caught:
        EmbeddedLlama(runtime(models_dir), tmp_path / "part.gguf")
    assert "avatar models verify" in caught.value.en


def test_without_a_card_no_gpu_is_feigned(models_dir: Path) -> None:
    model = gguf(models_dir, "qwen2.5-coder-0.5b")
    with pytest.raises(EngineError, match="no graphics card"):
        EmbeddedLlama(Runtime(runtime(models_dir).libraries, 1, "cuda:7"), model)
    with pytest.raises(EngineError, match="cannot compute on cuda:7"):
        prove(runtime(models_dir).libraries, model, "cuda:7")


def test_a_folder_without_the_library_is_told(models_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        EmbeddedLlama(Runtime(tmp_path), gguf(models_dir, "qwen2.5-coder-0.5b"))
    assert "avatar models verify" in caught.value.en
