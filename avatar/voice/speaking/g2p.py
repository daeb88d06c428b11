"""From words to the tokens of Kokoro's vocabulary, each with the written word it belongs to.

Mandarin: syllables by `mandarin.reading`, IPA by misaki's table, as Kokoro v1.0 was trained; a character keeps its own
tokens. English: espeak-ng on whole phrases, so that "the" and "a" are reduced as in running speech, rewritten into
misaki's notation; where espeak joins two words ("of the"), the border is found by aligning the phrase with its words
read one by one.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any, Literal

from avatar.voice.speaking.mandarin.reading import read
from avatar.voice.speaking.words import Symbol, Word

Accent = Literal["en-us", "en-gb"]

STRESS = "ˈˌ"
"""Marks that stand before the phone they belong to."""

MODIFIERS = "ːʰʲ̃↓→↗↘"
"""Marks that stand after the phone they belong to: length, aspiration, palatalisation, nasality, the tones 3 1 2 4."""

PAUSES = ';:,.!?—…"()“” '
"""Tokens without a phone. The space separates words and is not a pause in running speech."""

PHONES = "abcdefhijklmnopqrstuvwxzæðŋɐɑɒɔɕəɚɛɜɡɥɨɪɯɲɹɻʂʃʊʌʒθʔʣʤʥʦʧʨꭧyøœçɤβɸχɣɟʝɖʈɳɽɾʁʎɰɴʋAIOQSTWYᵊᵻᵝ"
"""Every phone symbol of Kokoro's vocab.json (hexgrad/Kokoro-82M), which a PhoneSpan may carry, beside "sil".

IPA, with these letters of misaki's notation: A eɪ, I aɪ, O oʊ, Q əʊ, W aʊ, Y ɔɪ, T the flap of "water", S the geminate
ss, ᵊ a very short ə, ᵻ between ə and ɪ, and the ligatures ʣ dz, ʤ dʒ, ʥ dʑ, ʦ ts, ʧ tʃ, ʨ tɕ, ꭧ tʂ. Mandarin uses
a e f h i j k l m n o p s t u w x y ŋ ɔ ɕ ə ɚ ɛ ɤ ɥ ɨ ɻ ʂ ʊ ʦ ʨ ꭧ: ɨ is the vowel of zi, ci, si and zhi, chi, shi, ri;
aspiration is a modifier, so the p of 八 and of 怕 are the same phone, made of the same lips.
"""

_OPENERS = "(“"


class Phonetics:
    """Both languages' phones. Built once; safe to share: espeak-ng is not, and is used under a lock."""

    def __init__(self) -> None:
        self._english = _English()

    def warm(self) -> None:
        """Load dictionaries: about a second and a half, once in a process."""
        self.symbols([Word("你", "你", "zh"), Word("hello", "hello", "en")], "en-us")

    def symbols(self, words: Sequence[Word], accent: Accent) -> list[Symbol]:
        """The clause's tokens in order. Words without sound have none."""
        result: list[Symbol] = []
        spoken = [(index, word) for index, word in enumerate(words) if word.spoken]
        for script, run in groupby(spoken, key=lambda item: item[1].script):
            group = list(run)
            if script == "mark":
                for index, word in group:
                    _append_mark(result, word.spoken, index)
                continue
            read = _mandarin(group) if script == "zh" else self._english.read(group, accent)
            for part in read:
                _append_word(result, part)
        return result


def _append_mark(result: list[Symbol], mark: str, index: int) -> None:
    if mark in _OPENERS and result and result[-1].text != " ":
        result.append(Symbol(" ", result[-1].word))
    result.append(Symbol(mark, index))


def _append_word(result: list[Symbol], part: Sequence[Symbol]) -> None:
    if result and part and result[-1].text not in _OPENERS + " ":
        result.append(Symbol(" ", result[-1].word))
    result.extend(part)


def _mandarin(group: Sequence[tuple[int, Word]]) -> Iterable[list[Symbol]]:
    """The tokens of each lexical word of a run of hanzi."""
    owners = [index for index, word in group for _ in word.spoken]
    given: dict[int, str] = {}
    at = 0
    for _, word in group:
        given |= {at + place: syllable for place, syllable in enumerate(word.reading)}
        at += len(word.spoken)
    place = 0
    for lexical in read("".join(word.spoken for _, word in group), given):
        symbols: list[Symbol] = []
        for character, syllable in zip(lexical.text, lexical.syllables, strict=True):
            symbols += [Symbol(token, owners[place]) for token in _syllable(syllable or character)]
            place += 1
        yield symbols


@lru_cache(maxsize=4096)
def _syllable(pinyin: str) -> str:
    """Kokoro's tokens of a syllable such as "xue2"; none for what is no syllable."""
    from misaki.zh import ZHG2P

    try:
        tokens: str = ZHG2P.py2ipa("er5" if pinyin == "r5" else pinyin)
    except (ValueError, KeyError):
        return ""
    return "".join(token for token in tokens if token in PHONES or token in MODIFIERS)


_SHARED = {
    "a^ɪ": "I", "a^ʊ": "W", "d^ʒ": "ʤ", "e^ɪ": "A", "t^ʃ": "ʧ", "ɔ^ɪ": "Y", "ə^l": "ᵊl", "d^z": "ʣ", "t^s": "ʦ",
    "ʲo": "jo", "ʲə": "jə", "ʲ": "", "ɚɹ": "əɹ", "ɚ": "əɹ", "r": "ɹ", "x": "k", "ç": "k", "ɐ": "ə", "ɬ": "l", "e": "A",
    "̃": "", "ɾ": "T", "ʔ": "t", "o": "ɔ", "g": "ɡ", "^": "", "-": "",
}  # fmt: skip
_AMERICAN = {**_SHARED, "o^ʊ": "O", "ə^ʊ": "O", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ː": ""}
_BRITISH = {**_SHARED, "ə^ʊ": "Q", "o^ʊ": "Q", "e^ə": "ɛː", "iə": "ɪə"}
_AS_TRAINED = {("I", "I"): "ˌI", ("a", "ə"): "ɐ", ("an", "ən"): "ɐn"}
"""Little words whose unstressed form misaki writes in its own way; Kokoro swallows an "I" without stress."""

_UNTIED = re.compile("[aeoɔə](?=[ɪʊ])|[td](?=[ʃʒ])")
"""Where espeak-ng ties two letters to one sound, and people who write IPA do not."""

_SYLLABIC = re.compile("(\\S)\u0329")


def _rewriter(table: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(key) for key in sorted(table, key=len, reverse=True)))


_NOTATIONS = {"en-us": (_AMERICAN, _rewriter(_AMERICAN)), "en-gb": (_BRITISH, _rewriter(_BRITISH))}


def _notation(ipa: str, accent: Accent) -> str:
    """espeak-ng's IPA (ties written ^) in misaki's notation, as Kokoro was trained."""
    table, pattern = _NOTATIONS[accent]
    ipa = _SYLLABIC.sub(r"ᵊ\1", ipa)
    rewritten = pattern.sub(lambda match: table[match.group()], ipa)
    return "".join(token for token in rewritten if token in PHONES or token in STRESS + "ː ")


class _English:
    """espeak-ng through phonemizer; one voice for each accent, opened when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._backends: dict[Accent, Any] = {}
        self._single = lru_cache(maxsize=8192)(self._phrase)

    def read(self, group: Sequence[tuple[int, Word]], accent: Accent) -> list[list[Symbol]]:
        """The tokens of each spoken word of a phrase without punctuation."""
        runs = [(given, list(run)) for given, run in groupby(group, key=lambda item: bool(item[1].reading))]
        parts = [_given(run, accent) if given else self._read(run, accent) for given, run in runs]
        return [part for run in parts for part in run]

    def _read(self, group: Sequence[tuple[int, Word]], accent: Accent) -> list[list[Symbol]]:
        """The tokens of each word of a phrase that espeak-ng reads."""
        said = [(part, index) for index, word in group for part in word.spoken.split()]
        phrase = self._single(" ".join(part for part, _ in said), accent)
        parts = phrase.split()
        if len(parts) != len(said):
            parts = _divide("".join(parts), [self._single(part, accent).replace(" ", "") for part, _ in said])
        return [
            [Symbol(token, index) for token in _AS_TRAINED.get((word, part), part)]
            for part, (word, index) in zip(parts, said, strict=True)
        ]

    def _phrase(self, text: str, accent: Accent) -> str:
        with self._lock:
            (ipa,) = self._backend(accent).phonemize([text], strip=True) or [""]
        return _notation(ipa, accent)

    def _backend(self, accent: Accent) -> Any:
        if accent not in self._backends:
            import espeakng_loader
            from phonemizer.backend import EspeakBackend
            from phonemizer.backend.espeak.wrapper import EspeakWrapper

            EspeakWrapper.set_library(espeakng_loader.get_library_path())
            EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
            quiet = logging.getLogger("avatar.voice.speaking.espeak")
            quiet.setLevel(logging.ERROR)
            self._backends[accent] = EspeakBackend(
                accent, preserve_punctuation=False, with_stress=True, tie="^", language_switch="remove-flags",
                logger=quiet,
            )  # fmt: skip
        return self._backends[accent]


def _given(group: Sequence[tuple[int, Word]], accent: Accent) -> list[list[Symbol]]:
    """The tokens of words whose IPA is known."""
    return [
        [Symbol(token, index) for token in _notation(_UNTIED.sub(r"\g<0>^", ipa), accent).replace(" ", "")]
        for index, word in group
        for ipa in word.reading
    ]


def _divide(phrase: str, singles: Sequence[str]) -> list[str]:
    """A phrase's phones shared among its words, by their likeness to the words read alone."""
    blocks = SequenceMatcher(None, "".join(singles), phrase, autojunk=False).get_matching_blocks()
    borders, at = [0], 0
    for single in singles[:-1]:
        at += len(single)
        borders.append(max(borders[-1], _carried(at, blocks)))
    borders.append(len(phrase))
    return [phrase[start:end] for start, end in pairwise(borders)]


def _carried(place: int, blocks: Sequence[Any]) -> int:
    """Where a place in the one string lies in the other."""
    for block in blocks:
        if place <= block.a + block.size:
            return int(block.b + max(0, place - block.a))
    return int(blocks[-1].b)
