"""What the sound itself tells the face: the part of it that a frame shows, and how loud it is."""

from __future__ import annotations

import numpy as np

from avatar.face.audio_visemes import AHEAD, BEHIND
from avatar.media import SAMPLES_PER_FRAME, Samples

WINDOW = 1024
"""Samples in which the loudness is measured: 43 ms."""

_QUIET_DB = -55.0
_LOUDEST_DB = -24.0
_RANGE_DB = 26.0
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
        return self.between(time - WINDOW // 2, time + WINDOW // 2)

    def between(self, start: int, end: int) -> Samples:
        """float32 [end - start]; silence where there is no sound (yet)."""
        first = start - self._start
        taken = self._samples[max(first, 0) : max(first + end - start, 0)]
        window = np.zeros(end - start, dtype=np.float32)
        lead = max(-first, 0)
        window[lead : lead + taken.size] = taken[: max(window.size - lead, 0)]
        return window


class Loudness:
    """Follows the loudness of one reply, one frame at a time."""

    def __init__(self) -> None:
        self._full_db = _LOUDEST_DB
        self.level = 0.0
        """Loudness of the last frame, 0 (silent) to 1 (as loud as this voice gets)."""

    def step(self, window: Samples) -> float:
        """The level of the next frame. Args: window: float32 [WINDOW], the sound around the frame."""
        loudness = 10.0 * float(np.log10(np.mean(np.square(window)) + 1e-12))
        self._full_db = max(self._full_db - _RECOVERY_DB, loudness, _QUIET_DB + _RANGE_DB)
        self.level = min(max((loudness - self._full_db + _RANGE_DB) / _RANGE_DB, 0.0), 1.0)
        return self.level


KEPT = max(WINDOW, BEHIND, AHEAD, SAMPLES_PER_FRAME)
"""Samples behind the present that must be kept for the next frame."""
