"""Silence at the two ends of speech that comes in pieces: what an engine leaves there is cut to what all have."""

from __future__ import annotations

import numpy as np

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.speaking import level

QUIET = 0.004
"""What counts as silence: -48 dBFS, of speech that has the shared loudness."""

LEAD = SPEECH_RATE * 40 // 1000
"""Samples of silence that stay before the first sound."""

TAIL = SPEECH_RATE * 80 // 1000
"""And after the last."""

_HELD = SPEECH_RATE * 25 // 1000
"""Always held back, so that there is something to fade where the sound breaks off."""


class Trimmer:
    """One stretch of speech. What is silent may be its end, so it waits for the next sound."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, dtype=np.float32)
        self._begun = False

    def push(self, piece: Samples) -> Samples:
        """What is known to be speech by now: float32 [m], perhaps of another size than the piece, perhaps empty."""
        rest = np.concatenate([self._rest, piece])
        loud = np.flatnonzero(np.abs(rest) > QUIET)
        if not self._begun:
            rest = rest[max(0, (int(loud[0]) if loud.size else rest.size) - LEAD) :]
            loud = np.flatnonzero(np.abs(rest) > QUIET)
            self._begun = bool(loud.size)
        known = min(int(loud[-1]) + 1, rest.size - _HELD) if loud.size else 0
        known = max(0, known)
        self._rest = rest[known:]
        return rest[:known]

    def flush(self) -> Samples:
        """The end, sinking into silence; empty where nothing was ever heard."""
        if not self._begun:
            return np.zeros(0, dtype=np.float32)
        loud = np.flatnonzero(np.abs(self._rest) > QUIET)
        end = (int(loud[-1]) + 1 if loud.size else 0) + TAIL
        return level.fade_out(self._rest[:end])
