"""Loudness and edges: every voice equally loud, nothing above -1 dBFS, no clicks where sound begins and ends."""

from __future__ import annotations

import numpy as np

from avatar.media import SPEECH_RATE, Samples

CEILING = 10 ** (-1 / 20)
"""The loudest sample: -1 dBFS."""

_KNEE = 0.7
_FADE_OUT = SPEECH_RATE * 25 // 1000


def levelled(samples: Samples, gain_db: float) -> Samples:
    """The samples at a voice's gain, bent softly towards the ceiling above the knee; below it they are untouched.

    Without memory, so windows of one clause meet without a step.

    Args:
        samples: float32 [n].
        gain_db: constant for a voice.
    """
    louder = samples * np.float32(10 ** (gain_db / 20))
    size = np.abs(louder)
    room = CEILING - _KNEE
    bent = _KNEE + room * np.tanh((size - _KNEE) / room)
    return np.where(size > _KNEE, np.sign(louder) * bent, louder).astype(np.float32)


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
