"""From a run of hanzi to its syllables, each with its tone's digit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from avatar.voice.speaking.mandarin import context, dictionary, sandhi


@dataclass(frozen=True, slots=True)
class Lexical:
    """One word and its syllables, one for each character; empty for a character without a reading."""

    text: str
    syllables: tuple[str, ...]


def read(text: str, given: Mapping[int, str] | None = None) -> list[Lexical]:
    """The words of a run of hanzi, with the readings of a native speaker.

    Args:
        text: hanzi, simplified or traditional.
        given: readings that are known already, by place; they are not changed by their neighbours.
    """
    plain = simplified(text)
    tokens = dictionary.joined(_segment(plain))
    syllables = [syllable for token in tokens for syllable in _by_library(token)]
    told = context.readings(tokens)
    at = 0
    for token in tokens:
        told |= {at + place: reading for place, reading in dictionary.inside(token).items()}
        at += len(token)
    for place, reading in told.items():
        syllables[place] = reading or syllables[place][:-1] + "5"
    sandhi.erhua(tokens, syllables)
    sandhi.doubled(tokens, syllables)
    fixed = told | dict(given or {})
    for place, reading in (given or {}).items():
        syllables[place] = reading
    sandhi.yi_and_bu(plain, syllables, fixed)
    return _gathered(tokens, syllables)


def _gathered(tokens: list[str], syllables: list[str]) -> list[Lexical]:
    words, at = [], 0
    for token in tokens:
        words.append(Lexical(token, tuple(syllables[at : at + len(token)])))
        at += len(token)
    return words


def simplified(text: str) -> str:
    """Traditional characters in their simplified form, one for one; what is simplified already stays as it is."""
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        import zhconv

        converted: str = zhconv.convert(text, "zh-hans")
        return converted if len(converted) == len(text) else text
    return text


def _segment(text: str) -> list[str]:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    return list(jieba.lcut(text))


@lru_cache(maxsize=8192)
def _by_library(token: str) -> tuple[str, ...]:
    """One syllable for each character of a word by pypinyin's dictionary, without its changes of 一 and 不."""
    from pypinyin import Style, lazy_pinyin

    found = list(lazy_pinyin(token, style=Style.TONE3, neutral_tone_with_five=True, errors=_nothing))
    if len(found) != len(token):
        found = [_by_library(character)[0] for character in token]
    return tuple({"一": "yi1", "不": "bu4"}.get(character, each) for character, each in zip(token, found, strict=True))


def _nothing(characters: str) -> Any:
    """What pypinyin puts for characters it does not know; it takes a list, though its annotation says otherwise."""
    return [""] * len(characters)
