"""English words without their inflection, so that "Where did he go?" finds "he went".

The steps for plurals, past tenses and final letters of the Snowball English stemmer (Porter, "Snowball", 2001); those
that take nouns and adjectives to one root are left out. A stem need not be a word, only the same for all its forms.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

KEPT = 4096
"""Stems that are remembered: a text repeats its words."""

LONGEST = 40
"""Letters of a word that may be inflected; what is longer was not meant to be read."""

_VOWEL = re.compile(r"[aeiou]|(?<=[^aeiouy])y")
_REGION = re.compile(r".*?(?:[aeiou]|(?<=[^aeiouy])y)(?!(?<=[^aeiouy])y)[^aeiou]")
_SHORT = re.compile(r"(?:^|.*[^aeiouy])(?:[aeiou]|(?<=[^aeiouy])y)[^aeiouywx]$|^[aeiou][^aeiouy]$")
_DOUBLED = re.compile(r"(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$")


def stem(word: str) -> str:
    """A word without its inflection; a number, of which a text may have any number, as it is.

    Args:
        word: in lower case, perhaps with an apostrophe.
    """
    return word if len(word) > LONGEST or word[:1].isdigit() else _stem(word)


@lru_cache(KEPT)
def _stem(word: str) -> str:
    word = re.sub(r"['’].*$", "", word)
    word = _irregular().get(word, word)
    return word if len(word) < 3 else _without_last(_with_i(_without_tense(_without_plural(word))))


@lru_cache(KEPT)
def beginnings(stemmed: str) -> tuple[str, ...]:
    """With one of these begins every form of a word.

    Args:
        stemmed: as `stem` gives it.
    """
    return (stemmed[:-1] or stemmed, *_forms().get(stemmed, ()))


def _without_plural(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ies", "ied")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")) and _VOWEL.search(word[:-2]):
        return word[:-1]
    return word


def _without_tense(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _region(word) <= len(word) - 3 else word
    for ending in ("ingly", "edly", "ing", "ed"):
        if word.endswith(ending):
            bare = word.removesuffix(ending)
            return _mended(bare) if _VOWEL.search(bare) else word
    return word


def _mended(bare: str) -> str:
    """What is left when an ending goes, as the word is spelt without it: hoping, hope; hopping, hop."""
    if bare.endswith(("at", "bl", "iz")):
        return bare + "e"
    if _DOUBLED.search(bare):
        return bare[:-1]
    return bare + "e" if _region(bare) >= len(bare) and _SHORT.match(bare) else bare


def _with_i(word: str) -> str:
    return word[:-1] + "i" if re.search(r".[^aeiou]y$", word) else word


def _without_last(word: str) -> str:
    """Without a last e, or the second of two l's, that other forms do not have: house, housing; travelled, travel."""
    region = _region(word)
    deep = len(word) > _region(word, region)
    if word.endswith("e") and (deep or (len(word) > region and not _SHORT.match(word[:-1]))):
        return word[:-1]
    return word[:-1] if word.endswith("ll") and deep else word


def _region(word: str, start: int = 0) -> int:
    """Where the part after the first consonant that follows a vowel begins; the length where there is none."""
    match = _REGION.match(word, start)
    return match.end() if match else len(word)


@cache
def _irregular() -> dict[str, str]:
    """The word that stands for each irregular form."""
    lines = (Path(__file__).parent / "irregular.txt").read_text("utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return {form: row[0] for row in rows for form in row[1:]}


@cache
def _forms() -> dict[str, tuple[str, ...]]:
    """The irregular forms of each stem."""
    found: dict[str, tuple[str, ...]] = {}
    for form, base in _irregular().items():
        found[stem(base)] = (*found.get(stem(base), ()), form)
    return found
