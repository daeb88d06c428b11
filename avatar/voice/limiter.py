"""Keeps peaks under a ceiling, also those between the samples: the gain sinks before a peak, so nothing is clipped."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples

CEILING = 10 ** (-1.75 / 20)
"""The highest peak that is aimed at: -1.75 dBTP. No sound, not even noise up to half the rate, then passes -1 dBTP for
a meter with another filter; speech keeps within 0.2 dB of it."""

_BLOCK = SPEECH_RATE * 2 // 1000
_RELEASE_S = 0.05
_RECOVERY = 1 - math.exp(-_BLOCK / SPEECH_RATE / _RELEASE_S)
_AHEAD = 3
"""Blocks that must be known beyond the one that goes out."""

_SIDE = 24
"""Samples on each side of a place between samples that it is computed from: a millisecond."""

DELAY = (_AHEAD + 1) * _BLOCK + _SIDE
"""Samples, the most that wait for what follows them: 9 ms."""

_OVERSAMPLING = 4
_EDGE, _BEND = 0.97, 3.0
"""Of the low-pass (of half the rate) and the Kaiser window over it: of those tried, the ones that see what a resampler
of high quality makes of noise best."""


class Limiter:
    """Limits one stretch of sound that comes in pieces. What is under the ceiling is untouched. Not shared.

    The gain runs straight from edge to edge of blocks of 2 ms. At an edge it is the mean of three blocks' gains, each
    low enough for both of the blocks that meet there, so no sample passes the ceiling. A block's peak is sought at four
    times the rate (ITU-R BS.1770-5, Annex 2), from the block itself and a millisecond on each side of it.
    """

    def __init__(self) -> None:
        self._known = np.zeros(_SIDE, dtype=np.float32)
        self._waiting = np.zeros((0, _BLOCK), dtype=np.float32)
        self._needed = deque([1.0] * 4, maxlen=4)
        self._gains = deque([1.0] * 3, maxlen=3)
        self._edge = 1.0

    def push(self, piece: Samples) -> Samples:
        """The next samples, float32 [0 .. n + DELAY].

        Args:
            piece: float32 [n] at SPEECH_RATE, of any size.
        """
        known = np.concatenate([self._known, piece])
        count = max(0, known.size - 2 * _SIDE) // _BLOCK
        self._known = known[count * _BLOCK :]
        if not count:
            return np.zeros(0, dtype=np.float32)
        stretches = sliding_window_view(known, _BLOCK + 2 * _SIDE)[::_BLOCK][:count]
        edges = [self._edge, *map(self._edge_after, _peaks(stretches))]
        self._edge = edges[-1]
        blocks = np.concatenate([self._waiting, stretches[:, _SIDE:-_SIDE]])
        ready = max(0, len(blocks) - _AHEAD)
        self._waiting = blocks[ready:]
        gains = np.linspace(edges[:-1], edges[1:], _BLOCK, endpoint=False, axis=1, dtype=np.float32)
        return (blocks[:ready] * gains[count - ready :]).ravel()

    def flush(self) -> Samples:
        """What is left after the last piece."""
        left = self._known.size - _SIDE
        rest = len(self._waiting) * _BLOCK + left
        filling = _AHEAD * _BLOCK + -left % _BLOCK + _SIDE
        return self.push(np.zeros(filling, dtype=np.float32))[:rest]

    def _edge_after(self, peak: float) -> float:
        """The gain at the end of the block that lies _AHEAD blocks before the one with this peak."""
        self._needed.append(min(1.0, CEILING / peak) if peak else 1.0)
        self._gains.append(min(*self._needed, self._gains[-1] + (1 - self._gains[-1]) * _RECOVERY))
        return sum(self._gains) / len(self._gains)


def _peaks(stretches: NDArray[np.float32]) -> list[float]:
    """The peak of each block, between its samples too, where it may be one that counts.

    Args:
        stretches: float32 [n, _BLOCK + 2 * _SIDE], each block with what lies beside it.
    """
    sizes = np.abs(stretches)
    peaks: list[float] = sizes[:, _SIDE:-_SIDE].max(axis=1).tolist()
    for place in np.flatnonzero(sizes.max(axis=1) * _MOST_BETWEEN > CEILING):
        peaks[place] = max(peaks[place], float(np.abs(stretches[place] @ _RAISED).max()))
    return peaks


def _raised() -> NDArray[np.float32]:
    """What makes a block at four times the rate of a stretch, float32 [_BLOCK + 2 * _SIDE, 4 * _BLOCK]."""
    samples = np.arange(-_SIDE, _BLOCK + _SIDE)
    distance = samples[:, None] - np.arange(_OVERSAMPLING * _BLOCK) / _OVERSAMPLING
    inside = np.sqrt(np.maximum(0.0, 1 - (distance / _SIDE) ** 2))
    window = np.where(np.abs(distance) < _SIDE, np.i0(_BEND * inside) / np.i0(_BEND), 0.0)
    return np.asarray(_EDGE * np.sinc(_EDGE * distance) * window, dtype=np.float32)


_RAISED = _raised()

_MOST_BETWEEN = float(np.abs(_RAISED).sum(axis=0).max())
"""How much higher than the samples any sound can be between them."""
