"""What came after a persona's time.

A language model has heard of everything, and lets a man who died in 1936 explain the telephone of today. So a question
that names a later year, or something that is known to have come later, is met with the persona's not knowing, unless
its texts speak of the matter: whoever uploads a text about telephones wants to hear what the persona makes of it. A
large model is told so in the prompt; a small one explains the telephone nevertheless, and the sentence is said for it.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.resources import files

from avatar.errors import Language

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LATEST = 2100
"""Years after this one are quantities rather than dates."""

_YEAR = re.compile(
    r"(?<!\d)(1\d{3}|20\d{2})(?=\s*年)|(?:\b(?:in|since|after|until|of|the year)\s+)(1\d{3}|20\d{2})\b", re.I
)
_CENTURY = re.compile(r"(二十一|21)\s*世纪|\b(?:21st|twenty-first) century\b", re.IGNORECASE)


def later(question: str, year: int) -> str:
    """The later year that a question names, or the thing of which nobody had heard by then; empty where there is none.

    Args:
        question: in Chinese or English.
        year: the last that is known.
    """
    for found in _YEAR.finditer(question):
        if year < int(found[1] or found[2]) <= LATEST:
            return found[1] or found[2]
    if (century := _CENTURY.search(question)) and year <= 2000:
        return century[0]
    things = (thing.search(question) for came, thing in _things() if year < came)
    return next((found[0] for found in things if found), "")


def unheard_of(thing: str, language: Language) -> str:
    """What a persona says of it.

    Args:
        thing: as `later` gives it.
        language: of the answer.
    """
    if thing.isdigit():
        return {
            "zh": f"{thing}年？那么远的事，我没有听说过，不能乱讲。",
            "en": f"{thing}? That is after my time. I have heard nothing of it, and I will not make it up.",
        }[language]
    return {
        "zh": f"{thing}？没有听说过，不懂的我不乱讲。你倒说说看，那是做什么用的？",
        "en": f"{thing[:1].upper()}{thing[1:]}? I have never heard of that. Tell me, what is it for?",
    }[language]


@cache
def _things() -> tuple[tuple[int, re.Pattern[str]], ...]:
    """What came in which year, from later.toml."""
    table = tomllib.loads(files("avatar.dialog").joinpath("later.toml").read_text(encoding="utf-8"))
    return tuple((int(year), _words(words)) for year, words in table.items())


def _words(words: list[str]) -> re.Pattern[str]:
    parts = (rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in words)
    return re.compile("|".join(parts), re.IGNORECASE | re.ASCII)
