"""Keeps peaks under a ceiling: the gain sinks before a peak comes and rises slowly after it, so nothing is clipped."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from avatar.media import SPEECH_RATE, Samples

CEILING = 10 ** (-1.5 / 20)
"""The loudest sample: -1.5 dBFS, so that what rises between the samples stays under -1 dBTP."""

_BLOCK = SPEECH_RATE * 2 // 1000
_RELEASE_S = 0.05
_RECOVERY = 1 - math.exp(-_BLOCK / SPEECH_RATE / _RELEASE_S)
_AHEAD = 3
"""Blocks that must be known beyond the one that goes out."""


class Limiter:
    """Limits one stretch of sound that comes in pieces. What is under the ceiling is untouched. Not shared.

    The gain runs straight from edge to edge of blocks of 2 ms. At an edge it is the mean of three blocks' gains, each
    low enough for both of the blocks that meet there, so no sample passes the ceiling.
    """

    def __init__(self) -> None:
        self._left = np.zeros(0, dtype=np.float32)
        self._waiting: deque[Samples] = deque()
        self._needed = deque([1.0] * 4, maxlen=4)
        self._gains = deque([1.0] * 3, maxlen=3)
        self._edge = 1.0

    def push(self, piece: Samples) -> Samples:
        """The next samples, float32 [0 .. n + 8 ms].

        Args:
            piece: float32 [n] at SPEECH_RATE, of any size.
        """
        known = np.concatenate([self._left, piece])
        whole = known.size // _BLOCK * _BLOCK
        self._left = known[whole:]
        done = [self._next(block) for block in known[:whole].reshape(-1, _BLOCK)]
        return np.concatenate([np.zeros(0, dtype=np.float32), *done])

    def flush(self) -> Samples:
        """What is left after the last piece."""
        rest = len(self._waiting) * _BLOCK + self._left.size
        filling = _AHEAD * _BLOCK + -self._left.size % _BLOCK
        return self.push(np.zeros(filling, dtype=np.float32))[:rest]

    def _next(self, block: Samples) -> Samples:
        """Take a block in, give the one that lies far enough back, or nothing yet."""
        peak = float(np.abs(block).max())
        self._needed.append(min(1.0, CEILING / peak) if peak else 1.0)
        self._gains.append(min(*self._needed, self._gains[-1] + (1 - self._gains[-1]) * _RECOVERY))
        before, self._edge = self._edge, sum(self._gains) / len(self._gains)
        self._waiting.append(block)
        if len(self._waiting) <= _AHEAD:
            return np.zeros(0, dtype=np.float32)
        gain = np.linspace(before, self._edge, _BLOCK, endpoint=False, dtype=np.float32)
        return self._waiting.popleft() * gain
