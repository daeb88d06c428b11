"""What counts as the statement, and words that are not taken for one another."""

from __future__ import annotations

from itertools import combinations

import pytest

from avatar.errors import Language
from avatar.voice.consent.statement import LEAST_WORDS, compare, statement
from avatar.voice.consent.words import COUNT, WORDS, drawn

ZH = ("月亮", "面包", "火车", "苹果")
EN = ("apple", "window", "river", "garden")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_words_are_different_ones_and_sound_so(language: Language) -> None:
    words = WORDS[language]
    assert len(set(words)) == len(words) >= 60
    for one, other in combinations(words, 2):
        assert compare(one, (one,), other, language).words_found == 0, (one, other)
    assert all(len(set(drawn(language))) == COUNT for _ in range(50))


@pytest.mark.parametrize(
    "heard",
    [
        "我是张明,我同意用我的声音制作合成声音,供个人使用。今天的口令是:月亮、面包、火车、苹果。",
        "我是章名我同意用我的声音制作合成声音供个人使用今天的口令是月亮面包火车平果",
        "好的。我是张明,我同意用我的声音制作合成声音,供个人使用,今天的口令是月亮面包火车苹果,谢谢。",
        "我是张明,我同意用我的声音制作合成声音,供个人使用。今天的口令是月亮面包货车品果。",
    ],
)
def test_the_statement_is_known_by_its_sound(heard: str) -> None:
    found = compare(statement("张明", "personal", ZH, "zh"), ZH, heard, "zh")
    assert found.fresh
    assert found.same


@pytest.mark.parametrize(
    ("heard", "fresh", "same"),
    [
        ("", False, False),
        ("...", False, False),
        ("我是张明,我同意用我的声音制作合成声音,供个人使用。今天的口令是:老虎、飞机、雨伞、花园。", False, True),
        ("我是张明,我同意用我的声音制作合成声音,供个人使用。今天的口令是:苹果、火车、面包、月亮。", False, True),
        ("月亮、面包、火车、苹果。", True, False),
        ("我不同意。月亮、面包、火车、苹果。", True, False),
        ("I agree that my voice is used.", False, False),
    ],
)
def test_what_is_not_the_statement(heard: str, fresh: bool, same: bool) -> None:
    found = compare(statement("张明", "personal", ZH, "zh"), ZH, heard, "zh")
    assert (found.fresh, found.same) == (fresh, same)


def test_english_is_known_by_its_spelling() -> None:
    text = statement("John Miller", "commercial", EN, "en")
    assert "for commercial use" in text
    good = compare(text, EN, f"Okay. {text.replace('Miller', 'Millar').replace('river', 'rivers')}", "en")
    assert good.same
    assert good.words_found == 4
    other = compare(text, EN, "That morning I left the house very early and sat by the river for a while.", "en")
    assert not other.same
    assert other.words_found < LEAST_WORDS


@pytest.mark.parametrize("language", ["zh", "en"])
def test_words_without_a_letter_are_never_heard(language: Language) -> None:
    """A record that came from outside may name any."""
    marks = ("!",) * COUNT
    text = statement("Anna", "public", marks, language)
    found = compare(text, marks, text, language)
    assert found.words_found == 0 and not found.fresh
