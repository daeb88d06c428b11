"""Words whose readings the libraries do not know, or get wrong. Three small files, read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent

LONGEST = 8
"""Characters of the longest word."""


@lru_cache(maxsize=1)
def known() -> Mapping[str, Mapping[int, str]]:
    """For each word the readings of its characters, by their place in it; other characters are read as ever."""
    words: dict[str, dict[int, str]] = {}
    for word in (word for line in _lines("neutral.txt") for word in line):
        words.setdefault(word, {})[len(word) - 1] = ""
    for character, reading, *members in _lines("polyphones.txt"):
        for word in members:
            words.setdefault(word, {})[word.index(character)] = reading
    for word, *readings in _lines("words.txt"):
        words[word] = dict(enumerate(readings))
    return words


def _lines(name: str) -> Iterator[list[str]]:
    for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def joined(tokens: list[str]) -> list[str]:
    """The segmentation with such words in one piece that begin and end where its words do."""
    result: list[str] = []
    at = 0
    while at < len(tokens):
        taken, word = 1, tokens[at]
        together = word
        for index in range(at + 1, min(at + LONGEST, len(tokens))):
            together += tokens[index]
            if len(together) > LONGEST:
                break
            if together in known():
                taken, word = index + 1 - at, together
        result.append(word)
        at += taken
    return result


def inside(word: str) -> dict[int, str]:
    """The readings that are known of a word's characters: of the whole, or of the longest words at its two ends."""
    table = known()
    if word in table:
        return dict(table[word])
    found: dict[int, str] = {}
    for length in range(min(LONGEST, len(word) - 1), 1, -1):
        for start in {0, len(word) - length}:
            places = range(start, start + length)
            if not any(place in found for place in places):
                readings = table.get(word[start : start + length], {})
                found |= {start + place: reading for place, reading in readings.items()}
    return found
