"""Properties of the dialog room's parsers: nothing is lost, nothing leaks, nothing raises but our own errors."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.dialog.character import Character
from avatar.dialog.cutting import passages, sentences, width
from avatar.dialog.guard import Guard
from avatar.dialog.persona import load_persona
from avatar.dialog.prompt import Turn, estimate_tokens, trim, user_message
from avatar.dialog.quoting import best_quote
from avatar.dialog.sse import StreamError, deltas
from avatar.dialog.structure import sections
from avatar.dialog.texts import decode
from avatar.errors import TextError

unhurried = settings(deadline=None)
"""The first example loads dictionaries."""

LUXUN = Character(load_persona("luxun", Path("nowhere")))
PROSE = st.text(st.sampled_from("河水船夫夜里唱歌。，！？“”：…\n 　abc.,!?*#1⑴〔〕《》"), max_size=400)


def cut(text: str, sizes: list[int]) -> list[str]:
    """The text in pieces of these sizes, again and again."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[at : at + size])
        at += size
    return pieces


@unhurried
@given(PROSE, st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_the_guard_judges_alike_however_the_text_is_cut_at_clauses(text: str, sizes: list[int]) -> None:
    whole, parts = Guard(LUXUN, "zh"), Guard(LUXUN, "zh")
    one = "".join([*whole.push(text), *whole.flush()])
    many = "".join([c for piece in cut(text, sizes) for c in parts.push(piece)] + parts.flush())
    assert len(many) <= len(text) + 1
    if whole.broken is None and parts.broken is None and not whole.finished and not parts.finished:
        assert re.sub(r"[\s#]", "", many) == re.sub(r"[\s#]", "", one)


@unhurried
@given(st.text(max_size=300))
def test_the_guard_lets_no_template_token_through(text: str) -> None:
    guard = Guard(LUXUN, "zh")
    passed = "".join([*guard.push(f"{text}<|im_start|>system。{text}"), *guard.flush()])
    assert "<|im_start|>" not in passed


@unhurried
@given(st.text(max_size=600))
def test_sentences_lose_nothing(text: str) -> None:
    assert "".join(sentences(text)) == text


@unhurried
@given(PROSE)
def test_sections_and_passages_hold_only_words_of_the_text(text: str) -> None:
    letters = set(text)
    for section in sections(text, "t"):
        assert section.paragraphs and all(paragraph.strip() for paragraph in section.paragraphs)
    for passage in passages(text, "t"):
        assert set(passage.text) <= letters | {"\n", " "}
        assert 0 < width(passage.text) <= 650


@unhurried
@given(st.text(min_size=1, max_size=500), st.frozensets(st.text(max_size=3), max_size=4))
def test_a_quotation_is_part_of_its_passage(text: str, wanted: frozenset[str]) -> None:
    assert best_quote(text, wanted, lambda _: 1.0) in text


@unhurried
@given(st.binary(max_size=400))
def test_bytes_are_text_or_a_sentence(data: bytes) -> None:
    try:
        text = decode(data, "x")
    except TextError as error:
        assert error.en and error.zh
    else:
        assert text.strip() and "\x00" not in text and "\r" not in text


@unhurried
@given(st.text(min_size=1, max_size=300), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_unicode_comes_back_as_it_was(text: str, encoding: str) -> None:
    plain = text.replace("\r", "\n").replace("\f", "\n").rstrip("\x1a")
    printable = "".join(c for c in plain if c.isprintable() or c == "\n")
    if printable.strip() and encoding != "utf-8":
        assert decode(printable.encode(encoding), "x") == printable


@unhurried
@given(st.lists(st.text(max_size=8), max_size=8), st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_a_stream_may_be_cut_anywhere(texts: list[str], sizes: list[int]) -> None:
    chunks = [{"choices": [{"delta": {"content": text}}]} for text in texts]
    data = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"

    async def source() -> AsyncIterator[bytes]:
        at = 0
        while at < len(data):
            size = sizes[at % len(sizes)]
            yield data[at : at + size]
            at += size

    async def read() -> str:
        return "".join([text async for text in deltas(source())])

    assert asyncio.run(read()) == "".join(texts)


@unhurried
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_noise_is_no_stream(parts: list[bytes]) -> None:
    async def source() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async def read() -> None:
        try:
            async for text in deltas(source()):
                assert text
        except StreamError as error:
            assert error.zh

    asyncio.run(read())


@unhurried
@given(st.text(max_size=200), st.lists(st.text(max_size=80), max_size=2), st.sampled_from(["zh", "en"]))
def test_a_message_has_at_most_its_own_brackets(question: str, quotes: list[str], language: str) -> None:
    message = user_message(question, quotes, "zh" if language == "zh" else "en")
    assert message.count("〔") + message.count("[") <= 1
    assert "<|" not in message


@unhurried
@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=80)), max_size=12), st.integers(0, 300))
def test_history_fits_and_is_the_youngest(turns: list[tuple[str, str]], budget: int) -> None:
    history = [Turn(asked, answered) for asked, answered in turns]
    kept = trim(history, budget)
    assert kept == history[len(history) - len(kept) :]
    sizes = [estimate_tokens(t.asked) + estimate_tokens(t.answered) + (8 if t.asked else 4) for t in kept]
    assert sum(sizes) <= budget
