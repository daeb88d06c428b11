"""Where the eyes rest: fixations, the jumps between them, and the tremor of a fixation.

In talk the listener looks at the speaker most of the time, the speaker looks away oftener, and who thinks looks up and
aside (A. Kendon, Some Functions of Gaze-Direction in Social Interaction, 1967; S. Lee, J. Badler and N. Badler, Eyes
Alive, 2002). Every glance away returns to the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass

from numpy.random import Generator

from avatar.face.drift import frames_until
from avatar.stages import Presence

Direction = tuple[float, float]
"""To the viewer's right, and up, in the units of `FaceParams.gaze_x` and `gaze_y`."""

VIEWER: Direction = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Habit:
    """How long the eyes stay with the viewer and how long away (medians in seconds), and where they go."""

    with_viewer: float
    away: float
    centre: Direction
    spread: Direction


_HABITS: dict[Presence, _Habit] = {
    "idle": _Habit(3.0, 0.9, (0.0, -0.04), (0.26, 0.10)),
    "listening": _Habit(4.5, 0.5, (0.0, -0.03), (0.14, 0.06)),
    "thinking": _Habit(0.7, 1.3, (0.30, 0.24), (0.10, 0.08)),
    "speaking": _Habit(2.2, 0.6, (0.0, -0.05), (0.22, 0.10)),
}
_REACH: Direction = (0.5, 0.35)
"""The furthest that the eyes turn; beyond it a person would turn the head."""

_TREMOR = 0.012
_TREMOR_SECONDS = 0.6
_FIRST_STEP = 0.62
"""A jump takes two frames; this much of it is done in the first."""

JUMP = 0.2
"""A jump this long, or longer, is one that people blink with."""


class Gaze:
    """The eyes of one face."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._target = self._place = VIEWER
        self._tremor = VIEWER
        self._presence: Presence = "idle"
        self._wait = frames_until(rng, _HABITS["idle"].with_viewer, 0.4)
        self._tremor_wait = frames_until(rng, _TREMOR_SECONDS, 0.5)
        self.jumped = False
        """Whether the last frame began a large jump."""

    @property
    def target(self) -> Direction:
        """What the person looks at, without tremor; the head leans that way."""
        return self._target

    def step(self, presence: Presence) -> Direction:
        """The direction in the next frame, as seen from a head that looks straight on."""
        before = self._target
        if presence != self._presence:
            self._turn_to(presence)
        self._wait -= 1
        if self._wait <= 0:
            self._refix()
        self.jumped = _distance(before, self._target) >= JUMP
        share = _FIRST_STEP if before != self._target else 1.0
        self._place = _towards(self._place, self._target, share)
        self._tremble()
        return self._place[0] + self._tremor[0], self._place[1] + self._tremor[1]

    def _turn_to(self, presence: Presence) -> None:
        """A new presence shows at once: thinking looks away, everything else looks at the viewer."""
        self._presence = presence
        self._target = self._aside() if presence == "thinking" else VIEWER
        habit = _HABITS[presence]
        self._wait = frames_until(self._rng, habit.away if presence == "thinking" else habit.with_viewer, 0.35)

    def _refix(self) -> None:
        habit = _HABITS[self._presence]
        away = self._target == VIEWER
        self._target = self._aside() if away else VIEWER
        self._wait = frames_until(self._rng, habit.away if away else habit.with_viewer, 0.45)

    def _aside(self) -> Direction:
        """A place beside the viewer, to either side."""
        habit = _HABITS[self._presence]
        side = 1.0 if self._rng.random() < 0.5 else -1.0
        x = side * habit.centre[0] + habit.spread[0] * float(self._rng.standard_normal())
        y = habit.centre[1] + habit.spread[1] * float(self._rng.standard_normal())
        return min(max(x, -_REACH[0]), _REACH[0]), min(max(y, -_REACH[1]), _REACH[1])

    def _tremble(self) -> None:
        """Tiny jumps within a fixation; each leads back across its middle."""
        self._tremor_wait -= 1
        if self._tremor_wait <= 0:
            x, y = self._rng.standard_normal(2)
            self._tremor = (_TREMOR * float(x), 0.6 * _TREMOR * float(y))
            self._tremor_wait = frames_until(self._rng, _TREMOR_SECONDS, 0.5)


def _distance(one: Direction, other: Direction) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))


def _towards(place: Direction, target: Direction, share: float) -> Direction:
    return place[0] + share * (target[0] - place[0]), place[1] + share * (target[1] - place[1])
