"""Whether words of a clause were lost or said twice, judged from what a recognizer heard of it.

The recognizer errs, too: it takes one word for another, writes two as one, and leaves out what is said lightly. So what
counts is not what was changed, but what has no counterpart: written and heard are aligned (a weighted edit distance,
Wagner and Fischer, 1974, in which two units may also stand for one), and what is left over on either side is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from avatar.voice.checking.sounds import Said, unlike

_LEFT_OVER, _LEFT_OVER_LIGHT = 0.75, 0.35
"""The cost of a unit without a counterpart. Two of them cost more than any change, so a change stays a change."""

_STEPS = ((1, 1), (1, 0), (0, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1))
"""Units of either side that are taken together."""

_ALIKE = 0.34
"""How unlike a unit and its repetition may be."""

_NEAR = 8
"""Units within which something that was said twice is found."""

_LIGHT_RUN = 3
"""Light words that are missed one after another by no accident."""

_INVENTED = 2
"""Units that nobody wrote and that repeat nothing: one alone is the recognizer's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with one take of a clause; all nought where it is good.

    Attributes:
        lost: syllables or words that were not heard.
        repeated: those that were heard once more than they are written.
        added: those that were heard and stand nowhere.
        mute_s: seconds of silence where something should sound.
        listened: whether the words were listened to; a clause of a word or two is not.
    """

    lost: int = 0
    repeated: int = 0
    added: int = 0
    mute_s: float = 0.0
    listened: bool = True

    @property
    def faults(self) -> float:
        """How bad it is; 0 is good. A second of silence is as bad as three words."""
        return self.lost + self.repeated + self.added + 3.0 * self.mute_s


@dataclass(frozen=True, slots=True)
class _Step:
    """Units start..end of either side that stand for each other; an empty side has no counterpart."""

    written: tuple[int, int]
    heard: tuple[int, int]


def judge(written: Sequence[Said], heard: Sequence[Said]) -> Verdict:
    """Compare.

    Args:
        written: what should have been said.
        heard: what the recognizer understood.
    """
    steps = _aligned(written, heard)
    lost, repeated, added = 0, 0, 0
    for side, run in groupby(steps, key=_lone):
        group = list(run)
        if side == "written":
            lost += _lost([written[step.written[0]] for step in group])
        elif side == "heard":
            extra = [heard[step.heard[0]] for step in group]
            again = _repeated(extra, written, group[0].written[0])
            repeated += again
            added += len(extra) - again if len(extra) - again >= _INVENTED else 0
    return Verdict(lost, repeated, added)


def _lone(step: _Step) -> str:
    """Which side of a step stands alone."""
    if step.heard[0] == step.heard[1]:
        return "written"
    return "heard" if step.written[0] == step.written[1] else ""


def _lost(run: Sequence[Said]) -> int:
    """How many of the units that were not heard count."""
    heavy = sum(not each.light for each in run)
    return len(run) if len(run) >= _LIGHT_RUN else heavy


def _repeated(extra: Sequence[Said], written: Sequence[Said], at: int) -> int:
    """How many of the units that were heard besides are written near the place."""
    near = written[max(0, at - _NEAR) : at + _NEAR]
    alike = [each for each in extra if any(unlike(each.phones, other.phones) <= _ALIKE for other in near)]
    return _lost(alike)


def _aligned(written: Sequence[Said], heard: Sequence[Said]) -> list[_Step]:
    """The cheapest way to pair the two sides, in order."""
    rows, columns = len(written) + 1, len(heard) + 1
    cost = [[0.0] * columns for _ in range(rows)]
    came = [[(0, 0)] * columns for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            if i or j:
                cost[i][j], came[i][j] = min(
                    (cost[i - m][j - n] + _cost(written[i - m : i], heard[j - n : j]), (m, n))
                    for m, n in _STEPS
                    if m <= i and n <= j
                )
    steps = []
    i, j = rows - 1, columns - 1
    while i or j:
        m, n = came[i][j]
        steps.append(_Step((i - m, i), (j - n, j)))
        i, j = i - m, j - n
    return steps[::-1]


def _cost(written: Sequence[Said], heard: Sequence[Said]) -> float:
    if not written or not heard:
        return _LEFT_OVER_LIGHT if (written or heard)[0].light else _LEFT_OVER
    together = unlike("".join(each.phones for each in written), "".join(each.phones for each in heard))
    return together * max(len(written), len(heard))
