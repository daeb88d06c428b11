"""Replacements within a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Repair:
    """Characters start..end (exclusive) of a text become `name`."""

    start: int
    end: int
    name: str


def apart(scored: Sequence[tuple[float, Repair]]) -> Iterator[Repair]:
    """The best of those that overlap, the best first."""
    taken: list[Repair] = []
    for _, repair in sorted(scored, key=lambda item: (-item[0], item[1].start, item[1].name)):
        if all(repair.end <= other.start or other.end <= repair.start for other in taken):
            taken.append(repair)
            yield repair


def apply(text: str, repairs: Sequence[Repair]) -> str:
    """The text with the replacements made. They must not overlap."""
    for repair in sorted(repairs, key=lambda repair: repair.start, reverse=True):
        text = text[: repair.start] + repair.name + text[repair.end :]
    return text
