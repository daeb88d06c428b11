"""Faces marked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.errors import PhotoError
from avatar.face import topology
from avatar.face.guided import MARKS, _folded, canonical, guided_points, marks_in_pixels
from avatar.face.landmarks import head_pose
from avatar.face.params import FaceParams
from avatar.face.render import Renderer
from avatar.face.rig import assemble
from tests.unit.face.drawn import drawn_face, drawn_landmarks

MARKED = (topology.RIGHT_IRIS, topology.LEFT_IRIS, topology.NOSE_TIP, 61, 291, topology.CHIN)
FACE = ((0.4, 0.4), (0.6, 0.4), (0.5, 0.52), (0.42, 0.62), (0.58, 0.62), (0.5, 0.75))


def _marks(size: int = 256) -> list[tuple[float, float]]:
    return [(float(x) / size, float(y) / size) for x, y in drawn_landmarks(size)[list(MARKED), :2]]


def test_the_canonical_face_looks_straight_ahead_and_is_symmetrical() -> None:
    face = canonical()
    pose = head_pose(face)
    assert face.shape == (478, 3)
    assert abs(pose.yaw) < 1e-3
    assert abs(pose.roll) < 1e-3
    assert face[61, 0] == pytest.approx(-face[291, 0])
    assert not _folded(face)


def test_the_marks_lie_where_they_were_put() -> None:
    marks = marks_in_pixels(FACE, 640, 480)
    points = guided_points(marks, None)
    assert points.shape == (478, 3)
    assert np.abs(points[list(MARKED), :2] - marks).max() < 0.01
    assert points[10, 1] < points[33, 1] < points[61, 1] < points[152, 1]


def test_from_marks_alone_the_whole_face_comes_near_to_the_true_one() -> None:
    true = drawn_landmarks()
    points = guided_points(marks_in_pixels(_marks(), 256, 256), None)
    eyes = float(np.hypot(*(true[473, :2] - true[468, :2])))
    assert np.abs(points[:468, :2] - true[:468, :2]).mean() < 0.12 * eyes


def test_what_the_network_saw_is_bent_rather_than_our_own_face() -> None:
    true = drawn_landmarks()
    seen = true + np.array([4, -3, 0], dtype=np.float32)
    points = guided_points(marks_in_pixels(_marks(), 256, 256), seen)
    assert np.abs(points[:468, :2] - true[:468, :2]).mean() < 1.5


def test_a_network_that_saw_another_face_is_not_believed() -> None:
    marks = marks_in_pixels(_marks(), 256, 256)
    elsewhere = drawn_landmarks() + np.array([90, 0, 0], dtype=np.float32)
    assert np.array_equal(guided_points(marks, elsewhere), guided_points(marks, None))


def _without(index: int, point: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    return tuple(point if number == index else mark for number, mark in enumerate(FACE))


@pytest.mark.parametrize(
    "marks",
    [
        (),
        FACE[:5],
        _without(0, (-0.1, 0.4)),
        _without(0, (float("nan"), 0.4)),
        _without(0, (0.599, 0.4)),
        _without(2, (0.5, 0.9)),
        _without(5, (0.5, 0.3)),
        (FACE[1], FACE[0], *FACE[2:]),
        (*FACE[:3], FACE[4], FACE[3], FACE[5]),
    ],
)
def test_marks_that_make_no_face_are_told(marks: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(PhotoError) as caught:
        guided_points(marks_in_pixels(marks, 640, 480), None)
    assert caught.value.code == "marks_misplaced"
    assert "下巴" in caught.value.zh


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=len(MARKS), max_size=len(MARKS)))
@settings(deadline=None)
def test_any_marks_give_a_face_or_a_sentence(marks: list[tuple[float, float]]) -> None:
    try:
        points = guided_points(marks_in_pixels(marks, 640, 480), None)
    except PhotoError as error:
        assert error.code == "marks_misplaced"
    else:
        assert np.isfinite(points).all()
        assert not _folded(points)


def test_a_face_without_features_can_still_be_made_to_move() -> None:
    picture, mask = drawn_face()
    noise = np.random.default_rng(1).integers(0, 255, picture.shape, dtype=np.uint8)
    rig = assemble(noise, guided_points(marks_in_pixels(_marks(), 256, 256), None), mask)
    frame = Renderer(rig).render(FaceParams(jaw=0.8, blink_left=1.0, blink_right=1.0, yaw=0.1))
    assert frame.shape == noise.shape
    assert (frame != noise).mean() > 0.05
