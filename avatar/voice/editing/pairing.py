"""Two rows of symbols laid side by side, with as few differences as can be (Levenshtein, 1966)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Pair = tuple[int | None, int | None]


def paired(one: Sequence[Any], other: Sequence[Any]) -> list[Pair]:
    """Which goes with which, in order; None stands for nothing.

    Where several ways are as short, what is different stands side by side rather than one after the other.
    """
    costs = np.zeros((len(one) + 1, len(other) + 1), dtype=np.int32)
    costs[:, 0], costs[0] = np.arange(len(one) + 1), np.arange(len(other) + 1)
    for row, symbol in enumerate(one, start=1):
        above, here = costs[row - 1].tolist(), [row]
        for column, against in enumerate(other, start=1):
            step = above[column - 1] + (symbol != against)
            here.append(min(step, above[column] + 1, here[-1] + 1))
        costs[row] = here
    return _way_back(one, other, costs)


def _way_back(one: Sequence[Any], other: Sequence[Any], costs: Any) -> list[Pair]:
    row, column = len(one), len(other)
    found: list[Pair] = []
    while row or column:
        here = costs[row, column]
        if row and column and here == costs[row - 1, column - 1] + (one[row - 1] != other[column - 1]):
            row, column = row - 1, column - 1
            found.append((row, column))
        elif row and here == costs[row - 1, column] + 1:
            row -= 1
            found.append((row, None))
        else:
            column -= 1
            found.append((None, column))
    return found[::-1]
