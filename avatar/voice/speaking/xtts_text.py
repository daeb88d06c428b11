"""A clause as XTTS takes it: digits and signs written out as the house reads them, in parts that are short enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from avatar.errors import Language
from avatar.media import SPEECH_RATE
from avatar.voice.speaking import marks, normalise
from avatar.voice.speaking.words import Word

Takes = Callable[[str], bool]
"""Whether a text is short enough for one go."""

_STOPS = re.compile(r"[.!?。！？…][”\"')]*\s*")
_BREATHS = re.compile(r"[,;:，；：、—]\s*")
_OURS: dict[str, Language] = {"zh": "zh", "en": "en"}
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch that is spoken in one go, and the samples of silence before it."""

    text: str
    before: int = 0


def parts(clause: str, language: str, takes: Takes) -> tuple[str, list[Part], int]:
    """A clause without its marks, what is spoken of it, and the samples of silence after that.

    Args:
        clause: as written, perhaps with marks (`speaking.marks`).
        language: "zh" and "en" are written out by the house, others are left to XTTS.
    """
    marked = marks.parse(clause)
    stretches, after = [(0, marked.text)], 0
    if known := _OURS.get(language):
        stretches, after = _between_breaks(normalise.words(marked.text, known, marks=marked.marks))
    found: list[Part] = []
    silence = 0
    for before, text in stretches:
        silence += before
        for piece in cut(text.strip(), takes):
            found.append(Part(piece, silence))
            silence = 0
    return marked.text, found, silence + after


def cut(text: str, takes: Takes) -> list[str]:
    """A text in parts that are taken, cut where a reader would breathe; parts without a word are left out."""
    if not any(sign.isalnum() for sign in text):
        return []
    if takes(text) or len(text) < 2:
        return [text]
    place = _middle(text)
    return [*cut(text[:place].strip(), takes), *cut(text[place:].strip(), takes)]


def _middle(text: str) -> int:
    """The end of a sentence, else of a phrase, else of a word, that is nearest the middle; never an end of the text."""
    for pattern in (_STOPS, _BREATHS, _SPACES):
        places = [match.end() for match in pattern.finditer(text) if 0 < match.end() < len(text)]
        inner = [place for place in places if len(text) // 5 <= place <= len(text) - len(text) // 5]
        if inner:
            return min(inner, key=lambda place: abs(place - len(text) // 2))
    return len(text) // 2


def _between_breaks(words: list[Word]) -> tuple[list[tuple[int, str]], int]:
    """The texts between the breaks that somebody asked for, each with the silence before it, and that at the end."""
    found: list[tuple[int, str]] = []
    text, silence = "", 0
    for word in words:
        if word.pause_ms:
            if text.strip():
                found.append((silence, text))
                text, silence = "", 0
            silence += word.pause_ms * SPEECH_RATE // 1000
        else:
            text += _said(word, text)
    if text.strip():
        return [*found, (silence, text)], 0
    return found, silence


def _said(word: Word, before: str) -> str:
    """What is read for a word, with a space beside what is written in letters."""
    letters = word.script == "en" or before[-1:].isascii()
    apart = letters and word.script != "mark" and before[-1:].isalnum()
    after = " " if word.script != "zh" and word.written[-1:].isspace() else ""
    return (" " if apart and word.spoken else "") + word.spoken + after
