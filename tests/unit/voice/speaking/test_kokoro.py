"""What the engine does around the model."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from avatar.errors import EngineError
from avatar.voice.profiles import VoiceLibrary
from avatar.voice.speaking.acoustics import WINDOWS, Encoded, windows
from avatar.voice.speaking.emphasis import emphasised
from avatar.voice.speaking.kokoro import FAIR_TOKENS, KokoroSynthesizer, pieces, split, stretches
from avatar.voice.speaking.words import Symbol, Word


def symbols(text: str) -> list[Symbol]:
    return [Symbol(character, index) for index, character in enumerate(text)]


def cut(text: str, most: int) -> list[str]:
    return ["".join(symbol.text for symbol in part) for part in split(symbols(text), most)]


def test_a_short_clause_is_whole() -> None:
    assert cut("ab cd.", 10) == ["ab cd."]


def test_a_long_clause_is_cut_at_its_last_mark_that_fits() -> None:
    assert cut("abc abc, abc abc", 12) == ["abc abc,", " abc abc"]


def test_without_a_mark_it_is_cut_between_words() -> None:
    assert cut("abc abc abc abc", 10) == ["abc abc ", "abc abc"]


def test_without_anything_it_is_cut_where_it_must() -> None:
    assert cut("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_a_part_of_marks_alone_is_left_out() -> None:
    assert cut("aaaaaaaa. ... ", 9) == ["aaaaaaaa."]


def test_what_is_fair_but_for_its_length_is_cut_at_marks_alone() -> None:
    fair = split(symbols("aaaa, aaa, aaaaaa aaaa"), 30, 12)
    assert ["".join(symbol.text for symbol in part) for part in fair] == ["aaaa, aaa,", " aaaaaa aaaa"]
    assert [len(part) for part in split(symbols("a" * 20 + ", aaa"), 30, 12)] == [21, 4]
    assert len(split(symbols("a" * 20), 30, 12)) == 1


def test_between_pieces_is_the_silence_of_the_mark() -> None:
    text = ("a" * (FAIR_TOKENS - 10) + ", ") + "b" * 20 + "."
    words = [Word(character, character, "en") for character in text]
    found = pieces(symbols(text), words, 1.0)
    assert [(silence, len(part)) for silence, part in found] == [(0, FAIR_TOKENS - 9), (2_400, 22)]
    assert [silence for silence, _ in pieces(symbols(text), words, 2.0)] == [0, 1_200]


@pytest.mark.parametrize("columns", [1, 38, 39, 40, 57, 58, 59, 200, 1001])
def test_windows_cover_the_clause(columns: int) -> None:
    spans = windows(columns)
    assert spans[0][0] == 0
    assert spans[-1][1] == columns
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert all(end - start <= WINDOWS[-1] + WINDOWS[0] for start, end in spans)


def test_windows_grow() -> None:
    sizes = [end - start for start, end in windows(1001)]
    assert tuple(sizes[: len(WINDOWS)]) == WINDOWS
    assert sizes[:-1] == sorted(sizes[:-1])
    assert windows(0) == []


@pytest.mark.parametrize("content", [None, "", "{}", '{"vocab": []}', '{"vocab": {"a": "x"}}', '{"vocab": {"a": 43}}'])
def test_a_damaged_vocabulary(tmp_path: Path, content: str | None) -> None:
    vocab = tmp_path / "vocab.json"
    if content is not None:
        vocab.write_text(content, encoding="utf-8")
    with pytest.raises(EngineError, match=r"vocab\.json"):
        KokoroSynthesizer(tmp_path / "absent.onnx", vocab, VoiceLibrary([], tmp_path), tmp_path)


def test_a_break_parts_a_clause_and_keeps_its_silence() -> None:
    words = [Word("a", "a", "en"), Word("", "", "mark", pause_ms=1000), Word("b", "b", "en"), Word(".", ".", "mark")]
    parts = stretches([Symbol("a", 0), Symbol(" ", 0), Symbol("b", 2), Symbol(".", 3)], words)
    assert [(silence, "".join(symbol.text for symbol in part)) for silence, part in parts] == [
        (0, "a "),
        (24_000, "b."),
    ]


def test_breaks_before_all_words_add_up() -> None:
    words = [Word("", "", "mark", pause_ms=100), Word("", "", "mark", pause_ms=50), Word("a", "a", "en")]
    ((silence, part),) = stretches([Symbol("a", 2)], words)
    assert (silence, len(part)) == (3_600, 1)


def test_emphasis_makes_a_word_longer_and_higher() -> None:
    units = np.repeat(np.arange(4), 8)
    encoded = Encoded(
        units,
        np.ones((1, 512, 32), np.float32),
        np.full((1, 64), 100, np.float32),
        np.ones((1, 64), np.float32),
        np.zeros((1, 256), np.float32),
    )
    said = [Word("a", "a", "en"), Word("b", "b", "en", emphasis="strong")]
    stressed = emphasised(encoded, [Symbol("a", 0), Symbol("b", 1)], said)
    assert [int(np.sum(stressed.owners == owner)) for owner in range(4)] == [8, 8, 10, 8]
    assert stressed.features.shape[2] * 2 == stressed.f0.shape[1] == stressed.energy.shape[1] == 68
    assert stressed.f0[0, np.repeat(stressed.owners, 2) == 1].max() == 100
    assert stressed.f0[0, np.repeat(stressed.owners, 2) == 2].min() > 106
    plain = [Word("a", "a", "en"), Word("b", "b", "en")]
    assert emphasised(encoded, [Symbol("a", 0), Symbol("b", 1)], plain) is encoded
