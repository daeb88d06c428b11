"""How words that no dictionary knows are read: a persona's own names, places and works, and the user's.

A reading is what stands after the word, part by part, set apart by spaces:

    run4 tu3, rùn tǔ      syllables of pinyin, with digits or marks; for a word of hanzi as many as it has characters
    润土                  other hanzi that sound like it
    /luː ʃyn/             IPA between slashes, a word for each space
    loo shoon             English words that sound like it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from avatar.errors import InputError
from avatar.voice.speaking.mandarin.syllables import syllables
from avatar.voice.speaking.words import Script, Word

MOST_WORDS = 500
LONGEST_WORD, LONGEST_READING = 40, 160

_HANZI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇]+")
_ENGLISH = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_IPA = re.compile(r"/([^/\d<>]{1,120})/")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

PLACEHOLDER = "々"
"""Stands for a syllable whose hanzi nobody knows."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a reading in one script, as `Word` has it."""

    spoken: str
    script: Script
    reading: tuple[str, ...] = ()


class Lexicon:
    """Words and their readings. Never changed, so it may be shared.

    Args:
        readings: word to reading.

    Raises:
        InputError: a word or its reading cannot be used; the sentence names it.
    """

    def __init__(self, readings: Mapping[str, str] | None = None) -> None:
        readings = readings or {}
        if len(readings) > MOST_WORDS:
            raise _unusable("…", f"it has {len(readings)} words, {MOST_WORDS} are the most", f"最多 {MOST_WORDS} 个词")
        self._parts = {_checked(word).lower(): parse_reading(word, reading) for word, reading in readings.items()}
        self._by_first = self._sorted()

    def extended(self, readings: Mapping[str, str]) -> Lexicon:
        """This lexicon with further words, which go before its own of the same spelling. Raises as the constructor."""
        more = Lexicon(readings)
        more._parts = {**self._parts, **more._parts}
        more._by_first = more._sorted()
        return more

    def words_at(self, text: str, at: int) -> list[Word]:
        """The pieces of the longest known word that begins at a place; none where there is no such word."""
        for word in self._by_first.get(text[at].lower(), ()):
            end = at + len(word)
            if text[at:end].lower() == word and not _inside(text, at, end):
                return spread(text[at:end], self._parts[word])
        return []

    def _sorted(self) -> dict[str, list[str]]:
        """The words by their first character, the longest first."""
        found: dict[str, list[str]] = {}
        for word in sorted(self._parts, key=len, reverse=True):
            found.setdefault(word[0], []).append(word)
        return found


def parse_reading(word: str, reading: str) -> tuple[Part, ...]:
    """The parts of a reading.

    Raises:
        InputError: it is none of the forms that a reading has, or has not a syllable for each hanzi.
    """
    text = reading.strip()
    if not text or len(text) > LONGEST_READING or _CONTROL.search(text):
        raise _unusable(
            word, "the reading is empty, too long, or holds control characters", "读音为空、过长或含控制字符"
        )
    ipa = _IPA.fullmatch(text)
    if ipa:
        return (Part(word, "en", tuple(ipa.group(1).split())),)
    parts = tuple(_part(word, piece) for piece in text.split())
    pinyin = [part.reading[0] for part in parts if part.reading]
    if _HANZI.fullmatch(word) and len(pinyin) == len(parts) != len(word):
        raise _unusable(
            word,
            f"the reading has {len(pinyin)} syllables, the word {len(word)} characters",
            f"读音有 {len(pinyin)} 个音节,而词有 {len(word)} 个字",
        )
    return parts


def _part(word: str, piece: str) -> Part:
    found = syllables(piece)
    if found and len(found) == 1:
        return Part(PLACEHOLDER, "zh", (found[0],))
    if _HANZI.fullmatch(piece):
        return Part(piece, "zh")
    if _ENGLISH.fullmatch(piece):
        return Part(piece.replace("’", "'").replace("-", " "), "en")
    raise _unusable(
        word,
        f"{piece!r} is neither a syllable of pinyin with its tone (lu3, lǔ), nor hanzi, nor an English word, nor /IPA/",
        f"{piece!r} 既不是带声调的拼音音节(lu3、lǔ),也不是汉字、英文单词或 /国际音标/",
    )


def spread(written: str, parts: tuple[Part, ...]) -> list[Word]:
    """The pieces of a written word that is read in such parts: a piece for each hanzi where the syllables allow it."""
    if _HANZI.fullmatch(written) and len(parts) == len(written) and all(part.reading for part in parts):
        pairs = zip(written, parts, strict=True)
        return [Word(character, character, "zh", part.reading) for character, part in pairs]
    return [Word("" if at else written, part.spoken, part.script, part.reading) for at, part in enumerate(parts)]


def _inside(text: str, start: int, end: int) -> bool:
    """Whether a place lies within a longer word of Latin letters."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return (_latin(before) and _latin(text[start])) or (_latin(after) and _latin(text[end - 1]))


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _checked(word: str) -> str:
    if not word.strip() or len(word) > LONGEST_WORD or _CONTROL.search(word) or word != word.strip():
        raise _unusable(
            word,
            "a word has 1 to 40 characters, none of them a space at its ends",
            "词须有 1 至 40 个字符,首尾不能是空格",
        )
    return word


def _unusable(word: str, en: str, zh: str) -> InputError:
    shown = _CONTROL.sub("?", word[:LONGEST_WORD])
    return InputError(
        f"Lexicon, {shown!r}: {en}. See docs/persona.md.",
        f"读音表中的“{shown}”有误:{zh}。见 docs/persona.md。",
        code="invalid_lexicon",
    )


EMPTY = Lexicon()
