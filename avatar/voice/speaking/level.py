"""Loudness and edges: every clause of every voice equally loud, no clicks where sound begins and ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.limiter import Limiter
from avatar.voice.loudness import SILENT_LUFS, TARGET_LUFS, integrated

_FADE_OUT = SPEECH_RATE * 25 // 1000

_GROWTH = 0.3
"""Of the power with the encoder's energy: e to this. Over twelve voices and forty-two clauses it foretells loudness
best (0.5 LU left, 0.8 without); see docs/decisions/032-watermark-and-loudness.md."""

_BLOCK = 32
_STEP = 8
_GATE = 0.1
MOST_DB = 24.0
"""No gain is further from 1."""

_TRIALS = 4


def power(energy: NDArray[np.float32]) -> NDArray[np.float64]:
    """The power that the encoder's energy foretells, beside others of the same voice: float64 [n], without a unit.

    Args:
        energy: float32, any shape, n values.
    """
    return np.asarray(np.exp(_GROWTH * energy.ravel().astype(np.float64)))


def foretold(energy: NDArray[np.float32]) -> float:
    """How loud a clause will be beside others of its voice, in LU, from the energy that the encoder means it to have.

    Blocks of 0.4 s, of which the quiet ones do not count, as in ITU-R BS.1770.

    Args:
        energy: float32, any shape, a value each 12.5 ms.
    """
    powers = power(energy)
    if powers.size >= _BLOCK:
        powers = np.convolve(powers, np.full(_BLOCK, 1 / _BLOCK), "valid")[::_STEP]
    for _ in range(2):
        powers = powers[powers >= _GATE * powers.mean()]
    return float(10 * np.log10(powers.mean()))


def through_the_limiter(sound: Samples) -> float:
    """How loud a voice counts as, in LUFS: what it lacks to the shared loudness is what it needs before the limiter.

    Speech of high peaks loses loudness there, so it is raised until it has the shared loudness behind it.

    Args:
        sound: float32 [n], a sentence as the voice speaks it.
    """
    raised = 0.0
    for _ in range(_TRIALS):
        limiter = Limiter()
        louder = sound * np.float32(10 ** (raised / 20))
        lacking = TARGET_LUFS - integrated(np.concatenate([limiter.push(louder), limiter.flush()]))
        if not np.isfinite(lacking):
            return SILENT_LUFS
        raised += lacking
    return TARGET_LUFS - raised


def gain(loudness: float, wanted_db: float) -> np.float32:
    """The factor that brings a clause to the loudness that all share.

    Args:
        loudness: in LUFS, as the clause would be without it; -inf for a voice that has no sound.
        wanted_db: how much louder than others the voice shall be.
    """
    change = float(np.clip(TARGET_LUFS - loudness, -MOST_DB, MOST_DB)) if np.isfinite(loudness) else 0.0
    return np.float32(10 ** ((change + wanted_db) / 20))


def fade_out(samples: Samples) -> Samples:
    """The last 25 ms sink into silence."""
    faded = samples.copy()
    count = min(_FADE_OUT, faded.size)
    faded[faded.size - count :] *= np.linspace(1.0, 0.0, count, dtype=np.float32)
    return faded


def joined(tail: Samples, head: Samples) -> Samples:
    """The head, its beginning cross-faded with what came before it.

    Args:
        tail: float32 [k], what the window before would have gone on with.
        head: float32 [n], n >= k.
    """
    count = tail.size
    rising = (0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(1, count))).astype(np.float32)
    mixed = head.copy()
    mixed[:count] = head[:count] * rising + tail * (1 - rising)
    return mixed
