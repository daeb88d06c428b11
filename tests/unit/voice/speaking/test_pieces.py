"""Where a clause is cut for the encoder."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.voice.speaking.acoustics import MAX_TOKENS
from avatar.voice.speaking.g2p import PAUSES
from avatar.voice.speaking.pieces import AHEAD, BEHIND, FIRST, LATER, pieces, stretches
from avatar.voice.speaking.words import Symbol, Word


def symbols(text: str) -> list[Symbol]:
    """A word ends with a space or mark."""
    found, word = [], 0
    for before, sign in pairwise(f"x{text}"):
        word += before in PAUSES and sign not in PAUSES
        found.append(Symbol(sign, word))
    return found


def cut(text: str) -> list[str]:
    return [text[piece.start : piece.end] for piece in pieces(symbols(text))]


def test_a_short_clause_is_whole() -> None:
    text = "ma na, la " * ((FIRST + AHEAD) // 10)
    assert cut(text) == [text]
    assert cut("") == []


def test_the_first_piece_is_short() -> None:
    found = cut("ma " * 200)
    assert [len(part) for part in found[:-1]] == [FIRST // 3 * 3, *[LATER // 3 * 3] * (len(found) - 2)]


def test_a_piece_ends_behind_a_mark_before_a_closure_or_between_words() -> None:
    assert cut("ma " * 12 + "ma, ta " + "ma " * 40)[0] == "ma " * 12 + "ma, "
    assert cut("ma " * 12 + "ma ta " + "ma " * 40)[0] == "ma " * 13
    assert cut("ma " * 12 + "ma na " + "ma " * 40)[0] == ("ma " * 12 + "ma na " + "ma " * 40)[: FIRST // 3 * 3]


def test_a_word_of_several_syllables_stays_whole() -> None:
    number = [Symbol(sign, 0 if place < 40 else 1 + place // 3) for place, sign in enumerate("ta " * 60)]
    assert pieces(number)[0].end >= 40


def test_what_has_no_border_is_cut_all_the_same() -> None:
    assert [len(part) for part in cut("a" * 400)] == [FIRST, LATER, 400 - FIRST - LATER]


@given(st.text(alphabet="mt ,", max_size=900))
def test_pieces_follow_each_other_and_the_encoder_can_take_them(text: str) -> None:
    found = pieces(symbols(text))
    assert "".join(text[piece.start : piece.end] for piece in found) == text
    for piece in found:
        assert piece.before == max(0, piece.start - BEHIND)
        assert piece.start < piece.end <= piece.after == min(len(text), piece.end + AHEAD)
        assert piece.after - piece.before <= MAX_TOKENS


def test_only_the_beginning_of_more_opens() -> None:
    assert [piece.opens for piece in pieces(symbols("ma " * 200))] == [True, *[False] * 3]
    assert [piece.opens for piece in pieces(symbols("ma "))] == [False]


@pytest.mark.parametrize("count", [1, FIRST, FIRST + AHEAD, FIRST + AHEAD + 1, 1000])
def test_there_is_something_ahead_of_every_cut(count: int) -> None:
    assert all(piece.after - piece.end in (0, AHEAD) for piece in pieces(symbols("ma " * count)))


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
