"""How alike two Mandarin syllables sound to a recognizer. Tones count little, the usual confusions are cheap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import cast

_LETTERS = {
    "A": ("", "ei1"),
    "B": ("b", "i4"),
    "C": ("x", "i1"),
    "D": ("d", "i4"),
    "E": ("", "i4"),
    "G": ("j", "i4"),
    "I": ("", "ai4"),
    "J": ("zh", "ei4"),
    "K": ("k", "ei4"),
    "O": ("", "ou1"),
    "P": ("p", "i4"),
    "Q": ("q", "iou1"),
    "T": ("t", "i4"),
    "U": ("", "iou1"),
    "V": ("", "uei1"),
    "Y": ("", "uai4"),
}
"""Letters that Mandarin speakers say as one syllable, as in 阿Q and 小D."""


def _pairs(table: dict[float, str]) -> dict[frozenset[str], float]:
    """`{cost: "a-b c-d"}` as a cost for each unordered pair."""
    return {frozenset(pair.split("-")): cost for cost, pairs in table.items() for pair in pairs.split()}


_INITIALS = _pairs(
    {
        0.25: "n-l zh-z ch-c sh-s",
        0.35: "l-r",
        0.4: "f-h r-zh",
        0.5: "b-p d-t g-k j-q zh-ch z-c j-zh q-ch x-sh j-z q-c x-s",
        0.6: "m-n h-k zh-sh z-s",
    }
)
"""Costs of hearing one initial for another; any other pair costs 1."""

_FINALS = _pairs({0.25: "n-ng", 0.4: "i-v u-o", 0.5: "e-o u-v a-e"})
"""The same for the parts of a final."""

_EACH = cast("Callable[[str], str]", list)
"""What pypinyin does with characters it does not know: one entry for each, which its types do not foresee."""

_GLIDE = 0.5
_TONE = 0.08


@dataclass(frozen=True, slots=True)
class Syllable:
    """A syllable as pypinyin's strict scheme cuts it: `zh` + `uang` in tone 1; the tone 5 is the neutral one."""

    initial: str
    final: str
    tone: str


def syllables(run: str) -> list[Syllable]:
    """One syllable for each character.

    Args:
        run: Chinese characters, and single letters that `is_letter` knows.
    """
    from pypinyin import Style, lazy_pinyin

    if not run:
        return []
    initials = lazy_pinyin(run, style=Style.INITIALS, errors=_EACH)
    finals = lazy_pinyin(run, style=Style.FINALS_TONE3, neutral_tone_with_five=True, errors=_EACH)
    return [_syllable(*parts) for parts in zip(run, initials, finals, strict=True)]


def is_letter(character: str) -> bool:
    """Whether a Latin letter is said as one Mandarin syllable."""
    return character.upper() in _LETTERS


@lru_cache(maxsize=65536)
def distance(one: Syllable, other: Syllable) -> float:
    """0 for the same sound; about 0.1 for another tone, 0.1-0.3 for a usual confusion, 1 for nothing in common."""
    initial = 0.0 if one.initial == other.initial else _INITIALS.get(frozenset((one.initial, other.initial)), 1.0)
    tone = 0.0 if one.tone == other.tone else _TONE
    return 0.5 * initial + 0.5 * _final_distance(one.final, other.final) + tone


def _syllable(character: str, initial: str, final: str) -> Syllable:
    if is_letter(character):
        initial, final = _LETTERS[character.upper()]
    if not final[-1:].isdigit():
        return Syllable(initial, final or character, "5")
    return Syllable(initial, final[:-1], final[-1])


@cache
def _final_distance(one: str, other: str) -> float:
    """Edit distance between the parts of two finals, at most 1."""
    source, target = _parts(one), _parts(other)
    row = [0.0]
    for part in target:
        row.append(row[-1] + _missing(part))
    for part in source:
        above, row = row, [row[0] + _missing(part)]
        for column, wanted in enumerate(target):
            changed = 0.0 if part == wanted else _FINALS.get(frozenset((part, wanted)), 1.0)
            row.append(min(above[column] + changed, above[column + 1] + _missing(part), row[column] + _missing(wanted)))
    return min(1.0, row[-1])


def _parts(final: str) -> list[str]:
    """`uang` as u, a, ng."""
    return [*final.removesuffix("ng"), "ng"] if final.endswith("ng") else [*final]


def _missing(part: str) -> float:
    return _GLIDE if part in "iuv" else 1.0
