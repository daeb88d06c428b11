"""Marks speech as it is made: what has been marked goes out while the rest is still being spoken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from avatar.errors import Language
from avatar.media import ClauseSpeech, Samples
from avatar.stages import Pronouncer, Synthesizer
from avatar.voice.speaking.level import levelled
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

    The mark is added to the sound as it is, so what lies above 2 kHz stays as it was. A block's last 64 ms wait for the
    next block, since their windows are not full; of what follows, the network sees what is there already.
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
        marked = levelled(self._sound[self._given : end] + self._mark[self._given : end], 0.0)
        past = max(0, self._done - REACH)
        self._sound, self._mark = self._sound[past * HOP :], self._mark[past * HOP :]
        self._done -= past
        self._given = end - past * HOP
        return marked


def marked(network: MarkNetwork, blocks: Iterator[Samples]) -> Iterator[Samples]:
    """The blocks of one stretch of speech, marked; as many samples in all, in blocks of other lengths."""
    marker = Marker(network)
    try:
        for block in blocks:
            ready = marker.push(block)
            if ready.size:
                yield ready
        rest = marker.flush()
        if rest.size:
            yield rest
    finally:
        close = getattr(blocks, "close", None)
        if close is not None:
            close()


class WatermarkedSynthesizer:
    """A synthesizer all of whose speech is marked; it is the other's in everything else.

    Args:
        inner: the synthesizer.
        network: marks.
    """

    def __init__(self, inner: Synthesizer, network: MarkNetwork) -> None:
        self._inner = inner
        self._network = network

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def device(self) -> str:
        return self._inner.device

    def warm(self, voices: Sequence[str] = ()) -> None:
        """Prepare voices, where the other can."""
        warm = getattr(self._inner, "warm", None)
        if warm is not None:
            warm(voices)

    def close(self) -> None:
        """Close what the other holds open."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            close()

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """See `avatar.stages.Synthesizer.speak`."""
        speech = self._inner.speak(clause, voice, language=language, speed=speed)
        return replace(speech, chunks=marked(self._network, speech.chunks))


class WatermarkedPronouncer(WatermarkedSynthesizer):
    """The same for a synthesizer that can be told how words are read."""

    def __init__(self, inner: Synthesizer, network: MarkNetwork) -> None:
        super().__init__(inner, network)
        self._pronouncer = cast(Pronouncer, inner)

    def pronouncing(self, readings: Mapping[str, str]) -> Synthesizer:
        """See `avatar.stages.Pronouncer.pronouncing`."""
        return watermarked(self._pronouncer.pronouncing(readings), self._network)


def watermarked(synthesizer: Synthesizer, network: MarkNetwork) -> Synthesizer:
    """A synthesizer all of whose speech is marked."""
    if isinstance(synthesizer, Pronouncer):
        return WatermarkedPronouncer(synthesizer, network)
    return WatermarkedSynthesizer(synthesizer, network)
