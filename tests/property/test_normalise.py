"""Whatever is written, the written words joined are the text, and what is said fits its script."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.errors import Language
from avatar.voice.speaking.g2p import PAUSES
from avatar.voice.speaking.lexicon import Lexicon
from avatar.voice.speaking.mandarin.reading import read
from avatar.voice.speaking.marks import ALL_BREAKS_MS, parse, script_clauses
from avatar.voice.speaking.normalise import words

SIGNS = st.text(alphabet="0123456789.,:/-%$¥°Cakm 年月个第IVX+=@\n我", max_size=40)
LEXICON = Lexicon({"你好": "ni3 hao3", "GPU": "gee pee you"})
LANGUAGES: st.SearchStrategy[Language] = st.sampled_from(["zh", "en"])


@settings(deadline=None)
@given(st.one_of(SIGNS, st.text(max_size=60)), LANGUAGES)
def test_nothing_is_lost_and_scripts_are_kept(text: str, language: Language) -> None:
    pieces = words(text, language)
    assert "".join(piece.written for piece in pieces) == text
    for piece in pieces:
        if piece.script == "zh":
            assert not re.search(r"[0-9A-Za-z\s]", piece.spoken)
        elif piece.script == "en":
            assert not re.search(r"[0-9\u4e00-\u9fff]", piece.spoken)
        else:
            assert piece.spoken == "" or piece.spoken in PAUSES


FRAGMENTS = [
    *("<", ">", "</", "/>", "<break", '<break time="9s"/>', "<emphasis>", "</emphasis>", "</say-as>", "</phoneme>"),
    *('<say-as interpret-as="digits">', '<phoneme alphabet="pinyin" ph="ni3">', '<sub alias="好 12">', "</sub>"),
    *('<style name="sad">', "</style>", "你", "好。", " 12 ", "GPU", '"', "=", "\n", "&lt;", "😀", "\ue000"),
]
TAGS = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)


@settings(deadline=None)
@given(st.one_of(TAGS, st.text(max_size=60)), LANGUAGES)
def test_marks_are_never_said_and_never_fail(text: str, language: Language) -> None:
    marked = parse(text)
    pieces = words(marked.text, language, LEXICON, marked.marks)
    assert "".join(piece.written for piece in pieces) == marked.text
    if "<" not in marked.text:
        assert not any(re.search("break|emphasis|phoneme|style", piece.spoken) for piece in pieces)


@settings(deadline=None)
@given(st.one_of(TAGS, st.text(max_size=60)))
def test_a_scripts_clauses_say_what_the_script_says(text: str) -> None:
    clauses = script_clauses(text)
    for clause in clauses:
        inside = parse(clause)
        assert all(mark.start <= mark.end <= len(inside.text) for mark in inside.marks)
    total = sum(int(mark.value) for clause in clauses for mark in parse(clause).marks if mark.kind == "break")
    assert total <= ALL_BREAKS_MS


@settings(deadline=None)
@given(st.text(alphabet="一不儿得地还着了都为只行长重教觉空中种转倒数干系背弹量卷传血好人大小天", max_size=40))
def test_every_hanzi_has_one_syllable(text: str) -> None:
    found = read(text)
    assert "".join(lexical.text for lexical in found) == text
    for lexical in found:
        assert len(lexical.syllables) == len(lexical.text)
        assert all(re.fullmatch("[a-zê]+[1-5]", syllable) for syllable in lexical.syllables)


@settings(deadline=None)
@given(st.text(max_size=60), LANGUAGES)
def test_what_is_said_is_said_the_same_when_it_is_read_again(text: str, language: Language) -> None:
    """Hanzi and marks that came of signs and digits are hanzi and marks."""
    spoken = "".join(piece.spoken for piece in words(text, language) if piece.script == "zh")
    assert "".join(piece.spoken for piece in words(spoken, "zh")) == spoken


@pytest.mark.parametrize("unit", ["1", "a.", "1,", "<", "<b ", "a@b.", "得", "$1", "I", "2 1/2 ", "https://a.", "..."])
def test_a_long_text_costs_no_more_than_its_length(unit: str) -> None:
    """Counted, not timed: each piece ends after where it began, and no pattern sees more than its reach."""
    text = unit * (20_000 // len(unit))
    pieces = words(parse(text).text, "zh")
    assert sum(len(piece.written) for piece in pieces) == len(parse(text).text)
