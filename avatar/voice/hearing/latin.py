"""Misheard names in Latin letters: Kang Yijie becomes Kong Yiji, Lu Hsun becomes Lu Xun.

There is no word list to tell rare words from common ones, so only what the recognizer itself wrote as a name, with
capitals, is looked at; and what has the name's letters exactly but other spaces or capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from avatar.voice.hearing.spans import Repair, apart

_WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:'(?!s\b)[A-Za-z]+)*")
_STARTS_SENTENCE = re.compile(r"(?:^|[.?!。？！])[\s\"“]*$")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof)\.\s*$")
_SPELLINGS = (("hs", "x"), ("sh", "x"), ("zh", "j"), ("ch", "q"), ("tz", "z"), ("ts", "z"), ("oo", "u"), ("ee", "i"))
_VOWELS = frozenset("aeiouy")
_ALIKE = frozenset(map(frozenset, ("zx", "sz", "sx", "kc", "ck", "jg", "qj", "bp", "dt", "gk", "jy", "lr", "mn")))

_FARTHEST = 0.21
"""Of the name's letters, those that may differ."""

_FARTHEST_AT_START = 0.12
"""The same for a lone word at the start of a sentence, where the capital means nothing."""


def latin_repairs(text: str, names: Sequence[str]) -> list[Repair]:
    """What to replace, without overlaps; the rules are above."""
    lexicon = {name: _letters(name) for name in names if name.isascii() and len(_letters(name)) >= 4}
    if not lexicon:
        return []
    words = _free_words(text, lexicon)
    scored = [
        (1.0 - cost, Repair(words[first].start(), words[last].end(), name))
        for first, last in _phrases(text, words)
        for name, letters in lexicon.items()
        if (cost := _cost(text, words[first : last + 1], name, letters)) is not None
    ]
    return list(apart(scored))


def _letters(phrase: str) -> str:
    """The letters alone, in the spelling of pinyin."""
    letters = re.sub(r"[^a-zà-ÿ]", "", phrase.lower())
    for other, pinyin in _SPELLINGS:
        letters = letters.replace(other, pinyin)
    return letters


def _free_words(text: str, names: Sequence[str] | dict[str, str]) -> list[re.Match[str]]:
    """The words that are not part of a name that stands already."""
    known = "|".join(rf"\b{re.escape(name)}\b" for name in sorted(names, key=len, reverse=True))
    blanked = re.sub(known, lambda match: "\0" * len(match[0]), text)
    return list(_WORD.finditer(blanked))


def _phrases(text: str, words: Sequence[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """First and last of one, two or three words with nothing but spaces or hyphens between them."""
    joined = [bool(re.fullmatch(r"[ \-]+", text[one.end() : other.start()])) for one, other in pairwise(words)]
    for first in range(len(words)):
        for last in range(first, min(first + 3, len(words))):
            if all(joined[first:last]):
                yield first, last


def _cost(text: str, words: Sequence[re.Match[str]], name: str, letters: str) -> float | None:
    """How far a phrase is from a name, 0..1, or None where it is to be left alone."""
    heard = _letters("".join(word[0] for word in words))
    if _same_letters(text[words[0].start() : words[-1].end()], name):
        return 0.0
    if not all(word[0][0].isupper() for word in words) or not _may_sound_alike(heard[:1], letters[:1]):
        return None
    before = text[: words[0].start()]
    at_start = _STARTS_SENTENCE.search(before) and not _TITLE.search(before)
    farthest = _FARTHEST_AT_START if at_start and len(words) == 1 else _FARTHEST
    cost = _edits(heard, letters) / max(len(letters), 1)
    return cost if cost <= farthest else None


def _same_letters(phrase: str, name: str) -> bool:
    return re.sub(r"[^a-z]", "", phrase.lower()) == re.sub(r"[^a-z]", "", name.lower())


def _may_sound_alike(one: str, other: str) -> bool:
    return one == other or frozenset((one, other)) in _ALIKE


def _edits(heard: str, said: str) -> float:
    """Edit distance; a vowel for a vowel, or a consonant for a like one, counts half."""
    row = [float(column) for column in range(len(said) + 1)]
    for place, letter in enumerate(heard, 1):
        above, row = row, [float(place)]
        for column, wanted in enumerate(said):
            changed = above[column] + _substitution(letter, wanted)
            row.append(min(changed, above[column + 1] + 1.0, row[column] + 1.0))
    return row[-1]


def _substitution(letter: str, wanted: str) -> float:
    if letter == wanted:
        return 0.0
    return 0.5 if {letter, wanted} <= _VOWELS or frozenset((letter, wanted)) in _ALIKE else 1.0
