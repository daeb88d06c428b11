"""Finds the mark in a recording, whoever made the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.watermark.network import WINDOW, MarkNetwork, levels_of, spectrum

THRESHOLD = 0.5
"""A stretch with this score or more is taken for marked; marked speech lies near 1, other sound near 0."""

STRETCH_S = 4.0
"""A longer recording is judged in stretches of this length, half overlapping, so that a part is found, too."""

_LEAST_S = 0.5
_SILENCE = 1e-4


@dataclass(frozen=True, slots=True)
class Detection:
    """What a recording tells.

    Attributes:
        score: of the stretch that is marked most surely, 0..1.
        spans: where it is marked, in seconds, in order, not touching.
        seconds: how long the recording is.
    """

    score: float
    spans: tuple[tuple[float, float], ...]
    seconds: float

    @property
    def marked(self) -> bool:
        return bool(self.spans)

    @property
    def share(self) -> float:
        """How much of the recording is marked, 0..1."""
        return sum(end - start for start, end in self.spans) / self.seconds if self.seconds else 0.0


def detect(samples: Samples, network: MarkNetwork) -> Detection:
    """Look for the mark.

    Args:
        samples: float32 [n] at SPEECH_RATE. Less than half a second, and silence, tell nothing: score 0.
        network: judges.
    """
    size, step = int(STRETCH_S * SPEECH_RATE), int(STRETCH_S * SPEECH_RATE) // 2
    starts = range(0, max(1, samples.size - step), step)
    scores = [(start, _score(samples[start : start + size], network)) for start in starts]
    spans: list[tuple[float, float]] = []
    for start, score in scores:
        if score >= THRESHOLD:
            begin, end = start / SPEECH_RATE, min(samples.size, start + size) / SPEECH_RATE
            if spans and begin <= spans[-1][1]:
                begin = spans.pop()[0]
            spans.append((begin, end))
    best = max((score for _, score in scores), default=0.0)
    return Detection(best, tuple(spans), samples.size / SPEECH_RATE)


def _score(stretch: Samples, network: MarkNetwork) -> float:
    if stretch.size < _LEAST_S * SPEECH_RATE or float(np.abs(stretch).max()) < _SILENCE:
        return 0.0
    padded = np.pad(stretch, WINDOW // 2)
    return network.score(levels_of(spectrum(padded)))
