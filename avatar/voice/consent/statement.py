"""What a person reads aloud to agree, and whether a transcript says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from avatar.errors import Language
from avatar.voice.consent.record import Scope
from avatar.voice.consent.words import COUNT
from avatar.voice.hearing.pinyin import distance, syllables

T = TypeVar("T")

MOST_ERROR = 0.3
"""Share of the statement that may be misheard (docs/decisions/030-consent.md)."""

LEAST_WORDS = 3
"""Of the phrase's words that have to be heard, in their order."""

_WORD_COST = 0.3
"""How far a heard word may be from one of the phrase."""

_PURPOSES: dict[Scope, tuple[str, str]] = {
    "personal": ("供个人使用", "for personal use"),
    "project": ("供一个项目使用", "for one project"),
    "public": ("供公开使用", "for public use"),
    "commercial": ("供商业使用", "for commercial use"),
}

_HANZI = re.compile(r"[㐀-鿿]")
_TOKEN = re.compile(r"[㐀-鿿]|[a-z0-9]+(?:'[a-z]+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a transcript compares with a statement.

    Attributes:
        error: share of the statement's syllables or words that are missing or other ones; what comes before and after
            does not count.
        words_found: of the phrase's words.
    """

    error: float
    words_found: int

    @property
    def fresh(self) -> bool:
        """Whether the phrase was said."""
        return self.words_found >= LEAST_WORDS

    @property
    def same(self) -> bool:
        """Whether the statement was said."""
        return self.error <= MOST_ERROR


def statement(name: str, scope: Scope, words: Sequence[str], language: Language) -> str:
    """The text to be read aloud."""
    zh, en = _PURPOSES[scope]
    if language == "zh":
        return f"我是{name}，我同意用我的声音制作合成声音，{zh}。今天的口令是：{'、'.join(words)}。"
    agreed = f"I am {name}, and I agree that my voice is used to make a synthetic voice, {en}."
    return f"{agreed} Today's words are: {', '.join(words)}."


def name_in(text: str, scope: Scope, words: Sequence[str], language: Language) -> str:
    """The name in a text that `statement` made of these words; empty where it made none such."""
    before, after = statement("\0", scope, words, language).split("\0", 1)
    made = len(words) == COUNT and text.startswith(before) and text.endswith(after)
    return text[len(before) : max(len(before), len(text) - len(after))].strip() if made else ""


def compare(text: str, words: Sequence[str], heard: str, language: Language) -> Comparison:
    """Hold a transcript against a statement, by sound: Mandarin by its syllables, whatever the characters."""
    if language == "zh":
        return Comparison(*_compared(syllables, distance, _chinese(text), [_chinese(word) for word in words], heard))
    return Comparison(*_compared(_letters, _spelling, text, list(words), heard))


def _compared(
    tokens: Callable[[str], list[T]], cost: Callable[[T, T], float], text: str, words: Sequence[str], heard: str
) -> tuple[float, int]:
    told = tokens(_chinese(heard) if tokens is syllables else heard)
    wanted = tokens(text)
    if not told or not wanted:
        return 1.0, 0
    found, place = 0, 0
    for word in words:
        at = _found(tokens(word), told[place:], cost)
        if at is not None:
            found, place = found + 1, place + at
    return _distance(wanted, told, cost) / len(wanted), found


def _found(word: Sequence[T], told: Sequence[T], cost: Callable[[T, T], float]) -> int | None:
    """Where a word ends that sounds like this one; None where there is none."""
    size = len(word)
    for at in range(len(told) - size + 1 if size else 0):
        if sum(min(1.0, cost(one, other)) for one, other in zip(word, told[at:], strict=False)) / size <= _WORD_COST:
            return at + size
    return None


def _distance(wanted: Sequence[T], told: Sequence[T], cost: Callable[[T, T], float]) -> float:
    """The edit distance to the stretch of `told` that is nearest."""
    row = [0.0] * (len(told) + 1)
    for one in wanted:
        before, row = row, [row[0] + 1.0]
        for column, other in enumerate(told):
            change = before[column] + min(1.0, cost(one, other))
            row.append(min(change, before[column + 1] + 1.0, row[column] + 1.0))
    return min(row)


def _chinese(text: str) -> str:
    """The characters alone."""
    return "".join(_HANZI.findall(text))


def _letters(text: str) -> list[str]:
    return [token.lower().replace("'", "") for token in _TOKEN.findall(text.replace("’", "'"))]


def _spelling(one: str, other: str) -> float:
    """How unlike two words are written, 0..1."""
    return _whole(one, other) / max(len(one), len(other))


def _whole(one: str, other: str) -> float:
    """The edit distance of two words."""
    row = [float(index) for index in range(len(other) + 1)]
    for index, letter in enumerate(one, 1):
        before, row = row, [float(index)]
        for column, sign in enumerate(other):
            row.append(min(before[column] + (letter != sign), before[column + 1] + 1.0, row[column] + 1.0))
    return row[-1]
