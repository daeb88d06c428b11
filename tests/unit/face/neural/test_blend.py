"""A drawn mouth in a frame: within its outline only, without an edge, in the frame's own colours, with the face."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.neural.blend import WORK, cut, fading, lay, place
from avatar.face.neural.network import SIDE
from avatar.face.params import FaceParams
from avatar.face.render import Renderer
from avatar.media import Pixels
from tests.unit.face.drawn import drawn_rig

POSES = {
    "straight": FaceParams(),
    "turned": FaceParams(yaw=0.08, roll=0.12, tx=0.05),
    "tilted": FaceParams(pitch=-0.1, roll=-0.15, scale=0.08),
}


@lru_cache
def scene(pose: str) -> tuple[Pixels, NDArray[np.float32]]:
    """A frame, and the mesh in it; with a light that falls from the side, and grain."""
    renderer = Renderer(drawn_rig(256))
    frame = renderer.render(POSES[pose]).astype(np.float32)
    light = np.linspace(-25, 25, frame.shape[1])[None, :, None]
    grain = np.random.default_rng(0).normal(0, 2, frame.shape)
    return np.clip(frame + light + grain, 0, 255).astype(np.uint8), renderer.mesh.copy()


def steepest(change: NDArray[np.float32]) -> float:
    """The largest step from one pixel to the next, grain evened out."""
    even = cv2.GaussianBlur(change, (0, 0), 1.0)
    return float(max(np.abs(np.diff(even, axis=axis)).max() for axis in (0, 1)))


def edge_of_the_square(mesh: NDArray[np.float32], frame: Pixels) -> NDArray[np.bool_]:
    """The pixels along the border of the square that the network saw."""
    corners = np.array([[0, 0, 1], [WORK, 0, 1], [WORK, WORK, 1], [0, WORK, 1]], dtype=np.float64)
    drawn = np.zeros(frame.shape[:2], dtype=np.uint8)
    cv2.polylines(drawn, [np.round(corners @ place(mesh).matrix.T).astype(np.int32)], True, 1, 3)
    return np.asarray(drawn > 0)


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("shift", [(40, 40, 40), (-30, -30, -30), (30, 0, -30)])
def test_other_colours_leave_no_box_and_hardly_a_trace(pose: str, shift: tuple[int, int, int]) -> None:
    frame, mesh = scene(pose)
    where = place(mesh)
    off = np.clip(cut(frame, where, SIDE).astype(int) + shift, 0, 255).astype(np.uint8)
    change = lay(frame, off, where).astype(np.float32) - frame
    assert not change[edge_of_the_square(mesh, frame)].any()
    assert steepest(change) < 2.5
    assert abs(float(change[fading_in(frame, where) > 0.9].mean())) < 3.0


def fading_in(frame: Pixels, where: object) -> NDArray[np.float32]:
    """The fading outline in the frame's pixels."""
    matrix, outline = where.matrix, where.outline  # type: ignore[attr-defined]
    size = (frame.shape[1], frame.shape[0])
    return np.asarray(cv2.warpAffine(fading(outline), matrix, size), dtype=np.float32)


@pytest.mark.parametrize("pose", POSES)
def test_a_naive_square_would_be_found(pose: str) -> None:
    """The measure above is worth something: a square that is pasted as it is has an edge by it."""
    frame, mesh = scene(pose)
    where = place(mesh)
    off = np.clip(cut(frame, where).astype(np.float32) + 40, 0, 255)
    size = (frame.shape[1], frame.shape[0])
    inside = cv2.warpAffine(np.ones((WORK, WORK), np.float32), where.matrix, size)[..., None] > 0.5
    pasted = np.where(inside, cv2.warpAffine(off, where.matrix, size), frame).astype(np.float32)
    assert steepest(pasted - frame) > 8.0


@pytest.mark.parametrize("pose", POSES)
def test_a_mouth_that_was_drawn_is_seen_where_the_mouth_is(pose: str) -> None:
    frame, mesh = scene(pose)
    where = place(mesh)
    mouth = mesh[[13, 14], :2].mean(axis=0)
    x, y = (np.linalg.inv(where.matrix[:, :2]) @ (mouth - where.matrix[:, 2])) * SIDE / WORK
    drawn = cut(frame, where, SIDE).copy()
    cv2.circle(drawn, (round(float(x)), round(float(y))), 6, (10, 10, 10), -1)
    change = np.abs(lay(frame, drawn, where).astype(int) - frame).sum(axis=2)
    rows, columns = np.nonzero(change > 100)
    assert abs(rows.mean() - mouth[1]) < 4
    assert abs(columns.mean() - mouth[0]) < 4
    assert not change[: int(mesh[[159, 386], 1].max())].any()


def test_the_outline_follows_the_face() -> None:
    for pose in POSES:
        frame, mesh = scene(pose)
        mask = fading_in(frame, place(mesh))
        lips = mesh[[*topology.UPPER_OUTER, *topology.LOWER_OUTER], :2].round().astype(int)
        assert mask[lips[:, 1], lips[:, 0]].min() > 0.35
        eyes = mesh[[*topology.RIGHT_UPPER_LID, *topology.LEFT_LOWER_LID], :2].round().astype(int)
        assert mask[eyes[:, 1], eyes[:, 0]].max() == 0.0


def test_a_share_of_nothing_leaves_the_frame_alone() -> None:
    frame, mesh = scene("straight")
    black = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    assert np.array_equal(lay(frame, black, place(mesh), 0.0), frame)


def test_a_face_at_the_edge_of_the_frame_is_no_trouble() -> None:
    frame, mesh = scene("straight")
    moved = mesh + np.array([-90.0, 70.0, 0.0], dtype=np.float32)
    where = place(moved)
    laid = lay(frame, cut(frame, where, SIDE), where)
    assert laid.shape == frame.shape
    assert np.isfinite(where.matrix).all()
