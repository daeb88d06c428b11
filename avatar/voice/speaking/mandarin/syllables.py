"""Syllables of pinyin, written with a digit for the tone: xue2, lv4 (ü is v), de5 (neutral), r5 (儿 as an ending)."""

from __future__ import annotations

import re
from functools import lru_cache

_MARKS = {
    mark: (plain, tone)
    for plain, marks in (
        ("a", "āáǎà"), ("e", "ēéěè"), ("i", "īíǐì"), ("o", "ōóǒò"), ("u", "ūúǔù"), ("v", "ǖǘǚǜ"), ("n", "\0ńňǹ"),
    )
    for tone, mark in enumerate(marks, start=1)
}  # fmt: skip

_SHAPE = re.compile(r"[a-zêü:]{1,7}[1-5]?")
_FORM = re.compile(r"(?:[bpmfdtnlgkhjqxrzcsyw]|[zcs]h)?[aeiouvê]+(?:n|ng|r)?|r|m|n|ng|hm|hng")


def syllables(text: str) -> list[str] | None:
    """The syllables of a reading that is written apart, with digits or marks; None where one of them is no pinyin.

    >>> syllables("lǔ xùn"), syllables("lu3 xun4"), syllables("nü3"), syllables("loo shoon")
    (['lu3', 'xun4'], ['lu3', 'xun4'], ['nv3'], None)
    """
    found = [_syllable(part) for part in text.lower().replace("'", " ").replace("’", " ").split()]
    return [part for part in found if part] if found and all(found) else None


def _syllable(part: str) -> str | None:
    """One syllable with its digit. A syllable without either mark or digit is no reading: its tone is not known."""
    tone, letters = "", []
    for character in part:
        plain, number = _MARKS.get(character, (character, 0))
        letters.append(plain)
        tone = str(number) if number else tone
    plain = "".join(letters).replace("u:", "v").replace("ü", "v")
    if plain[-1:].isdigit():
        plain, tone = plain[:-1], plain[-1] if not tone else ""
    if tone not in {"1", "2", "3", "4", "5"} or not _SHAPE.fullmatch(plain) or not _known(plain):
        return None
    return plain + tone


@lru_cache(maxsize=1)
def _inventory() -> frozenset[str]:
    """Every syllable that a character is read with, by pypinyin's table of characters."""
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_normal

    readings = {reading for line in PINYIN_DICT.values() for reading in line.split(",")}
    plain = {to_normal(reading).replace("ü", "v") for reading in readings}
    return frozenset(each for each in plain if _FORM.fullmatch(each)) | {"r", "er"}


def _known(plain: str) -> bool:
    return plain in _inventory()
