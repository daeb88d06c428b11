"""Words that somebody asked to be stressed: longer and higher, within what the same speaker would do.

A stressed word lasts a fifth longer and lies a semitone higher (D. Bolinger, Intonation and its parts, 1986: length and
pitch are its main signs). The units of the timeline are doubled or dropped, so the length stays exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from avatar.voice.speaking.acoustics import Encoded
from avatar.voice.speaking.words import Symbol, Word


@dataclass(frozen=True, slots=True)
class _Level:
    """What a level does: every so manieth unit is doubled (or dropped, where negative); F0 is multiplied."""

    every: int
    pitch: float


_LEVELS = {"strong": _Level(4, 1.07), "moderate": _Level(7, 1.035), "reduced": _Level(-8, 0.97)}


def emphasised(encoded: Encoded, symbols: Sequence[Symbol], words: Sequence[Word]) -> Encoded:
    """A stretch of speech with the stress that its words ask for.

    Args:
        symbols: its tokens.
        words: of the whole clause.
    """
    if not any(words[symbol.word].emphasis for symbol in symbols):
        return encoded
    levels = ["", *(words[symbol.word].emphasis for symbol in symbols), ""]
    times = np.ones(encoded.owners.size, dtype=np.int64)
    pitch = np.ones(encoded.owners.size, dtype=np.float32)
    for name, level in _LEVELS.items():
        units = np.flatnonzero([levels[owner] == name for owner in encoded.owners.tolist()])
        pitch[units] = level.pitch
        times[units[abs(level.every) - 1 :: abs(level.every)]] = 2 if level.every > 0 else 0
    frames = np.repeat(times, 2)
    return replace(
        encoded,
        owners=np.repeat(encoded.owners, times),
        features=np.ascontiguousarray(np.repeat(encoded.features, times, axis=2)),
        f0=np.repeat(encoded.f0 * np.repeat(pitch, 2), frames, axis=1),
        energy=np.repeat(encoded.energy, frames, axis=1),
    )
