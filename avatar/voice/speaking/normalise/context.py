"""What the readers of written pieces share: where a piece stands, and what is said for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from avatar.errors import Language
from avatar.voice.speaking.normalise import chinese, english
from avatar.voice.speaking.words import Script

Said = list[tuple[str, Script]]
"""What is said for one written piece: stretches of one script each."""

REACH = 64
"""Characters before and after a piece that a reader may look at, so that a text's cost grows with its length only."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where a piece stands.

    Attributes:
        language: in which its digits and signs are read.
        before: the clause up to it, the last of it.
        after: the clause from its end on, the first of it.
    """

    language: Language
    before: str
    after: str


Reader = Callable[[re.Match[str], Context], "Said | None"]
"""Says a match, or passes with None."""

Patterns = tuple[tuple[str, Reader], ...]

NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
DASH = r"\s?(?:[-–~～]|——?)\s?"


def say(context: Context, zh: str, en: str) -> Said:
    """The one or the other, by the language of the place."""
    return [(zh, "zh")] if context.language == "zh" else [(en, "en")]


def digits(text: str, context: Context, *, phone: bool = False) -> str:
    """Digit by digit; in Mandarin 1 is 幺 where somebody calls or goes by the number."""
    if context.language == "zh":
        return chinese.digits(text, one="幺" if phone else "一")
    return english.digits(text)


def span(first: str, last: str | None, context: Context, following: str = "") -> str:
    """A number, or two with 到 or "to" between them."""
    parts = [part for part in (first, last) if part]
    if context.language == "zh":
        return "到".join(chinese.decimal(part, following) for part in parts)
    return " to ".join(english.decimal(part) for part in parts)
