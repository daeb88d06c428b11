"""Characters whose reading their neighbours tell (得, 地, 还, 着, 为 …), by the rules of context.tsv.

A rule looks at the run of hanzi with its words set apart by "|", up to twenty-four characters before the character
and as many after it, so its cost does not depend on how long the run is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

_REACH = 24
_NAMES = {"NUMBER": "零〇一二三四五六七八九十百千万亿两", "BEGINS": r"(?:^|\|)$", "ALONE": r"(?:\||$)"}

Rule = tuple[str, re.Pattern[str], re.Pattern[str]]
"""A reading, and what stands before and after the character."""


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Sequence[Rule]]:
    """The rules of each character, in the order of the file."""
    found: dict[str, list[Rule]] = {}
    text = (Path(__file__).resolve().parent / "context.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            character, reading, before, after = line.split("\t")
            found.setdefault(character, []).append((reading, _pattern(before), _pattern(after)))
    return found


def _pattern(text: str) -> re.Pattern[str]:
    if text == ".":
        return re.compile("")
    for name, meaning in _NAMES.items():
        text = text.replace(name, meaning)
    return re.compile(text)


def readings(words: Sequence[str]) -> dict[int, str]:
    """The readings that neighbours tell, by place in the run.

    Args:
        words: of a run of hanzi.
    """
    marked = "|".join(words)
    found: dict[int, str] = {}
    place = 0
    for at, character in enumerate(marked):
        if character == "|":
            continue
        for reading, before, after in rules().get(character, ()):
            if _fits(marked, at, before, after):
                found[place] = reading
                break
        place += 1
    return found


def _fits(marked: str, at: int, before: re.Pattern[str], after: re.Pattern[str]) -> bool:
    """Whether both sides of a character are as a rule says. Where the reach ends, the run seems to go on."""
    start, end = max(0, at - _REACH), at + 1 + _REACH
    left = marked[start:at] if start == 0 else "…" + marked[start:at]
    right = marked[at + 1 : end] if end >= len(marked) else marked[at + 1 : end] + "…"
    return bool(before.search(left)) and bool(after.match(right))
