"""Two tables of what a native speaker reads for what is written, every row of which must hold."""

from __future__ import annotations

import pytest

from tests.unit.voice.speaking.said import reading, rows

MANDARIN, ENGLISH = rows("readings_zh.tsv"), rows("readings_en.tsv")


@pytest.mark.parametrize(("text", "expected"), MANDARIN)
def test_mandarin(text: str, expected: str) -> None:
    assert reading(text, "zh") == expected


@pytest.mark.parametrize(("text", "expected"), ENGLISH)
def test_english(text: str, expected: str) -> None:
    assert reading(text, "en") == expected


def test_the_tables_are_long() -> None:
    assert len(dict(MANDARIN)) == len(MANDARIN) >= 300
    assert len(dict(ENGLISH)) == len(ENGLISH) >= 150
