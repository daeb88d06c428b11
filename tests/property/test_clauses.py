"""The clause chunker, whatever is written and however it arrives."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.voice.speaking.clauses import ClauseChunker
from avatar.voice.speaking.scrub import speakable

PLAIN = st.text(alphabet="我写过书，。！？、；：“”《》…—\n 12.5,abcDr", max_size=200)
MARKED = st.text(alphabet="我笑，。.,!？\n 3.*_`#-[](){}（）【】<>~a1b😀️> ", max_size=120)
ANYTHING = st.text(max_size=120)


def pieces(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(places)]


def chunked(parts: list[str]) -> list[str]:
    chunker = ClauseChunker()
    return [clause for part in parts for clause in chunker.push(part)] + chunker.finish()


@settings(deadline=None)
@given(PLAIN)
def test_plain_text_comes_back_whole(text: str) -> None:
    assert "".join(chunked([text])) == text


@settings(deadline=None)
@given(st.one_of(PLAIN, MARKED, ANYTHING))
def test_clauses_joined_are_what_is_said(text: str) -> None:
    cut = chunked([text])
    assert "".join(cut) == speakable(text)
    assert all(cut)


@settings(deadline=None)
@given(st.one_of(PLAIN, MARKED, ANYTHING), st.lists(st.integers(0, 300), max_size=12))
def test_clauses_do_not_depend_on_the_pieces(text: str, cuts: list[int]) -> None:
    assert chunked(pieces(text, cuts)) == chunked([text])


@settings(deadline=None)
@given(MARKED)
def test_character_by_character_is_the_same(text: str) -> None:
    assert chunked(list(text)) == chunked([text])
