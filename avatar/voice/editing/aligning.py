"""When each token of a transcript sounds in a recording.

First roughly, by the recognizer's word times, which also tell whether the transcript is what is said. Then closely,
around a change: the voice says the same words, and time is bent until both agree (`fitting.alignment`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.errors import Language, TextError
from avatar.media import SPEECH_RATE, Samples
from avatar.stages import HeardWord
from avatar.voice.editing.features import HOP, features
from avatar.voice.editing.pairing import paired
from avatar.voice.editing.phrases import Phrase, Span
from avatar.voice.editing.texts import Change, Token, tokens
from avatar.voice.fitting.alignment import cepstra, warped
from avatar.voice.speaking.graph import LATENT_HOP

MOST_WRONG = 0.5
"""The share of a transcript that may be heard as something else."""

WIDEST_S = 9.0
"""Seconds that are looked at around a change."""

_CONTEXT_S = 3.0
"""On either side of it, where the recording is longer."""

_EDGE = SPEECH_RATE // 20
"""Samples that stay before the first word and after the last."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a recording around a change, and its tokens: first..last, the end exclusive."""

    start: int
    end: int
    first: int
    last: int


def rough_times(row: Sequence[Token], heard: Sequence[HeardWord], language: Language, size: int) -> tuple[Span, ...]:
    """About when each token sounds, in samples at SPEECH_RATE.

    Args:
        row: the transcript.
        heard: by the recognizer.
        size: samples of the recording.

    Raises:
        TextError: something else is said.
    """
    known = [(token.plain, *span) for word in heard for token, span in _shared(word, language)]
    pairs = paired([token.plain for token in row], [plain for plain, _, _ in known])
    same = sum(1 for mine, theirs in pairs if _alike(row, known, mine, theirs))
    if same < (1 - MOST_WRONG) * len(row) or same < (1 - MOST_WRONG) * len(known):
        raise TextError(
            "The transcript is not what the recording says. Correct it, or leave it out.",
            "文字稿与录音内容不符。请改正,或不提供文字稿。",
            code="edit_wrong_transcript",
        )
    times: list[Span | None] = [None] * len(row)
    for mine, theirs in pairs:
        if mine is not None and theirs is not None:
            _, start, end = known[theirs]
            times[mine] = (min(size, int(start * SPEECH_RATE)), min(size, int(end * SPEECH_RATE)))
    return _filled(times, size)


def _shared(word: HeardWord, language: Language) -> list[tuple[Token, tuple[float, float]]]:
    """A heard word's tokens, which share its time by their sounds."""
    row = tokens(word.text, language)
    edges = np.cumsum([0, *(max(1, len(token.sounds)) for token in row)])
    scale = (word.end - word.start) / max(1, int(edges[-1]))
    return [
        (token, (word.start + float(edges[at]) * scale, word.start + float(edges[at + 1]) * scale))
        for at, token in enumerate(row)
    ]


def _alike(
    row: Sequence[Token], known: Sequence[tuple[tuple[str, ...], float, float]], mine: int | None, theirs: int | None
) -> bool:
    return mine is not None and theirs is not None and row[mine].plain == known[theirs][0]


def _filled(times: Sequence[Span | None], size: int) -> tuple[Span, ...]:
    """Tokens that nothing was heard for share what lies between their neighbours."""
    found: list[Span] = []
    for at, own in enumerate(times):
        if own is not None:
            found.append(own)
            continue
        after = next((each for each in times[at:] if each is not None), None)
        count = next((step for step, each in enumerate(times[at:]) if each is not None), len(times) - at)
        start = found[-1][1] if found else 0
        end = max(start, after[0] if after else size)
        found.append((start, start + (end - start) // max(1, count)))
    return tuple(found)


def window(times: Sequence[Span], change: Change, limits: tuple[int, int], sound: Samples) -> Window:
    """What is looked at for a change.

    Args:
        times: about when each token sounds.
        limits: the tokens that may be in it, the end exclusive: those of the change, and none of another one.
        sound: float32 [n] at SPEECH_RATE, the recording.
    """
    low, high = limits
    whole = times[high - 1][1] - times[low][0] if high > low else 0
    first, last = low, high
    if whole > WIDEST_S * SPEECH_RATE:
        reach = int(_CONTEXT_S * SPEECH_RATE)
        begin = times[change.start][0] if change.start < len(times) else sound.size
        end = times[change.end - 1][1] if change.end > change.start else begin
        inside = [at for at in range(low, high) if times[at][1] > begin - reach and times[at][0] < end + reach]
        first, last = min(inside, default=change.start), max(inside, default=change.end - 1) + 1
    start = 0 if first == 0 else times[first][0]
    stop = sound.size if last == len(times) else times[last][0]
    return _trimmed(Window(start, max(start, stop), first, last), sound)


def _trimmed(found: Window, sound: Samples) -> Window:
    """The window without the silence at its ends, which would be taken for words."""
    part = sound[found.start : found.end]
    if part.size < HOP:
        return found
    present = np.flatnonzero(features(part).presence > _PRESENT)
    if not present.size:
        return found
    start = max(found.start, found.start + int(present[0]) * HOP - _EDGE)
    end = min(found.end, found.start + int(present[-1]) * HOP + _EDGE)
    return Window(start, end, found.first, found.last)


_PRESENT = 0.3


def path(phrase: Phrase, recorded: Samples) -> NDArray[np.float64]:
    """Where each frame (`features.HOP`) of a phrase lies in a recording of the same words, in frames: float64 [frames].

    Args:
        phrase: as the voice says it.
        recorded: float32 [n] at SPEECH_RATE.
    """
    place = warped(cepstra(phrase.samples), cepstra(recorded))
    frames = np.arange(phrase.samples.size // HOP + 1) * HOP / LATENT_HOP
    return np.asarray(np.interp(frames, np.arange(place.size), place) * LATENT_HOP / HOP, dtype=np.float64)


def close_times(phrase: Phrase, way: NDArray[np.float64], size: int) -> tuple[Span, ...]:
    """When each token of a phrase sounds in a recording of the same words, in samples.

    Args:
        way: as `path` gives it.
        size: samples of the recording.
    """

    def there(here: int) -> int:
        return int(np.clip(np.interp(here / HOP, np.arange(way.size), way) * HOP, 0, size))

    return tuple((there(start), there(end)) for start, end in phrase.spans)
