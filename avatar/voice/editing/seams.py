"""Where a recording is cut, and how two sounds are joined there.

A seam lies in silence if there is some at the border of the words; else where both sounds are low, steady and alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE
from avatar.voice.editing.features import HOP, Features
from avatar.voice.editing.phrases import Span

Waves = NDArray[np.float32]
"""float32 [n, channels] in -1..1."""

_REACH = SPEECH_RATE * 60 // 1000
"""Samples around a border of words within which it is cut."""

_APART_S = 0.030
"""By so much one side may be cut later than the other at the price of half a seam in full speech."""

_OUTSIDE_S = 0.040
_ALIKE = 0.6
_SPREAD_DB = 8.0
"""Two spectra that differ by so much on the mean are as unlike as can be."""

_LONGEST_GAP = SPEECH_RATE * 3 // 10
FADE_S = 0.012
"""Seconds of a cross-fade: one to three periods of a voice."""


@dataclass(frozen=True, slots=True)
class Border:
    """Where one word ends and the next begins in a sound, in samples at SPEECH_RATE; between them lies a pause."""

    end: int
    begin: int

    @classmethod
    def between(cls, before: Span | None, after: Span | None, size: int) -> Border:
        """Of two words; one of them may be missing at the ends of a sound of so many samples."""
        begin = after[0] if after else size
        end = min(before[1], begin) if before else 0
        return cls(end, begin)


@dataclass(frozen=True, slots=True)
class Seam:
    """Where the sound on the left stops and the one on the right goes on, in samples at SPEECH_RATE.

    Attributes:
        cost: 0 in silence, about 2 in the midst of two different vowels.
    """

    left: int
    right: int
    cost: float


def seam(left: Features, right: Features, there: Border, here: Border) -> Seam:
    """The best place to go over from one sound to the other.

    Args:
        left, right: the sounds; what goes on is the right one's second word.
        there, here: the border in the left and in the right sound.
    """
    one, other = _frames(there, left.level.size), _frames(here, right.level.size)
    loud = left.presence[one][:, None] + right.presence[other][None, :]
    distance = np.abs(left.shape[one][:, None, :] - right.shape[other][None, :, :]).mean(axis=2) / _SPREAD_DB
    unlike = np.minimum(distance, 1.0) * np.minimum(left.presence[one][:, None], right.presence[other][None, :])
    moved = np.abs((one * HOP - there.begin)[:, None] - (other * HOP - here.begin)[None, :]) / SPEECH_RATE
    beyond = (_outside(one, there)[:, None] + _outside(other, here)[None, :]) / SPEECH_RATE
    cost = loud + _ALIKE * unlike + 0.5 * moved / _APART_S + 0.5 * beyond / _OUTSIDE_S
    row, column = np.unravel_index(int(cost.argmin()), cost.shape)
    return Seam(int(one[row]) * HOP, int(other[column]) * HOP, float(loud[row, column] + _ALIKE * unlike[row, column]))


def _frames(border: Border, count: int) -> NDArray[np.int64]:
    """The frames in which a sound may be cut."""
    end = max(border.end, border.begin - _LONGEST_GAP)
    first = max(0, (end - _REACH) // HOP)
    last = min(count - 1, (border.begin + _REACH) // HOP)
    return np.arange(min(first, count - 1), max(last, min(first, count - 1)) + 1)


def _outside(frames: NDArray[np.int64], border: Border) -> NDArray[np.int64]:
    """Samples by which frames lie before the one word's end or after the other's beginning."""
    place = frames * HOP
    return np.asarray(np.maximum(0, border.end - place) + np.maximum(0, place - border.begin))


def in_step(before: Waves, after: Waves, at: int, reach: int, size: int) -> int:
    """By how many samples the second sound is shifted so that both swing together through a cross-fade.

    Args:
        before: float32 [size]: what is faded out.
        after: float32 [n]: a sound that holds what is faded in, from `at` on.
        reach: the most, either way.
        size: of the cross-fade.
    """
    first, last = max(0, at - reach), min(after.size - size, at + reach)
    if last < first or size < 8 or not before.any():
        return 0
    pieces = np.lib.stride_tricks.sliding_window_view(after[first : last + size], size).astype(np.float64)
    norms = np.sqrt((pieces**2).sum(axis=1)) * np.sqrt(float((before.astype(np.float64) ** 2).sum())) + 1e-9
    likeness = pieces @ before / norms
    nearness = 0.1 * np.abs(np.arange(first, last + 1) - at) / max(1, reach)
    return int(np.argmax(likeness - nearness)) + first - at


def crossfaded(out: Waves, into: Waves) -> Waves:
    """One sound fading into another with the power of both throughout: equal power where they have nothing in common,
    equal gain where they are the same.

    Args:
        out, into: float32 [n, channels] each.
    """
    count = len(out)
    if count == 0:
        return out
    turn = (np.arange(count) + 0.5) / count * np.pi / 2
    down, up = np.cos(turn)[:, None], np.sin(turn)[:, None]
    product = float((out.astype(np.float64) * into).sum())
    alike = product / (np.sqrt(float((out**2).sum()) * float((into**2).sum())) + 1e-12)
    scale = 1 / np.sqrt(1 + 2 * down * up * float(np.clip(alike, 0.0, 1.0)))
    return np.asarray((down * out + up * into) * scale, dtype=np.float32)


def spliced(raw: NDArray[Any], pieces: list[tuple[int, int, NDArray[Any]]]) -> NDArray[Any]:
    """A recording with stretches replaced; all else is the same, sample for sample.

    Args:
        raw: [n, channels].
        pieces: where each stretch begins and ends in `raw` and what comes in its place, in order and apart.
    """
    parts, at = [], 0
    for start, end, sound in pieces:
        parts += [raw[at:start], sound]
        at = end
    return np.concatenate([*parts, raw[at:]])
