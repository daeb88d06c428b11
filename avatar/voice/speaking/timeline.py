"""When each phone and each word of a clause sounds, and where the clause is silent, before any sound is made.

The model's durations alone mislead: it hides pauses in the neighbours of a mark, up to 0.7 s in the last phone of a
clause and 0.45 s before the first. Its energy curve tells the truth: where it is below 0, the sound is below
-58 dBFS. So silence is found there; it is shown as silence, and what nobody asked for is cut out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from avatar.media import PhoneSpan, WordSpan
from avatar.voice.speaking.acoustics import Encoded, Floats
from avatar.voice.speaking.g2p import MODIFIERS, PAUSES, STRESS
from avatar.voice.speaking.graph import UNIT
from avatar.voice.speaking.words import Symbol, Word

SILENCE = "sil"
"""The phone of a pause."""

_HEARD_ABOVE = 0.0
"""The quiet beginning of an h or m lies between 0 and 2; cut away, "he" was understood as "you", "my" as "by"."""

_ENDS_ABOVE = 2.0
_FADING = 2
"""At the end of a clause the energy sinks slower than the sound: of the last units, up to so many with less energy lie
below -50 dBFS (the last louder sample of 140 clauses came 19 ms or more before the border found so)."""

_SHORTEST_PAUSE = 4
"""Units. The closure of a p or t is shorter than 0.1 s and no pause."""

_LEAD, _TAIL, _LONGEST_PAUSE = 2, 1, 14
"""Units of silence that stay before a clause, after it, and inside it. The sound runs two units ahead, so behind it
there are three."""

_AHEAD = 2 * UNIT
"""Samples by which the model's sound runs ahead of its own durations: 50 ms. Measured on ten sentences in both
languages: the silence before a plosive, the noise of fricatives and the end of vowels lie 40 to 95 ms before their
tokens, and the loudness of vowels fits best at 45 (English) and 60 ms (Mandarin)."""

Mask = NDArray[np.bool_]


def audible(energy: Floats) -> Mask:
    """bool [t], whether something is heard in each unit.

    Args:
        energy: float32 [1, 2 t].
    """
    heard: Mask = energy.reshape(-1, 2).max(axis=1) > _HEARD_ABOVE
    for start, end in _silences(heard):
        if end - start < _SHORTEST_PAUSE and start > 0 and end < heard.size:
            heard[start:end] = True
    return heard


def without_silence(encoded: Encoded) -> Encoded:
    """The clause without its lead-in and its tail, and with long pauses shortened to 0.35 s.

    The units that go are digital silence, so what is left joins without a trace. A clause in which nothing is heard
    stays as it is.
    """
    heard = audible(encoded.energy)
    if not heard.any():
        return encoded
    heard[_end(encoded.energy, heard) :] = False
    keep = np.ones(heard.size, dtype=np.bool_)
    for start, end in _silences(heard):
        before = _LONGEST_PAUSE // 2 if end < heard.size else _TAIL
        after = _LONGEST_PAUSE // 2 if end < heard.size else 0
        if start == 0:
            before, after = 0, _LEAD
        keep[start + before : max(start + before, end - after)] = False
    frames = np.repeat(keep, 2)
    return replace(
        encoded,
        owners=encoded.owners[keep],
        features=np.ascontiguousarray(encoded.features[:, :, keep]),
        f0=encoded.f0[:, frames],
        energy=encoded.energy[:, frames],
    )


def _end(energy: Floats, heard: Mask) -> int:
    """The unit behind the last one that is loud enough to be the end."""
    last = int(np.flatnonzero(heard)[-1]) + 1
    loud = np.flatnonzero(energy.reshape(-1, 2).max(axis=1) > _ENDS_ABOVE)
    return max(last - _FADING, min(last, int(loud[-1]) + 1)) if loud.size else last


def _silences(heard: Mask) -> list[tuple[int, int]]:
    """The runs of False, as [start, end)."""
    spans, at = [], 0
    for value, run in groupby(heard.tolist()):
        length = len(list(run))
        if not value:
            spans.append((at, at + length))
        at += length
    return spans


def phone_spans(
    symbols: Sequence[Symbol], encoded: Encoded, start: int = 0, *, ends: bool = True
) -> tuple[PhoneSpan, ...]:
    """The phones of a stretch of speech, without gaps from a unit, at which a phone begins, to its end.

    Stress marks lend their time to the phone that follows; modifiers, tones and the spaces between words to the one
    before. Marks, and every unit in which nothing is heard, are silence.

    Args:
        symbols: the tokens, [n].
        ends: nothing follows; else the phones that do begin where the last of these ends.
    """
    sounding = _phone_of_token(symbols)
    phones = np.where(audible(encoded.energy), sounding[encoded.owners], -1)[start:]
    spans: list[PhoneSpan] = []
    at = start * UNIT
    for phone, run in groupby(phones.tolist()):
        length = len(list(run)) * UNIT
        text = symbols[phone].text if phone >= 0 else SILENCE
        spans.append(PhoneSpan(text, _as_heard(at), _as_heard(at + length)))
        at += length
    return _to_the_end(spans, at) if ends else tuple(spans)


def _to_the_end(spans: list[PhoneSpan], end: int) -> tuple[PhoneSpan, ...]:
    """The spans with silence up to the end of the sound."""
    if spans and spans[-1].phone == SILENCE:
        return (*spans[:-1], replace(spans[-1], end=end))
    return (*spans, PhoneSpan(SILENCE, spans[-1].end, end)) if spans else ()


def _phone_of_token(symbols: Sequence[Symbol]) -> NDArray[np.int64]:
    """int64 [n + 2]: for each token and the two borders, the index of the symbol whose phone it helps to say, or -1."""
    phones = np.full(len(symbols) + 2, -1, dtype=np.int64)
    for index, symbol in enumerate(symbols, start=1):
        if symbol.text == " " or symbol.text in MODIFIERS:
            phones[index] = phones[index - 1]
        elif symbol.text not in PAUSES:
            phones[index] = index - 1
    for index in range(len(symbols), 0, -1):
        if symbols[index - 1].text in STRESS:
            phones[index] = phones[index + 1]
    phones[0], phones[-1] = phones[1], phones[-2]
    return phones


class Writing:
    """The written words of a clause, whose texts joined are the clause, told as it becomes known when they sound.

    A word that has no sound of its own (a mark, an emoji) is written with the word before it; at the beginning, or if
    that was told already, with the one after it.

    Args:
        words: the clause's words, all of them.
    """

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._times: dict[int, tuple[int, int]] = {}
        self._told = self._units = 0
        self._begun = False
        self._before = ""

    def hear(self, heard: Sequence[int]) -> None:
        """The index of the word that is heard in each of the next units, or -1."""
        for unit, index in enumerate(heard, self._units):
            self._times[index] = (self._times.get(index, (unit * UNIT, 0))[0], (unit + 1) * UNIT)
        self._units += len(heard)

    def until(self, end: int) -> list[WordSpan]:
        """The words up to an index that were not told yet."""
        spans: list[WordSpan] = []
        for index in range(self._told, end):
            word = self._words[index]
            if index in self._times:
                first, last = self._times[index]
                spans.append(WordSpan(self._before + word.written, _as_heard(first), _as_heard(last)))
                self._before = ""
            elif spans:
                spans[-1] = replace(spans[-1], text=spans[-1].text + word.written)
            else:
                self._before += word.written
        self._told = max(end, self._told)
        if self._before and self._begun and end == len(self._words):
            at = _as_heard(self._units * UNIT)
            return [WordSpan(self._before, at, at)]
        self._begun = self._begun or bool(spans)
        return spans


def word_spans(words: Sequence[Word], heard: Sequence[int]) -> tuple[WordSpan, ...]:
    """The written words of a clause that is known as a whole; empty where nothing of it sounds.

    Args:
        words: the clause's words, all of them.
        heard: the index of the word that is heard in each unit of the clause, or -1.
    """
    writing = Writing(words)
    writing.hear(heard)
    return tuple(writing.until(len(words)))


def word_of_unit(symbols: Sequence[Symbol], encoded: Encoded) -> list[int]:
    """The word that is heard in each unit, or -1 for silence; [t]."""
    sounding = _phone_of_token(symbols)
    words = np.array([*(symbol.word for symbol in symbols), -1], dtype=np.int64)
    heard: list[int] = np.where(audible(encoded.energy), words[sounding[encoded.owners]], -1).tolist()
    return heard


def _as_heard(position: int) -> int:
    """Where a border of the durations is heard. The first 0.1 s is pressed together, so that no span is lost."""
    return max(position - _AHEAD, position // 2)
