"""Marks speech and leaves it as loud as it was.

The mark lies where the ear hears least, but it takes up to 1.1 LU of some voices' loudness and gives up to 1.3 to
others'. It does so evenly through what a voice says, so the difference so far is that of what follows.
"""

from __future__ import annotations

import numpy as np

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.loudness import OFFSET, TARGET_LUFS, weighted
from avatar.voice.watermark.marking import Marker
from avatar.voice.watermark.network import MarkNetwork

_UNKNOWN = 0.1 * SPEECH_RATE * 10 ** ((TARGET_LUFS - OFFSET) / 10)
"""The power of a tenth of a second of speech, taken to be unchanged: what comes first is too short to tell."""

_RAMP = SPEECH_RATE // 5
"""Samples in which the gain changes from one piece to the next, at most."""

_CONTEXT = SPEECH_RATE // 5
"""Samples before a piece that its weighting still feels."""


class SteadyMarker:
    """Marks one stretch of speech that comes in blocks. Not shared between threads.

    Args:
        network: of the mark.
    """

    def __init__(self, network: MarkNetwork) -> None:
        self._marker = Marker(network)
        self._waiting = np.zeros(0, dtype=np.float32)
        self._past = np.zeros((2, _CONTEXT), dtype=np.float32)
        self._powers = np.full(2, _UNKNOWN)
        self._gain: float | None = None

    def push(self, block: Samples) -> Samples:
        """The next samples of the marked speech; see `Marker.push`."""
        self._waiting = np.concatenate([self._waiting, block])
        return self._steadied(self._marker.push(block))

    def flush(self) -> Samples:
        """What is left once the last block has come; nothing may be pushed after it."""
        return self._steadied(self._marker.flush())

    def _steadied(self, marked: Samples) -> Samples:
        """Marked samples with the gain that makes up for what the mark has taken or given so far."""
        if not marked.size:
            return marked
        both = np.stack([self._waiting[: marked.size], marked])
        self._waiting = self._waiting[marked.size :]
        known = np.concatenate([self._past, both], axis=1)
        self._powers += [np.square(weighted(each)[_CONTEXT:]).sum() for each in known]
        self._past = known[:, -_CONTEXT:]
        gain = float(np.sqrt(self._powers[0] / self._powers[1]))
        before, self._gain = gain if self._gain is None else self._gain, gain
        gains = np.full(marked.size, gain, dtype=np.float32)
        gains[:_RAMP] = np.linspace(before, gain, _RAMP, dtype=np.float32)[: marked.size]
        return marked * gains
