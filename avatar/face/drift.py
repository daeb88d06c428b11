"""Smooth randomness and smooth pursuit: the two ways in which a living face never quite stands still.

Everything counts frames, never a clock, and draws from a generator that is handed in, so a seed repeats a face exactly.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from avatar.media import FPS

Values = NDArray[np.float64]
"""float64 [n], one value for each channel."""


class Drift:
    """Noise without an edge or a period: white noise through two low passes, bounded. It starts at zero.

    Args:
        rng: where the noise comes from.
        seconds: the time constant of both low passes.
        channels: how many independent values.
    """

    def __init__(self, rng: Generator, seconds: float, channels: int) -> None:
        self._rng = rng
        self._keep = math.exp(-1.0 / (seconds * FPS))
        self._noise = math.sqrt(1.0 - self._keep**2)
        self._gain = (1.0 + self._keep) / math.sqrt(1.0 + self._keep**2) / 1.5
        self._first: Values = np.zeros(channels)
        self._second: Values = np.zeros(channels)

    def step(self) -> Values:
        """The next values: of standard deviation about 0.8, within -1.5..1.5."""
        keep = self._keep
        self._first = keep * self._first + self._noise * self._rng.standard_normal(self._first.size)
        self._second = keep * self._second + (1.0 - keep) * self._first
        return np.asarray(1.5 * np.tanh(self._gain * self._second))


class Spring:
    """Follows a target as a critically damped spring does: without a jump in place or speed, and without overshoot.

    Args:
        seconds: about the time in which two thirds of the way are done.
        channels: how many independent values, all zero at first.
    """

    def __init__(self, seconds: float, channels: int) -> None:
        self._rate = 2.1 / seconds
        self.value: Values = np.zeros(channels)
        self._speed: Values = np.zeros(channels)

    def at_pace(self, seconds: float) -> Spring:
        """The same motion from here on, at another pace."""
        other = Spring(seconds, self.value.size)
        other.value, other._speed = self.value, self._speed
        return other

    def step(self, target: Values) -> Values:
        """One frame towards the target (exact solution for a target that rests during the frame)."""
        time = 1.0 / FPS
        decay = math.exp(-self._rate * time)
        away = self.value - target
        slope = (self._speed + self._rate * away) * time
        self.value = target + (away + slope) * decay
        self._speed = (self._speed - self._rate * slope) * decay
        return self.value


def frames_until(rng: Generator, median_seconds: float, spread: float) -> int:
    """A waiting time: log-normal, at least one frame.

    Args:
        median_seconds: half of all waits are shorter.
        spread: standard deviation of the logarithm.
    """
    return max(1, round(FPS * median_seconds * math.exp(spread * float(rng.standard_normal()))))


def bump(age: int, length: int) -> float:
    """A raised cosine over `length` frames: 0 at its ends and beyond, 1 in its middle."""
    if not 0 < age < length:
        return 0.0
    return 0.5 - 0.5 * math.cos(2.0 * math.pi * age / length)
