"""Eyes that shut: no white left, a line of lashes, and the brow as it was."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.params import FaceParams
from avatar.face.render import Renderer
from avatar.face.rig import Rig
from avatar.media import Pixels
from tests.unit.face.drawn import SKIN, drawn_rig

EYES = (
    (topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID, topology.RIGHT_BROW),
    (topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID, topology.LEFT_BROW),
)


@pytest.fixture(scope="module")
def rig() -> Rig:
    return drawn_rig(256)


@pytest.fixture(scope="module")
def shut(rig: Rig) -> Pixels:
    return Renderer(rig).render(FaceParams(blink_left=1.0, blink_right=1.0))


def inside(rig: Rig, outline: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros((rig.size, rig.size), np.uint8)
    cv2.fillPoly(mask, [rig.landmarks[list(outline), :2].round().astype(np.int32)], 1)
    return mask > 0


def test_no_white_is_left(rig: Rig, shut: Pixels) -> None:
    for upper, lower, _ in EYES:
        eye = inside(rig, (*upper, *lower[::-1]))
        assert rig.picture[eye][:, 2].max() > 220
        assert np.percentile(shut[eye][:, 2], 98) < 1.2 * SKIN[2]


def test_the_lashes_are_a_dark_line(rig: Rig, shut: Pixels) -> None:
    for upper, lower, _ in EYES:
        eye = inside(rig, (*upper, *lower[::-1]))
        below = np.roll(eye, round(0.12 * np.ptp(rig.landmarks[list(lower), 0])), axis=0)
        assert shut[below].sum(axis=1).min() < 0.62 * sum(SKIN), "they hang lower than the open lid"
        assert np.median(shut[eye].sum(axis=1)) > 0.6 * sum(SKIN)


def test_the_brow_is_not_painted_over(rig: Rig, shut: Pixels) -> None:
    renderer = Renderer(rig)
    for half in (0.0, 0.5):
        frame = renderer.render(FaceParams(blink_left=half, blink_right=half))
        for _, _, brow in EYES:
            x, y = rig.landmarks[list(brow[:5]), :2].mean(axis=0).astype(int)
            assert np.abs(frame[y, x].astype(int) - shut[y, x]).max() < 12


def test_open_again_the_photograph_is_back(rig: Rig) -> None:
    renderer = Renderer(rig)
    before = renderer.render(FaceParams())
    renderer.render(FaceParams(blink_left=1.0, blink_right=0.4, squint=1.0, gaze_x=1.0))
    assert (renderer.render(FaceParams()) == before).all()
