"""Marks speech as it is made: what has been marked goes out while the rest is still being spoken."""

from __future__ import annotations

import numpy as np

from avatar.media import Samples
from avatar.voice.watermark.network import (
    BINS,
    HOP,
    LEVEL_SPAN_DB,
    REACH,
    WINDOW,
    MarkNetwork,
    levels_of,
    overlapped,
    spectrum,
)

_MOST_DB = 12.0
"""No bin is changed by more than this; the network keeps far below it."""


class Marker:
    """Marks one stretch of speech that comes in blocks. Not shared between threads.

    The mark is added to the sound as it is, so what lies above 2 kHz stays as it was; peaks may rise a little. A
    block's last 64 ms wait for the next block, since their windows are not full; of what follows, the network sees what
    is there already.
    """

    def __init__(self, network: MarkNetwork) -> None:
        self._network = network
        self._sound = np.zeros(WINDOW // 2, dtype=np.float32)
        self._mark = np.zeros_like(self._sound)
        self._done = 0
        self._given = self._sound.size

    def push(self, block: Samples) -> Samples:
        """The next samples of the marked speech, float32 [0 .. n + WINDOW].

        Args:
            block: float32 [n] in -1..1 at SPEECH_RATE.
        """
        self._sound = np.concatenate([self._sound, block])
        self._add()
        return self._take(self._done * HOP)

    def flush(self) -> Samples:
        """What is left once the last block has come; nothing may be pushed after it."""
        end = self._sound.size
        self._sound = np.concatenate([self._sound, np.zeros(WINDOW, dtype=np.float32)])
        self._add()
        return self._take(end)

    def _add(self) -> None:
        """Mark the frames whose windows have filled since the last time. `_done` frames have their mark already."""
        count = (self._sound.size - WINDOW) // HOP + 1
        if count <= self._done:
            return
        frames = spectrum(self._sound)
        change = self._network.residual(levels_of(frames))[self._done :] * LEVEL_SPAN_DB
        factor = 10 ** (np.clip(change, -_MOST_DB, _MOST_DB) / 20) - 1
        added = np.zeros_like(frames[self._done :])
        added[:, :BINS] = frames[self._done :, :BINS] * factor
        self._mark = np.concatenate([self._mark, np.zeros(self._sound.size - self._mark.size, dtype=np.float32)])
        piece = overlapped(added)
        self._mark[self._done * HOP : self._done * HOP + piece.size] += piece
        self._done = count

    def _take(self, end: int) -> Samples:
        """The marked samples up to a place, once; what no later frame needs is forgotten."""
        if end <= self._given:
            return np.zeros(0, dtype=np.float32)
        marked = self._sound[self._given : end] + self._mark[self._given : end]
        past = max(0, self._done - REACH)
        self._sound, self._mark = self._sound[past * HOP :], self._mark[past * HOP :]
        self._done -= past
        self._given = end - past * HOP
        return marked
