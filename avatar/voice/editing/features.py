"""What a seam and a match are judged by: level and spectrum every 5 ms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples

Floats = NDArray[np.float32]

HOP = SPEECH_RATE // 200
"""Samples between frames: 5 ms."""

POINTS = 512
"""Samples of a window: 21 ms."""

BANDS = 24
"""Even on the mel scale, up to 11 kHz."""

_FLOOR = 1e-10
_TOP_HZ = 11_000.0


@dataclass(frozen=True, slots=True)
class Features:
    """A sound, frame by frame; frame k is centred on sample k * HOP.

    Attributes:
        power: float32 [frames, BANDS]: mean power of the samples in each band.
        level: float32 [frames]: of all bands, in dB of full scale.
        floor, loud: dB: what lies between the words, and speech.
    """

    power: Floats
    level: Floats
    floor: float
    loud: float

    @property
    def presence(self) -> Floats:
        """How much there is to hear, 0 in the silence of this sound and 1 in its speech: float32 [frames]."""
        span = max(self.loud - self.floor, 6.0)
        return np.asarray(np.clip((self.level - self.floor) / span, 0.0, 1.0), dtype=np.float32)

    @property
    def shape(self) -> Floats:
        """The spectrum of each frame in dB, whatever its level: float32 [frames, BANDS]."""
        logs = 10 * np.log10(self.power + 1e-9)
        return np.asarray(logs - logs.mean(axis=1, keepdims=True), dtype=np.float32)


def features(sound: Samples) -> Features:
    """Of float32 [n] at SPEECH_RATE."""
    power = powers(sound) @ bank().T
    level = 10 * np.log10(power.sum(axis=1) + _FLOOR)
    return Features(
        power.astype(np.float32),
        level.astype(np.float32),
        float(np.percentile(level, 5)),
        float(np.percentile(level, 85)),
    )


def powers(sound: Samples) -> Floats:
    """Power in each bin of windows every HOP samples, float32 [n // HOP + 1, POINTS // 2 + 1]; a row's sum is about the
    mean square of the samples."""
    padded = np.pad(sound, (POINTS // 2, POINTS // 2 + HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, POINTS)[::HOP][: sound.size // HOP + 1]
    window = np.hanning(POINTS).astype(np.float32)
    spectrum = np.fft.rfft(frames * window, axis=1)
    scale = 2.0 / (POINTS * float((window**2).sum()))
    return np.asarray(np.abs(spectrum) ** 2 * scale, dtype=np.float32)


@cache
def bank() -> Floats:
    """float32 [BANDS, POINTS // 2 + 1]: triangles that share each bin between two bands."""
    edges = _hertz(np.linspace(0, _mel(_TOP_HZ), BANDS + 2))
    bins = np.linspace(0, SPEECH_RATE / 2, POINTS // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), dtype=np.float32)


def centres() -> NDArray[np.float64]:
    """The middle of each band in Hz: float64 [BANDS]."""
    return _hertz(np.linspace(0, _mel(_TOP_HZ), BANDS + 2))[1:-1]


def _mel(hertz: float) -> float:
    return 2595 * float(np.log10(1 + hertz / 700))


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(700 * (10 ** (mels / 2595) - 1))
