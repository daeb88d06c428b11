"""A text as what is said of it, and how alike two such things sound: one alphabet for both languages.

A recognizer that hears 闰土 as 润土 or "Yiji" as 一记 has heard what was said. So written and heard are both turned
into phones, those of the synthesizer, without tones and stress, and compared by their likeness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from avatar.errors import Language
from avatar.voice.speaking.g2p import PHONES, Phonetics
from avatar.voice.speaking.marks import parse
from avatar.voice.speaking.normalise import words
from avatar.voice.speaking.words import Word

_LIGHT_HANZI = frozenset("的地得了着过吗呢吧啊呀嘛哦儿子们么个一")
_LIGHT_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "is",
        "it",
        "its",
        "and",
        "or",
        "as",
        "i",
        "i'm",
        "he",
        "his",
        "her",
    ]
)
"""What people, voices and recognizers swallow."""

_VOWELS = frozenset("aeiouyæɐɑɒɔəɚɛɜɤɨɪɯʊʌøœɥAIOQWYᵊᵻᵝ")
_KINDS = ("bpfvwβɸ", "dtTθðʈɖɾ", "szSʣʦʂʃʒʧʤʨʥꭧɕçɟʝ", "mnŋɳɲɴlɹɻɽʁʎjɥ", "ɡkhxɣqχɰʔ")
"""Consonants that are taken for each other: of the lips, of the teeth, hissing, sounding, of the throat."""

_KIND_OF = {phone: number for number, kind in enumerate(_KINDS) for phone in kind}
_SAME_KIND, _CONSONANTS, _VOWEL_PAIR = 0.4, 0.8, 0.4


@dataclass(frozen=True, slots=True)
class Said:
    """A Mandarin syllable or an English word.

    Attributes:
        phones: of Kokoro's vocabulary, without marks.
        light: said so lightly that it may be missed.
    """

    phones: str
    light: bool = False


def said(text: str, language: Language, phonetics: Phonetics) -> list[Said]:
    """What is said of a text, in order.

    Args:
        text: as written, or as recognized; its marks (`speaking.marks`) are heeded.
        language: how digits and signs are read where the text alone does not tell.
    """
    marked = parse(text)
    pieces = [single for piece in words(marked.text, language, marks=marked.marks) for single in _singles(piece)]
    phones: dict[int, str] = {}
    for symbol in phonetics.symbols(pieces, "en-us"):
        if symbol.text in PHONES:
            phones[symbol.word] = phones.get(symbol.word, "") + symbol.text
    return [Said(phones[index], _is_light(pieces[index])) for index in sorted(phones)]


def _singles(piece: Word) -> Iterator[Word]:
    """A piece as hanzi or words that stand alone; "1936" is four."""
    if piece.script == "mark" or not piece.spoken:
        yield piece
        return
    spoken = list(piece.spoken) if piece.script == "zh" else piece.spoken.split()
    readings: Sequence[tuple[str, ...]] = [()] * len(spoken)
    if len(piece.reading) == len(spoken):
        readings = [(reading,) for reading in piece.reading]
    for one, reading in zip(spoken, readings, strict=True):
        yield replace(piece, spoken=one, reading=reading)


def _is_light(piece: Word) -> bool:
    return piece.spoken in _LIGHT_HANZI if piece.script == "zh" else piece.spoken.lower() in _LIGHT_WORDS


@lru_cache(maxsize=65536)
def unlike(one: str, other: str) -> float:
    """How unlike two strings of phones sound: 0 for the same, 1 for nothing in common."""
    row = [float(place) for place in range(len(other) + 1)]
    for index, phone in enumerate(one, start=1):
        before, row[0] = row[0], float(index)
        for place, against in enumerate(other, start=1):
            changed = before + _change(phone, against)
            before, row[place] = row[place], min(changed, row[place] + 1.0, row[place - 1] + 1.0)
    return row[-1] / max(1, len(one), len(other))


def _change(one: str, other: str) -> float:
    """The cost of hearing one phone for another."""
    if one == other:
        return 0.0
    vowels = (one in _VOWELS) + (other in _VOWELS)
    if vowels == 1:
        return 1.0
    if vowels == 2:
        return _VOWEL_PAIR
    return _SAME_KIND if _KIND_OF.get(one, -1) == _KIND_OF.get(other, -2) else _CONSONANTS
