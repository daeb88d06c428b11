"""Finds clicks: bends of the wave at one place that the sound around it does not have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_NEAR_S = 0.004
_AROUND_S = 0.25
_FACTOR = 2.0
_FLOOR = 2e-3
"""Bends that are smaller (of full scale) are not heard beside speech."""


def clicks(samples: NDArray[np.floating], rate: int, places: list[int]) -> list[int]:
    """Those of some places at which there is a click.

    A step or a corner bends the wave (its second difference) far more than the speech of the quarter second on either
    side does; a plosive bends it as well, but then its neighbours do.

    Args:
        samples: float32 [n] in -1..1.
        rate: Hz.
        places: samples.
    """
    bend = np.abs(np.diff(samples.astype(np.float64), n=2, prepend=[0.0, 0.0]))
    bend[:2] = 0.0
    near, around = max(2, round(_NEAR_S * rate)), round(_AROUND_S * rate)
    found = []
    for place in places:
        inside = bend[max(0, place - near) : place + near]
        outside = np.concatenate(
            [bend[max(0, place - around) : max(0, place - near)], bend[place + near : place + around]]
        )
        usual = float(np.sort(outside)[-max(1, outside.size // 1000) :].mean()) if outside.size else 0.0
        if inside.size and float(inside.max()) > max(_FLOOR, _FACTOR * usual):
            found.append(place)
    return found
