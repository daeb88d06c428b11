"""Cuts a recording at its pauses into pieces that the recognizer takes in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from avatar.media import HEARING_RATE
from avatar.voice.hearing.vad import WINDOW, SpeechSpan, speech_spans

LONGEST_S = 11.0
"""Of one piece."""

_JOINED_PAUSE = int(1.25 * HEARING_RATE)
"""Across a longer pause Whisper, which is not asked for times, now and then leaves a sentence out."""

_LONGEST = int(LONGEST_S * HEARING_RATE)
_BEFORE = int(0.3 * HEARING_RATE)
_AFTER = int(0.4 * HEARING_RATE)
_LEAST_SPEECH = int(0.06 * HEARING_RATE)


def pieces(probabilities: NDArray[np.float32], length: int) -> list[SpeechSpan]:
    """The pieces in order, apart from each other, with a little silence around the speech; none where nobody speaks.

    Stretches of speech that fit into one piece together stay together, unless the pause between them is long; one
    that is too long is cut where speech is least likely.

    Args:
        probabilities: float32 [windows], of speech.
        length: samples of the recording, at HEARING_RATE.
    """
    spans = [part for span in speech_spans(probabilities) for part in _cut(span, probabilities)]
    if sum(span.end - span.start for span in spans) < _LEAST_SPEECH:
        return []
    return list(_padded(list(_gathered(spans)), length))


def _cut(span: SpeechSpan, probabilities: NDArray[np.float32]) -> Iterator[SpeechSpan]:
    """The span in parts that fit, each but the last at least half as long as may be."""
    start, most = span.start, _LONGEST - _BEFORE - _AFTER
    while span.end - start > most:
        first, last = (start + most // 2) // WINDOW, (start + most) // WINDOW
        end = (first + int(np.argmin(probabilities[first:last]))) * WINDOW
        yield SpeechSpan(start, end)
        start = end
    yield SpeechSpan(start, span.end)


def _gathered(spans: Sequence[SpeechSpan]) -> Iterator[SpeechSpan]:
    """Neighbours joined where they go into one piece."""
    held: SpeechSpan | None = None
    for span in spans:
        if held and _fit(held, span):
            held = SpeechSpan(held.start, span.end)
            continue
        if held:
            yield held
        held = span
    if held:
        yield held


def _fit(held: SpeechSpan, span: SpeechSpan) -> bool:
    """Whether two stretches go into one piece."""
    return span.start - held.end <= _JOINED_PAUSE and span.end - held.start <= _LONGEST - _BEFORE - _AFTER


def _padded(spans: Sequence[SpeechSpan], length: int) -> Iterator[SpeechSpan]:
    """Each span with silence on both sides, as far as the neighbours leave room; a gap is shared in the middle."""
    for index, span in enumerate(spans):
        before = (spans[index - 1].end + span.start) // 2 if index else 0
        after = (span.end + spans[index + 1].start) // 2 if index + 1 < len(spans) else length
        yield SpeechSpan(max(before, span.start - _BEFORE), min(after, span.end + _AFTER, length))
