"""The gain of a clause, window by window: what is rendered is measured, what is to come is foretold.

The encoder's energy foretells a clause's loudness with half a LU of error, more in a short one. But a window is known
before it goes out, so its power is measured, with what the limiter will take of it, and tells how wrong the foretelling
is; the gain follows within what nobody hears as a change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.limiter import CEILING, Limiter
from avatar.voice.loudness import OFFSET, SILENT_LUFS, TARGET_LUFS, gated, weighted
from avatar.voice.speaking import level

_COLUMN = SPEECH_RATE // 80
"""Samples in a value of the encoder's energy: 12.5 ms."""

_HOP = 8
"""Columns from one block of BS.1770 to the next: a quarter of it."""

_BLOCK = 4 * _HOP
_TRUST_S = 1.0
"""Seconds of speech after which what was measured weighs as much as what was foretold."""

_MOST_DB = 1.5
"""The largest change from one window to the next."""

_RAMP = 24
"""Columns in which it takes place: 0.3 s."""

_LIMITED = 0.7 * CEILING
"""The highest sample of a sound that the limiter leaves as it is: between samples speech is at most 3 dB higher."""

_CONTEXT = SPEECH_RATE // 5
_ROUNDS = 8
_TRIALS = 2
_AGREED_DB = 0.5
"""A gain that differs by more from the one that a window was measured with is tried again: it changes what the limiter
takes."""

_SPOKEN = 0.1
"""Of the mean power: a column with less tells nothing about the voice."""

_PAUSE = 0.25
"""Of the speech: the most of the pause after it that counts. BS.1770 counts blocks that are half silent; all of them
would make a single syllable half as loud again as it is in a sentence."""

_Powers = NDArray[np.float64]


class Levelling:
    """The gain of one clause. Not shared."""

    def __init__(self, loudness: float, energy: NDArray[np.float32], wanted_db: float, pause: int) -> None:
        """
        Args:
            loudness: of the voice, in LU beyond what the energy foretells; -inf for a voice that has no sound, which is
                left as it is.
            energy: float32, any shape, of the clause as far as it is known, a value each 12.5 ms.
            wanted_db: how much louder than others the voice shall be.
            pause: samples of silence that follow.
        """
        self._loudness = loudness
        self.foresee(energy, pause)
        self._target = TARGET_LUFS + wanted_db
        self._measured: _Powers = np.zeros(0)
        self._sent: _Powers = np.zeros(0)
        self._before: Samples = np.zeros(_CONTEXT, dtype=np.float32)
        self._gain_db = wanted_db
        self._gain_db = self._solved(np.zeros(0), self._foretold)
        self._begun = False

    def foresee(self, energy: NDArray[np.float32], pause: int) -> None:
        """More of the clause is known. Arguments as above, from its beginning on."""
        powers = 10 ** ((self._loudness - OFFSET) / 10) * level.power(energy)
        silent = min(pause // _COLUMN, int(powers.size * _PAUSE))
        self._foretold: _Powers = np.concatenate([powers, np.zeros(silent)])

    def push(self, window: Samples) -> Samples:
        """The next window at its level, float32 [n].

        Args:
            window: float32 [n] as it was rendered, n a multiple of 300.
        """
        tried_db = self._gain_db
        for _ in range(_TRIALS):
            powers, heard = self._heard(window, tried_db)
            gain_db = self._fitting(powers)
            if abs(gain_db - tried_db) < _AGREED_DB:
                break
            tried_db = gain_db
        decibels = np.full(powers.size + 1, gain_db)
        if self._begun:
            decibels[:_RAMP] = np.linspace(self._gain_db, gain_db, _RAMP)[: decibels.size]
        self._gain_db, self._begun = gain_db, True
        self._before = heard[-_CONTEXT:]
        self._measured = np.concatenate([self._measured, powers])
        self._sent = np.concatenate([self._sent, powers * 10 ** (decibels[1:] / 10)])
        return window * _factors(decibels)

    def _heard(self, window: Samples, gain_db: float) -> tuple[_Powers, Samples]:
        """What the limiter leaves of the window at a gain, without that gain: the power of each column, K-weighted, and
        the sound with what was before it."""
        factor = np.float32(10 ** (gain_db / 20))
        heard = np.concatenate([self._before, _limited(window * factor) / factor])
        powers: _Powers = np.square(weighted(heard)[_CONTEXT:]).reshape(-1, _COLUMN).mean(axis=1)
        return powers, heard

    def _fitting(self, powers: _Powers) -> float:
        """The gain in dB that suits a window of these powers and what is to come."""
        known = np.concatenate([self._measured, powers])
        rest = self._foretold[known.size :] * self._correction(known)
        gain_db = self._solved(self._sent, np.concatenate([powers, rest]))
        change = gain_db - self._gain_db
        return self._gain_db + float(np.clip(change, -_MOST_DB, _MOST_DB)) if self._begun else gain_db

    def _correction(self, known: _Powers) -> float:
        """By how much the power to come will differ from what was foretold, as far as is known."""
        foretold = self._foretold[: known.size]
        loud = np.maximum(known, foretold) > _SPOKEN * max(known.mean(), foretold.mean())
        if not loud.any() or not foretold[loud].sum():
            return 1.0
        seconds = loud.sum() * _COLUMN / SPEECH_RATE
        return float((known[loud].sum() / foretold[loud].sum()) ** (seconds / (seconds + _TRUST_S)))

    def _solved(self, sent: _Powers, rest: _Powers) -> float:
        """The gain of the rest, in dB, that brings the clause to its loudness; as it is where there is no sound."""
        gain_db = self._gain_db
        for _ in range(_ROUNDS):
            lacking = self._target - _loudness(np.concatenate([sent, rest * 10 ** (gain_db / 10)]))
            if not np.isfinite(lacking):
                return self._gain_db
            gain_db = float(np.clip(gain_db + lacking, -level.MOST_DB, level.MOST_DB))
        return gain_db


def _limited(sound: Samples) -> Samples:
    """What the limiter leaves of it."""
    if np.abs(sound).max(initial=0.0) <= _LIMITED:
        return sound
    limiter = Limiter()
    return np.concatenate([limiter.push(sound), limiter.flush()])


def _loudness(columns: _Powers) -> float:
    """Integrated, in LUFS, of the columns' powers; what is shorter than a block counts as it is."""
    if columns.size < _BLOCK:
        return gated(columns.mean(keepdims=True)) if columns.size else SILENT_LUFS
    hops = columns[: columns.size // _HOP * _HOP].reshape(-1, _HOP).mean(axis=1)
    return gated(np.convolve(hops, np.full(_BLOCK // _HOP, _HOP / _BLOCK), "valid"))


def _factors(decibels: NDArray[np.float64]) -> Samples:
    """A factor for each sample between the edges of columns, float32 [300 (n - 1)]."""
    places = np.arange((decibels.size - 1) * _COLUMN) / _COLUMN
    return np.asarray(10 ** (np.interp(places, np.arange(decibels.size), decibels) / 20), dtype=np.float32)
