"""A clause as XTTS takes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.media import SPEECH_RATE
from avatar.voice.speaking.xtts_text import Part, cut, parts


@pytest.mark.parametrize(
    ("clause", "language", "said"),
    [
        ("我1936年去的。", "zh", "我一九三六年去的."),
        ("It cost $5, really!", "en", "It cost five dollars, really!"),
        ("我用Python写了3篇。", "zh", "我用 Python 写了三篇."),
        ("J'ai 3 amis.", "fr", "J'ai 3 amis."),
        ('<say-as interpret-as="characters">GPU</say-as>', "en", "jee pee you"),
    ],
)
def test_it_is_written_out_as_the_house_reads_it(clause: str, language: str, said: str) -> None:
    text, found, after = parts(clause, language, lambda _: True)
    assert "<" not in text
    assert [part.text.lower() for part in found] == [said.lower()]
    assert after == 0


def test_breaks_are_silence() -> None:
    _, found, after = parts('好。<break time="500ms"/>是的。<break time="250ms"/>', "zh", lambda _: True)
    assert found == [Part("好."), Part("是的.", SPEECH_RATE // 2)]
    assert after == SPEECH_RATE // 4


@pytest.mark.parametrize("clause", ["", "……", "（）", "😀", '<break time="100ms"/>'])
def test_what_cannot_be_said(clause: str) -> None:
    assert parts(clause, "zh", lambda _: True)[1] == []


def test_a_long_text_is_cut_where_one_breathes() -> None:
    text = "One two three. Four five six, seven eight. Nine ten eleven twelve."
    assert cut(text, lambda part: len(part) <= 45) == [
        "One two three. Four five six, seven eight.",
        "Nine ten eleven twelve.",
    ]
    assert cut("aaaa bbbb cc", lambda part: len(part) <= 9) == ["aaaa", "bbbb cc"]
    assert cut("x" * 10, lambda part: len(part) <= 5) == ["x" * 5, "x" * 5]


@given(st.text(st.sampled_from("ab一二 ,.。!（）"), max_size=60), st.integers(1, 20))
def test_no_word_is_lost_and_all_are_taken(text: str, most: int) -> None:
    found = cut(text, lambda part: len(part) <= most)
    letters = [sign for sign in text if sign.isalnum()]
    assert [sign for part in found for sign in part if sign.isalnum()] == letters
    assert all(len(part) <= most for part in found)
