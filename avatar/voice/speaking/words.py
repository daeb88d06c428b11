"""What a clause is made of on its way from writing to sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Script = Literal["zh", "en", "mark"]
"""How a word is turned into phones: as Mandarin, as English, or as a pause."""


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of the written clause and the words a reader says for it.

    The `written` of a clause's words, joined, are the clause. A hanzi is a word of its own; "1936" is one word that is
    said with four syllables.

    Attributes:
        written: as it stands in the clause, with the white space that follows it.
        spoken: hanzi for zh, lower-case or capitalised English words for en, one of Kokoro's punctuation tokens for a
            mark; empty where nothing is said.
        script: how `spoken` is read.
        reading: how it sounds, where that was said by somebody: syllables such as "lu3" for zh, one for each hanzi of
            `spoken`; a word of IPA for each word of `spoken` for en.
        emphasis: "strong", "moderate" or "reduced", where somebody asked for it.
        pause_ms: silence that somebody asked for at this place; such a piece is neither written nor spoken.
    """

    written: str
    spoken: str
    script: Script
    reading: tuple[str, ...] = ()
    emphasis: str = ""
    pause_ms: int = 0


@dataclass(frozen=True, slots=True)
class Symbol:
    """One token of the acoustic model.

    Attributes:
        text: a key of Kokoro's vocab.json, one character.
        word: the index of the word it belongs to; a space belongs to the word before it.
    """

    text: str
    word: int
