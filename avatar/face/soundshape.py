"""What the sound itself tells the face: how loud it is, and, where no phones are known, the shape of the mouth.

Uploaded speech and engines without phone times come as sound alone. Three ratios of its spectrum stand for the
formants: a strong first formant region opens the jaw (a), a strong second one beyond 1.8 kHz spreads the lips (i, e),
and a spectrum that falls off above 1.1 kHz rounds them (u, o). No future beyond half a window is used.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from avatar.face.params import MOUTH
from avatar.face.visemes import MOUTH_INDEX, Mouth
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, Samples

WINDOW = 1024
"""Samples that one look at the sound takes in: 43 ms."""

_BANDS = (100.0, 450.0, 1100.0, 1800.0, 3200.0, 7500.0)
"""Edges in Hz: voice bar, first formant of open vowels, second of back, second of front vowels, friction."""

_QUIET_DB = -55.0
_LOUDEST_DB = -24.0
_RANGE_DB = 26.0
_GROWTH = 0.6
"""The mouth opens early: half of the loudness in decibels gives two thirds of the shape."""

_STILL = np.float32(0.004)
_RECOVERY_DB = 0.05
"""The loudness that counts as full falls by this much a frame, so a voice that grows softer is still seen."""


class Sound:
    """The sound of one reply, as far as it still matters. Times are samples of the reply.

    Args:
        start: the reply's sample that comes first.
    """

    def __init__(self, start: int = 0) -> None:
        self._samples: Samples = np.zeros(0, dtype=np.float32)
        self._start = start

    def add(self, samples: Samples) -> None:
        """Append the next block: float32 [n] in -1..1 at SPEECH_RATE; what is not a number is silence."""
        block = np.nan_to_num(np.asarray(samples, dtype=np.float32).reshape(-1), nan=0.0, posinf=0.0, neginf=0.0)
        self._samples = np.concatenate([self._samples, block])

    def forget(self, before: int) -> None:
        """Drop what lies before a sample."""
        cut = min(max(before - self._start, 0), self._samples.size)
        self._samples = self._samples[cut:]
        self._start += cut

    def around(self, time: int) -> Samples:
        """float32 [WINDOW] centred at a time; silence where there is no sound (yet)."""
        first = time - WINDOW // 2 - self._start
        taken = self._samples[max(first, 0) : max(first + WINDOW, 0)]
        window = np.zeros(WINDOW, dtype=np.float32)
        lead = max(-first, 0)
        window[lead : lead + taken.size] = taken[: max(WINDOW - lead, 0)]
        return window


class SoundShape:
    """Follows the loudness and the timbre of one reply, one frame at a time."""

    def __init__(self) -> None:
        self._full_db = _LOUDEST_DB
        self._shape: Mouth = np.zeros(len(MOUTH), dtype=np.float32)
        self.level = 0.0
        """Loudness of the last frame, 0 (silent) to 1 (as loud as this voice gets)."""

    def step(self, window: Samples) -> Mouth:
        """The shape for the next frame.

        Args:
            window: float32 [WINDOW], the sound around the frame.
        """
        power = _bands(window)
        loudness = 10.0 * float(np.log10(np.mean(np.square(window)) + 1e-12))
        self._full_db = max(self._full_db - _RECOVERY_DB, loudness, _QUIET_DB + _RANGE_DB)
        self.level = min(max((loudness - self._full_db + _RANGE_DB) / _RANGE_DB, 0.0), 1.0)
        target = _shape(power) * np.float32(self.level**_GROWTH)
        shape = self._shape + np.float32(0.7) * (target - self._shape)
        self._shape = np.where(np.abs(shape) < _STILL, np.float32(0.0), shape)
        return self._shape


def _bands(window: Samples) -> NDArray[np.float32]:
    """Mean power in each band, with 6 dB an octave of pre-emphasis."""
    spectrum = np.fft.rfft(np.diff(window * _HANN, prepend=0.0))
    power = np.square(np.abs(spectrum)).astype(np.float32)
    return np.array([power[low:high].sum() for low, high in _SLICES], dtype=np.float32) + np.float32(1e-9)


def _shape(power: NDArray[np.float32]) -> Mouth:
    """The mouth for a spectrum of full loudness."""
    bar, first, back, front, hiss = (float(value) for value in power)
    voiced = bar + first + back + front
    friction = hiss / (hiss + voiced)
    bright = min(1.0, 4.0 * (back + front) / (first + back))
    opening = first / (bar + first + 0.3 * front) * (0.35 + 0.65 * bright)
    spread = front / (front + back + first)
    dull = (bar + first) / (bar + first + 4.0 * back + 12.0 * front)
    rounded = max(0.0, dull - 0.6 * opening - 0.4 * spread) * (1.0 - friction)
    shape = np.zeros(len(MOUTH), dtype=np.float32)
    shape[MOUTH_INDEX["jaw"]] = (0.16 + 0.60 * opening) * (1.0 - 0.7 * friction)
    shape[MOUTH_INDEX["wide"]] = 0.75 * spread * (1.0 - 0.5 * friction)
    shape[MOUTH_INDEX["pucker"]] = min(1.3 * rounded, 0.9)
    shape[MOUTH_INDEX["lower"]] = 0.10 + 0.10 * friction
    shape[MOUTH_INDEX["upper"]] = 0.05 + 0.07 * friction
    return shape


_HANN: Samples = np.hanning(WINDOW).astype(np.float32)
_BINS = [round(edge * WINDOW / SPEECH_RATE) for edge in _BANDS]
_SLICES = list(pairwise(_BINS))

KEPT = 2 * max(WINDOW, SAMPLES_PER_FRAME)
"""Samples behind the present that must be kept for the next frame."""
