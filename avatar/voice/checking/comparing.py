"""What was written and what was heard, in the units in which they can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from avatar.errors import Language
from avatar.voice.speaking.mandarin.reading import read
from avatar.voice.speaking.normalise import words


def units(text: str, language: Language) -> list[str]:
    """What is compared: syllables with their tones, since most wrong characters are homophones, and English words."""
    return [unit.lower() for unit in _units(text, language)]


def _units(text: str, language: Language) -> Iterator[str]:
    pieces = [piece for piece in words(text, language) if piece.spoken]
    for script, run in groupby(pieces, key=lambda piece: piece.script):
        spoken = [piece.spoken for piece in run]
        if script == "zh":
            yield from (syllable for lexical in read("".join(spoken)) for syllable in lexical.syllables)
        elif script == "en":
            yield from " ".join(spoken).split()


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """How many units must be put in, taken out or changed to make the one of the other (Levenshtein, 1966)."""
    row = list(range(len(other) + 1))
    for index, unit in enumerate(one, start=1):
        before, row[0] = row[0], index
        for place, against in enumerate(other, start=1):
            change = before + (unit != against)
            before, row[place] = row[place], min(change, row[place] + 1, row[place - 1] + 1)
    return row[-1]
