"""What is read for a text, written so that a table can say what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from avatar.errors import Language
from avatar.voice.speaking.mandarin.reading import read
from avatar.voice.speaking.normalise import words
from avatar.voice.speaking.words import Word


def reading(text: str, language: Language) -> str:
    """Syllables of pinyin and English words, without marks."""
    return " ".join(_parts(words(text, language)))


def _parts(pieces: list[Word]) -> Iterator[str]:
    spoken = [piece for piece in pieces if piece.spoken]
    for script, run in groupby(spoken, key=lambda piece: piece.script):
        text = [piece.spoken for piece in run]
        if script == "zh":
            yield from (syllable for lexical in read("".join(text)) for syllable in lexical.syllables)
        elif script == "en":
            yield from text


def rows(file: str) -> list[tuple[str, str]]:
    """The rows of a table beside this file: what is written, what is read."""
    lines = (Path(__file__).resolve().parent / file).read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(text, expected) for text, expected in cells]
