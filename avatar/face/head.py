"""How the head is held: sway, the pose of each presence, and the small nods that go with speech.

A speaker's head moves with the voice: strong syllables bring short nods, the end of a sentence a deeper one, pauses
let it settle (H. Graf and others, Visual Prosody: Facial Movements Accompanying Speech, 2002). A listener nods now and
then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from avatar.face.drift import Drift, Spring, Values, bump, frames_until
from avatar.face.gaze import Direction
from avatar.face.mood import LOOKS, Look
from avatar.stages import Presence

HEAD = ("yaw", "pitch", "roll", "tx", "ty", "scale", "brow_up", "brow_down", "squint")
"""What this module moves, in the order of its values; angles in radians, as in `FaceParams`."""

LIMITS: Values = np.array([0.105, 0.095, 0.07, 0.03, 0.02, 0.02, 0.8, 0.4, 0.4])
"""The furthest that each goes either way: six degrees for the head, within what a photograph bears."""

_SWAY: Values = np.array([0.030, 0.015, 0.015, 0.005, 0.003, 0.004, 0.0, 0.0, 0.0])
_LIVELY: dict[Presence, float] = {"idle": 0.9, "listening": 0.7, "thinking": 0.8, "speaking": 1.35}
_POSES: dict[Presence, Values] = {
    "idle": np.zeros(len(HEAD)),
    "listening": np.array([0.0, -0.012, 0.018, 0.0, 0.0, 0.008, 0.10, 0.0, 0.05]),
    "thinking": np.array([0.030, 0.028, -0.022, 0.0, 0.0, -0.004, 0.12, 0.18, 0.16]),
    "speaking": np.array([0.0, 0.006, 0.0, 0.0, 0.0, 0.004, 0.06, 0.0, 0.0]),
}
_PITCH, _BROW = HEAD.index("pitch"), HEAD.index("brow_up")
_LEAN = 0.09
"""Radians of yaw for a glance to the far side: the head goes a little way with the eyes."""


@dataclass(slots=True)
class _Nod:
    """A nod under way: how deep (radians, down), how long (frames), how much brow goes with it."""

    depth: float
    length: int
    brow: float
    age: int = 0


class Head:
    """The head and brows of one face."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._slow = Drift(rng, 1.6, len(HEAD))
        self._quick = Drift(rng, 0.45, len(HEAD))
        self._pose = Spring(0.55, len(HEAD))
        self._lively = Spring(0.8, 1)
        self._nods: list[_Nod] = []
        self._side = 1.0
        self._presence: Presence = "idle"
        self._next_nod = frames_until(rng, 3.0, 0.4)

    def step(
        self,
        presence: Presence,
        look: Direction,
        *,
        stress: float,
        phrase_end: bool,
        manner: Look = LOOKS["calm"],
    ) -> Values:
        """The head in the next frame.

        Args:
            look: what the eyes are directed at.
            stress: how strong the syllable is that begins in this frame; 0 for none.
            phrase_end: the persona finishes a phrase in this frame.
            manner: how it nods and sways.

        Returns:
            float64 [len(HEAD)], within LIMITS.
        """
        if presence != self._presence:
            self._presence = presence
            self._side = 1.0 if self._rng.random() < 0.5 else -1.0
        self._begin_nods(presence, stress, phrase_end, manner)
        target = _POSES[presence] * self._sides()
        target[0] += _LEAN * look[0]
        lively = self._lively.step(np.array([manner.sway * _LIVELY[presence]]))[0]
        quick = 0.35 if presence == "speaking" else 0.15
        sway = _SWAY * lively * (self._slow.step() + quick * self._quick.step())
        pose = self._pose.step(target) + sway + self._nodding()
        return np.asarray(np.clip(pose, -LIMITS, LIMITS))

    def _sides(self) -> Values:
        """A pose may lean to either side; which, changes with the presence."""
        sides = np.ones(len(HEAD))
        sides[[0, 2]] = self._side
        return sides

    def _begin_nods(self, presence: Presence, stress: float, phrase_end: bool, manner: Look) -> None:
        quiet = all(nod.age * 2 > nod.length for nod in self._nods)
        self._next_nod -= 1
        if phrase_end and quiet:
            if manner.nods >= 1.0 or self._rng.random() < manner.nods:
                self._nod(0.018, 0.034, (13, 19), depth=manner.depth)
        elif stress > 0.0 and quiet and self._rng.random() < 0.6 * manner.nods:
            brow = 0.45 * stress if self._rng.random() < 0.35 else 0.0
            length = int(self._rng.integers(8, 12))
            self._nods.append(_Nod(0.026 * stress * manner.depth, length, brow))
        elif presence == "listening" and self._next_nod <= 0:
            self._next_nod = frames_until(self._rng, 4.0, 0.45)
            self._nod(0.020, 0.038, (12, 18))

    def _nod(self, least: float, most: float, frames: tuple[int, int], depth: float = 1.0) -> None:
        """Begin a nod of chance depth (radians) and length."""
        deep = depth * float(self._rng.uniform(least, most))
        self._nods.append(_Nod(deep, int(self._rng.integers(*frames)), 0.0))

    def _nodding(self) -> Values:
        moved = np.zeros(len(HEAD))
        for nod in self._nods:
            nod.age += 1
            moved[_PITCH] -= nod.depth * bump(nod.age, nod.length)
            moved[_BROW] += nod.brow * bump(nod.age, nod.length)
        self._nods = [nod for nod in self._nods if nod.age < nod.length]
        return moved
