"""How visemes run into one another: the shape of the mouth at a moment of the reply.

Each gesture pulls the mouth towards its shape with a strength that is full while it sounds and falls off before and
after it; the shape is the mean of all that pull, weighted by their strength (M. Cohen and D. Massaro, Modeling
Coarticulation in Synthetic Visual Speech, 1993). So a t is said with the lips of the vowel beside it, while an s keeps
its narrow jaw. What must touch is not left to the mean: the lips of p, b and m close by a gate of their own, which
holds for two frames at least and beats every vowel.

Spans come clause by clause while the reply already sounds. A gesture reaches no further than REACH, so a moment's shape
is settled as soon as what sounds within REACH of it is known, and it does not matter in which pieces that came.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from avatar.face.params import MOUTH
from avatar.face.visemes import MOUTH_INDEX, SILENCE, Gesture, Mouth, gestures
from avatar.media import SPEECH_RATE, PhoneSpan

REACH = int(0.15 * SPEECH_RATE)
"""Samples that a gesture acts before its start and after its end: 150 ms."""

_DECAY = 0.045 * SPEECH_RATE
"""Samples in which the pull of a gesture falls to 1/e."""

_CORE = 0.5
"""The middle share of a gesture in which its pull is full; towards its ends it already gives way."""

_HOLD = (0.040 * SPEECH_RATE, 0.080 * SPEECH_RATE)
"""Half the time for which lips that touch stay closed, at least and at most: two to four frames in all."""

_BURST = 0.035 * SPEECH_RATE
"""Samples from the start of a p or b to its burst, up to which the lips are closed. Measured on 486 of the synthesis's,
in both languages: the sound falls 30 ms before the phone's start, and rises steepest 33 to 39 ms after it (medians)."""

_GATE_RAMP = 0.065 * SPEECH_RATE
"""Samples in which the lips come together before, and part after."""

_FULL_PAUSE = 0.160 * SPEECH_RATE
"""A pause this long shuts the mouth; a shorter one pulls less."""

_PHRASE_PAUSE = 0.150 * SPEECH_RATE
"""A pause this long ends a phrase."""

_REST_PULL = 0.03
"""The pull of the mouth at rest, which wins where no gesture reaches."""

Moment = tuple[Mouth, float]
"""A shape, and how far phones account for it (0..1)."""


class MouthTrack:
    """The gestures of one reply and the shapes that they make. Not shared between threads."""

    def __init__(self) -> None:
        self._gestures: list[Gesture] = []
        self._starts: list[int] = []

    def add(self, spans: Sequence[PhoneSpan], at: int) -> None:
        """Make phones known.

        Args:
            spans: in order, counted from sample `at` of the reply.
            at: the reply's sample from which they count.
        """
        for gesture in gestures(spans, at):
            place = bisect_right(self._starts, gesture.start)
            self._starts.insert(place, gesture.start)
            self._gestures.insert(place, gesture)

    def forget(self, before: int) -> None:
        """Drop the gestures that cannot matter any more at or after a sample."""
        done = 0
        while done < len(self._gestures) and self._gestures[done].end + REACH < before:
            done += 1
        del self._gestures[:done], self._starts[:done]

    def moment(self, time: int) -> Moment:
        """The mouth at a sample of the reply.

        Returns:
            The shape, and how far phones account for it: 1 while a known phone or pause sounds, falling to 0 at
            REACH from the nearest.
        """
        begun = self._gestures[: bisect_left(self._starts, time + REACH)]
        near = [gesture for gesture in begun if time < gesture.end + REACH]
        pull = np.full(len(MOUTH), _REST_PULL, dtype=np.float32)
        shape = np.zeros(len(MOUTH), dtype=np.float32)
        close = cover = 0.0
        for gesture in near:
            weight = _pull(gesture, time) * gesture.viseme.strength
            pull += weight
            shape += weight * gesture.viseme.shape
            close = max(close, _gate(gesture, time))
            cover = max(cover, 1.0 - _outside(gesture.start, gesture.end, time) / REACH)
        shape /= pull
        shape[MOUTH_INDEX["close"]] = close
        return shape, cover

    def phrase_ends(self, start: int, end: int) -> bool:
        """Whether a phrase ends within [start, end): a longer pause begins, or the last known sound is over."""
        place = bisect_left(self._starts, start)
        if any(_ends_phrase(gesture) for gesture in self._gestures[place : bisect_left(self._starts, end)]):
            return True
        last = self._gestures[-1] if self._gestures else None
        return last is not None and last.viseme.name != SILENCE and start <= last.end < end


def _ends_phrase(gesture: Gesture) -> bool:
    return gesture.viseme.name == SILENCE and gesture.end - gesture.start >= _PHRASE_PAUSE


def _outside(start: float, end: float, time: float) -> float:
    """Samples between a time and an interval; 0 within."""
    return max(start - time, time - end, 0.0)


def _pull(gesture: Gesture, time: int) -> float:
    """The dominance of a gesture at a time, 0..1; it reaches 0 at REACH from its ends."""
    centre, half = (gesture.start + gesture.end) / 2, (gesture.end - gesture.start) / 2
    pull = math.exp(-_outside(centre - _CORE * half, centre + _CORE * half, time) / _DECAY)
    taper = 1.0 - (_outside(gesture.start, gesture.end, time) / REACH) ** 2
    if gesture.viseme.name == SILENCE:
        pull *= min(1.0, 2 * half / _FULL_PAUSE)
    return pull * max(0.0, taper)


def _gate(gesture: Gesture, time: int) -> float:
    """The share of the opening that a closing gesture takes away at a time: a plateau with smooth flanks."""
    if gesture.viseme.closure == 0.0:
        return 0.0
    half = (gesture.end - gesture.start) / 2
    hold = _HOLD[0] if gesture.viseme.bursts else min(max(half, _HOLD[0]), _HOLD[1])
    centre = gesture.start + (_BURST - hold if gesture.viseme.bursts else half)
    distance = min(_outside(centre - hold, centre + hold, time) / _GATE_RAMP, 1.0)
    return gesture.viseme.closure * (0.5 + 0.5 * math.cos(math.pi * distance))
