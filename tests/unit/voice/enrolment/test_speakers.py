"""One speaker or two, by the directions of the looks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.voice.enrolment.speakers import halves, speakers

DRAW = np.random.default_rng(4)
BASE = np.abs(DRAW.standard_normal((2, 256))) * (DRAW.random((2, 256)) > 0.5)


def looks(who: int, count: int, spread: float = 0.35) -> NDArray[np.float32]:
    rows = np.maximum(BASE[who] + spread * np.abs(DRAW.standard_normal((count, 256))), 0)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_one_speaker() -> None:
    assert speakers(looks(0, 20)) == 1
    assert speakers(looks(0, 3)) == 1


def test_two_speakers() -> None:
    both = np.concatenate([looks(0, 12), looks(1, 8)])
    assert speakers(both) == 2
    assert sorted((int(halves(both).sum()), int((~halves(both)).sum()))) == [8, 12]


def test_a_single_odd_look_is_no_person() -> None:
    assert speakers(np.concatenate([looks(0, 30), looks(1, 1)])) == 1
    assert speakers(np.concatenate([looks(0, 40), looks(1, 2)])) == 1
