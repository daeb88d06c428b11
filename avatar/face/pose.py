"""The mesh as the head and the body carry it: one compiled pass over its points."""

from __future__ import annotations

import numpy as np

from avatar.face.mesh import HEAD_BREATH
from avatar.face.shading import Floats, compiled

_NO_CHEST = np.float32(HEAD_BREATH)
_ONE, _ZERO = np.float32(1.0), np.float32(0.0)


@compiled
def carry(placed: Floats, shape: Floats, head: Floats, chest: Floats, turn: Floats, motion: Floats) -> None:
    """Carry points by their shares of the head's and the chest's motion.

    Args:
        placed: float32 [n, 3]: written.
        shape: float32 [n, 3]: the points with their expression.
        head, chest: float32 [n] in 0..1: how far each follows the head, and the breath.
        turn: float32 [3, 3]: the head's rotation times its growth.
        motion: float32 [4, 3]: the point about which the head turns, the head's shift, the shoulders', the breath's.
    """
    for i in range(shape.shape[0]):
        x, y, z = shape[i, 0] - motion[0, 0], shape[i, 1] - motion[0, 1], shape[i, 2] - motion[0, 2]
        body = (_ONE - head[i]) * min(max((chest[i] - _NO_CHEST) / (_ONE - _NO_CHEST), _ZERO), _ONE)
        for k in range(3):
            turned = turn[k, 0] * x + turn[k, 1] * y + turn[k, 2] * z + motion[0, k] + motion[1, k]
            moved = shape[i, k] + (turned - shape[i, k]) * head[i]
            placed[i, k] = moved + body * motion[2, k] + chest[i] * motion[3, k]
