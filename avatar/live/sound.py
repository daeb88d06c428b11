"""The user's sound as it arrives: resampled for the recognizers, kept only as long as it may be asked for."""

from __future__ import annotations

import numpy as np
import soxr

from avatar.media import HEARING_RATE, SPEECH_RATE, Samples


class HeardSound:
    """The last stretch of the microphone's sound, addressed by its position since the session began."""

    def __init__(self) -> None:
        self._resampler = soxr.ResampleStream(SPEECH_RATE, HEARING_RATE, 1, dtype="float32", quality="HQ")
        self._kept: Samples = np.zeros(0, dtype=np.float32)
        self._start = 0

    @property
    def end(self) -> int:
        """Samples at HEARING_RATE received so far."""
        return self._start + self._kept.size

    def append(self, samples: Samples) -> Samples:
        """Take in sound.

        Args:
            samples: float32 [n] at SPEECH_RATE.

        Returns:
            What became available of it: float32 [m] at HEARING_RATE.
        """
        fresh = np.asarray(self._resampler.resample_chunk(samples), dtype=np.float32)
        self._kept = np.concatenate([self._kept, fresh])
        return fresh

    def part(self, start: int, end: int) -> Samples:
        """A copy of the sound between two positions at HEARING_RATE; what was let go of is left out."""
        return self._kept[max(0, start - self._start) : max(0, end - self._start)].copy()

    def forget_before(self, position: int) -> None:
        """Let go of everything before a position."""
        surplus = min(position - self._start, self._kept.size)
        if surplus > 0:
            self._kept = self._kept[surplus:]
            self._start += surplus
