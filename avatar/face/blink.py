"""Blinks: when the lids fall, and how.

The intervals between blinks are skewed, close to log-normal; people blink more often while they talk than while they
listen or look (A. Bentivoglio and others, Analysis of Blink Rate Patterns in Normal Subjects, 1997), and like to blink
where a phrase ends or the eyes jump. A lid falls in about 80 ms and takes twice as long to rise.
"""

from __future__ import annotations

from numpy.random import Generator

from avatar.face.drift import frames_until
from avatar.stages import Presence

COURSE = (0.45, 0.95, 1.0, 0.72, 0.38, 0.14)
"""How far the lids are shut in the frames of one blink; before and after it they are open (0)."""

_MEDIAN_SECONDS: dict[Presence, float] = {"idle": 3.6, "listening": 4.4, "thinking": 2.6, "speaking": 2.7}
_SPREAD = 0.5
_LEAST_GAP = 12
_PHRASE_END, _JUMP, _AGAIN = 0.45, 0.35, 0.10
"""How often a phrase's end, a large jump of the eyes, and a blink itself bring (another) one."""


class Blinks:
    """The lids of one face."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._age = len(COURSE)
        self._wait = frames_until(rng, 2.0, 0.3)
        self._since = 0

    def step(self, presence: Presence, *, phrase_end: bool, jump: bool) -> tuple[float, float]:
        """The lids in the next frame.

        Args:
            phrase_end: the persona finishes a phrase in this frame.
            jump: the eyes move far in this frame.

        Returns:
            How far the person's left and right lids are shut, 0..1; one follows the other a little less far.
        """
        self._wait -= 1
        self._since += 1
        if (phrase_end and self._rng.random() < _PHRASE_END) or (jump and self._rng.random() < _JUMP):
            self._wait = min(self._wait, int(self._rng.integers(0, 4)))
        if self._age >= len(COURSE) and self._wait <= 0 and self._since >= _LEAST_GAP:
            self._start(presence)
        if self._age >= len(COURSE):
            return 0.0, 0.0
        shut = COURSE[self._age]
        self._age += 1
        self._since = 0
        return shut, shut * (1.0 if shut >= 0.95 else 0.94)

    def _start(self, presence: Presence) -> None:
        self._age = 0
        again = self._rng.random() < _AGAIN
        self._wait = _LEAST_GAP + len(COURSE) if again else frames_until(self._rng, _MEDIAN_SECONDS[presence], _SPREAD)
