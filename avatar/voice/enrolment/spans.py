"""Where to cut a recording: at its pauses, into stretches that a recognizer and a fit can take at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.media import HEARING_RATE, SPEECH_RATE, Samples
from avatar.voice.hearing.vad import WINDOW, SpeechSpan, speech_spans

LONGEST_S = 10.0
SHORTEST_S = 1.0
"""A stretch that is shorter is left out, unless it is the only one."""

_JOIN_S = 0.7
_EDGE_S = 0.08
_PAUSE_S = 0.25


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of speech, in samples at SPEECH_RATE; the end is exclusive."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.end - self.start) / SPEECH_RATE


def spans(speech: NDArray[np.float32], length: int) -> tuple[Span, ...]:
    """The stretches, in order and apart from each other.

    Args:
        speech: float32 [windows]: Silero's probabilities.
        length: samples of the recording, at SPEECH_RATE.
    """
    parts = [part for each in speech_spans(speech, pause_s=_PAUSE_S) for part in _divided(each, speech)]
    joined = [Span(*_placed(part, length)) for part in _joined(parts)]
    apart = [
        Span(max(span.start, joined[at - 1].end) if at else span.start, span.end) for at, span in enumerate(joined)
    ]
    long = tuple(span for span in apart if span.seconds >= SHORTEST_S)
    return long or tuple(apart[:1])


def pauses(sound: Samples, speech: NDArray[np.float32]) -> Samples:
    """What is heard between the words, joined: float32 [n] at SPEECH_RATE, digital silence left out."""
    scale = SPEECH_RATE * WINDOW // HEARING_RATE
    quiet = np.convolve(speech >= 0.15, np.ones(7), mode="same") == 0
    parts = [sound[index * scale : (index + 1) * scale] for index in np.flatnonzero(quiet)]
    sounding = [part for part in parts if part.size and float(np.abs(part).max()) > 1e-5]
    return np.concatenate(sounding) if sounding else np.zeros(0, dtype=np.float32)


def _divided(span: SpeechSpan, speech: NDArray[np.float32]) -> Iterator[SpeechSpan]:
    """The span in parts that are short enough, cut where speech is least likely."""
    most = int(LONGEST_S * HEARING_RATE)
    start = span.start
    while span.end - start > most:
        first, last = (start + most // 2) // WINDOW, (start + most) // WINDOW
        end = (first + int(np.argmin(speech[first:last]))) * WINDOW
        yield SpeechSpan(start, end)
        start = end
    yield SpeechSpan(start, span.end)


def _joined(parts: Sequence[SpeechSpan]) -> Iterator[SpeechSpan]:
    """Neighbours together where the pause between is short and both are not too long."""
    held: SpeechSpan | None = None
    for part in parts:
        if held is None:
            held = part
        elif part.start - held.end <= _JOIN_S * HEARING_RATE and part.end - held.start <= LONGEST_S * HEARING_RATE:
            held = SpeechSpan(held.start, part.end)
        else:
            yield held
            held = part
    if held is not None:
        yield held


def _placed(span: SpeechSpan, length: int) -> tuple[int, int]:
    """In samples at SPEECH_RATE, with a little more on either side."""
    edge = round(_EDGE_S * SPEECH_RATE)
    scale = SPEECH_RATE / HEARING_RATE
    return max(0, round(span.start * scale) - edge), min(length, round(span.end * scale) + edge)
