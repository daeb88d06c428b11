"""Where a clause is silent and should not be. Nobody needs to be asked for that: the sound tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from avatar.media import SPEECH_RATE, PhoneSpan, Samples

_HOP = SPEECH_RATE // 50
_BELOW = 10 ** (-45 / 20)
"""Against the loudest 20 ms. Speech fades to about -40 dB within a word."""

_CLOSURE_S = 0.25
"""Silence within sounding phones that is no closure of a plosive, nor a border told a little too early or too late."""

_PAUSE_S = 1.2
"""Silence where nothing is known of phones; the longest pause that a mark makes is shorter."""

_SILENT = "sil"


def mute_s(sound: Samples, phones: Sequence[PhoneSpan]) -> float:
    """Seconds of the longest silence where something should sound; 0 where it is none to speak of.

    Args:
        sound: float32 [n] at SPEECH_RATE, a whole clause.
        phones: what should sound when; may be empty.
    """
    if sound.size < _HOP:
        return 0.0
    frames = sound[: sound.size // _HOP * _HOP].reshape(-1, _HOP).astype(np.float64)
    levels = np.sqrt(np.mean(frames**2, axis=1))
    silent = levels <= max(float(levels.max()) * _BELOW, 1e-5)
    if not phones:
        longest = _longest(silent)
        return longest if longest > _PAUSE_S else 0.0
    due = np.zeros(silent.size, dtype=np.bool_)
    for span in phones:
        if span.phone != _SILENT:
            due[span.start // _HOP : -(-span.end // _HOP)] = True
    longest = _longest(silent & due)
    return longest if longest > _CLOSURE_S else 0.0


def _longest(frames: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """Seconds of the longest run of True."""
    longest = run = 0
    for value in frames.tolist():
        run = run + 1 if value else 0
        longest = max(longest, run)
    return longest * _HOP / SPEECH_RATE
