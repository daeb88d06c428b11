"""No expression turns the skin over: where triangles are about to fold, their corners move together instead.

Each expression alone is smooth, but several at their ends can push the small triangles at the corners of the mouth
through each other. Those are evened out among their neighbours; what is left then, if anything, is cured by taking the
whole expression back, step by step, until none is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.shading import Floats, compiled, kernel

SMALL = 1.0
"""Triangles of less than half a square pixel, and those turned over in the photograph itself, are not watched."""

INNER_LIPS: NDArray[np.bool_] = np.isin(
    np.arange(topology.COUNT), (*topology.UPPER_INNER[2:-2], *topology.LOWER_INNER[2:-2])
)
"""bool [468]: the points that touch where lips are shut, but for the corners, whose triangles are the smallest."""

_ROUNDS = 24
_NARROW = 0.2
"""A triangle with less than this share of its area at rest begins to take its corners along."""


@kernel
def unfold(moved: Floats, rest: Floats, triangles: NDArray[np.int32], held: NDArray[np.bool_]) -> None:
    """Move points, in place, so that no triangle is turned over. Continuous: a slight fold moves them slightly.

    Args:
        moved: float32 [n, 3]: the points with their expression.
        rest: float32 [n, 3]: the points in the photograph, all triangles clockwise as the viewer sees them.
        triangles: int32 [m, 3].
        held: bool [k]: which of the first k points stay as they are while that helps.
    """
    for _ in range(_ROUNDS):
        narrow = 0
        for number in range(triangles.shape[0]):
            before = _area(rest, triangles, number)
            share = _area(moved, triangles, number) / before if before > SMALL else 1.0
            if share < _NARROW:
                narrow += 1
                _even(moved, rest, triangles, number, held, min(1.0, 2.0 * (_NARROW - share)))
        if narrow == 0:
            return
    for _ in range(_ROUNDS):
        if not _turned(moved, rest, triangles):
            return
        for point in range(rest.shape[0]):
            for axis in range(3):
                moved[point, axis] += np.float32(0.15) * (rest[point, axis] - moved[point, axis])


@compiled
def _turned(moved: Floats, rest: Floats, triangles: NDArray[np.int32]) -> bool:
    """Whether any triangle that is watched is turned over."""
    for number in range(triangles.shape[0]):
        before = _area(rest, triangles, number)
        if before > SMALL and _area(moved, triangles, number) <= 0.01 * before:
            return True
    return False


@compiled
def _area(points: Floats, triangles: NDArray[np.int32], number: int) -> float:
    """Twice the area of a triangle; negative where it is turned over."""
    a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
    x, y = points[a, 0], points[a, 1]
    return float((points[b, 0] - x) * (points[c, 1] - y) - (points[c, 0] - x) * (points[b, 1] - y))


@compiled
def _even(
    moved: Floats, rest: Floats, triangles: NDArray[np.int32], number: int, held: NDArray[np.bool_], share: float
) -> None:
    """Let the corners of a triangle move more alike."""
    for axis in range(2):
        mean = np.float32(0.0)
        for corner in range(3):
            point = triangles[number, corner]
            mean += (moved[point, axis] - rest[point, axis]) / np.float32(3.0)
        for corner in range(3):
            point = triangles[number, corner]
            if point >= held.shape[0] or not held[point]:
                moved[point, axis] += np.float32(share) * (rest[point, axis] + mean - moved[point, axis])
