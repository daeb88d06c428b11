"""How many people speak in a recording: its looks are split in two, and the two halves compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.voice.speaker import likeness, mean_embedding

APART = 0.74
"""Below this cosine the two halves are two people. Measured: the halves of one speaker's recording 0.78 to 0.93, those
of two speakers' mostly below 0.7 (docs/decisions/029-enrolment.md)."""

_ROUNDS = 10


def speakers(looks: NDArray[np.float32]) -> int:
    """1 or 2; the second counts from a tenth of the looks on, and from two.

    Args:
        looks: float32 [k, 256], as `SpeakerEncoder.looks` gives them.
    """
    if len(looks) < 4:
        return 1
    first = halves(looks)
    least = min(int(first.sum()), int((~first).sum()))
    if least < 2 or least < 0.1 * len(looks):
        return 1
    return 2 if likeness(mean_embedding(looks[first]), mean_embedding(looks[~first])) < APART else 1


def halves(looks: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The looks in two groups, from the two that are farthest apart on (k-means on the sphere): bool [k]."""
    one, other = np.unravel_index(int((looks @ looks.T).argmin()), (len(looks), len(looks)))
    first, second = looks[one], looks[other]
    mine = looks @ first >= looks @ second
    for _ in range(_ROUNDS):
        if mine.all() or not mine.any():
            break
        first, second = mean_embedding(looks[mine]), mean_embedding(looks[~mine])
        mine = looks @ first >= looks @ second
    return np.asarray(mine)
