"""How a face wears the style of what it says: brows, lids, the mouth's corners, the head's pose, and how it nods.

What the muscles do in each follows P. Ekman and W. Friesen (Facial Action Coding System, 1978): the smile that reaches
the eyes raises corners and lower lids, sorrow raises the brows' inner ends, sternness lowers brows. All is kept
well below what an actor would do: the photograph's own expression stays, and people see small changes of a face.
An expression comes in about half a second and goes a little slower, like a spontaneous one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from avatar.face.drift import Spring, Values
from avatar.stages import Style

CHANNELS = ("smile", "wide", "squint", "brow_up", "brow_down", "brow_inner", "lids", "gaze_y", "pitch", "roll")
"""What a mood adds to, in the order of its values: parameters of the face, and `lids`, which sink by so much."""


@dataclass(frozen=True, slots=True)
class Look:
    """One style on a face.

    Attributes:
        worn: the weights, by channel; a channel that is not named stays as it is.
        nods: how many of the usual nods come, 0..1.
        depth: how deep they are, 1 is as usual.
        sway: how far the head sways, 1 is as usual.
    """

    worn: dict[str, float] = field(default_factory=dict)
    nods: float = 1.0
    depth: float = 1.0
    sway: float = 1.0

    def values(self) -> Values:
        """float64 [len(CHANNELS)]."""
        return np.array([self.worn.get(name, 0.0) for name in CHANNELS])


LOOKS: dict[Style, Look] = {
    "calm": Look(),
    "warm": Look(
        {"smile": 0.48, "squint": 0.16, "brow_up": 0.10, "brow_inner": 0.10, "pitch": -0.008, "roll": 0.022},
        depth=1.1,
    ),
    "sad": Look(
        {"smile": -0.34, "wide": -0.06, "brow_inner": 0.48, "lids": 0.07, "gaze_y": -0.10, "pitch": -0.030,
         "roll": 0.014},
        nods=0.55, depth=0.75, sway=0.7,
    ),
    "stern": Look(
        {"smile": -0.16, "squint": 0.14, "brow_down": 0.62, "lids": 0.04, "pitch": -0.014},
        nods=0.7, depth=1.2, sway=0.6,
    ),
    "amused": Look(
        {"smile": 0.60, "wide": 0.06, "squint": 0.30, "brow_up": 0.22, "pitch": 0.012, "roll": -0.030},
        depth=1.15, sway=1.2,
    ),
}  # fmt: skip

_COMES, _GOES = 0.45, 0.55
"""Seconds, as `Spring` counts them."""

_STILL = 0.006
"""Weights below it cannot be seen: a mood that is going is gone there."""


class Mood:
    """The mood of one face. It draws nothing at random, so a calm face is the same with it and without."""

    def __init__(self) -> None:
        self._style: Style = "calm"
        self._spring = Spring(_COMES, len(CHANNELS))

    @property
    def look(self) -> Look:
        """The style that is shown, or on its way."""
        return LOOKS[self._style]

    def step(self, style: Style) -> Values:
        """The weights in the next frame, in the order of CHANNELS; exactly zero when a mood has gone."""
        if style != self._style:
            self._style = style
            self._spring = self._spring.at_pace(_GOES if style == "calm" else _COMES)
        worn = self._spring.step(LOOKS[style].values())
        if style == "calm" and np.abs(worn).max() < _STILL:
            self._spring = Spring(_COMES, len(CHANNELS))
        return self._spring.value
