"""Two tables of what a native speaker reads for what is written, every row of which must hold."""

from __future__ import annotations

import pytest

from avatar.errors import Language
from benchmarks._sentences import sentences
from tests.unit.voice.speaking.said import reading, rows

LANGUAGES: tuple[Language, ...] = ("zh", "en")
MANDARIN, ENGLISH = rows("readings_zh.tsv"), rows("readings_en.tsv")
SENTENCES = [
    (language, sentence.text, sentence.reading)
    for language in LANGUAGES
    for sentence in sentences(language)
    if sentence.reading
]


@pytest.mark.parametrize(("text", "expected"), MANDARIN)
def test_mandarin(text: str, expected: str) -> None:
    assert reading(text, "zh") == expected


@pytest.mark.parametrize(("text", "expected"), ENGLISH)
def test_english(text: str, expected: str) -> None:
    assert reading(text, "en") == expected


@pytest.mark.parametrize(("language", "text", "expected"), SENTENCES)
def test_the_benchmarks_hard_sentences(language: Language, text: str, expected: str) -> None:
    assert reading(text, language) == expected


def test_the_tables_are_long() -> None:
    assert len(dict(MANDARIN)) == len(MANDARIN) >= 300
    assert len(dict(ENGLISH)) == len(ENGLISH) >= 150


def test_the_benchmark_has_the_sentences_it_says() -> None:
    for language in LANGUAGES:
        found = sentences(language)
        assert len({sentence.text for sentence in found}) == len(found) == 200
        assert sum(bool(sentence.reading) for sentence in found) == 80
