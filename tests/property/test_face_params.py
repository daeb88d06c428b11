"""Any vector of parameters gives a face: finite vertices, no cheek folded over, colours that are colours."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.folds import SMALL
from avatar.face.motion import Motion
from avatar.face.params import NAMES, FaceParams, clipped
from avatar.face.render import Renderer
from avatar.face.rig import Rig
from avatar.face.warp import WarpAnimator
from tests.unit.face.drawn import drawn_rig

anything = st.floats(allow_nan=True, allow_infinity=True, width=32)
vectors = st.tuples(*(st.one_of(st.floats(-2, 2, width=32), anything) for _ in NAMES))


@lru_cache(maxsize=1)
def rig() -> Rig:
    return drawn_rig(256)


@lru_cache(maxsize=1)
def renderer() -> Renderer:
    return Renderer(rig())


@settings(deadline=None)
@given(vectors)
def test_vertices_are_finite_and_near(values: tuple[float, ...]) -> None:
    shape = rig().shape(clipped(FaceParams(*values)))
    assert np.isfinite(shape).all()
    assert np.abs(shape - rig().points).max() < rig().size


@settings(deadline=None)
@given(vectors)
def test_the_lips_never_cross(values: tuple[float, ...]) -> None:
    vector = clipped(FaceParams(*values))
    assert rig().aperture(vector) >= 0.0


@settings(deadline=None)
@given(vectors)
def test_no_triangle_of_skin_is_turned_over(values: tuple[float, ...]) -> None:
    before, after = (_areas(points) for points in (rig().points, rig().shape(clipped(FaceParams(*values)))))
    assert (after[before > SMALL] > 0).all()


@settings(deadline=None)
@given(st.tuples(*(st.sampled_from((-1.0, 0.0, 1.0)) for _ in NAMES)))
def test_nor_where_everything_is_at_its_end(values: tuple[float, ...]) -> None:
    before, after = (_areas(points) for points in (rig().points, rig().shape(clipped(FaceParams(*values)))))
    assert (after[before > SMALL] > 0).all()


@settings(max_examples=25, deadline=None)
@given(vectors)
def test_any_vector_can_be_drawn(values: tuple[float, ...]) -> None:
    frame = renderer().render(FaceParams(*values))
    assert frame.shape == (256, 256, 3)
    assert frame.dtype == np.uint8
    assert frame.std() > 1.0, "a face, not one colour"
    assert (renderer().render(FaceParams()) == Renderer(rig()).render(FaceParams())).all()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_same_seed_draws_the_same_frames(seed: int) -> None:
    one, other = (WarpAnimator(rig(), seed) for _ in range(2))
    for _ in range(12):
        assert (one.frame().image == other.frame().image).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_living_face_folds_no_triangle(seed: int) -> None:
    motion = Motion(seed)
    motion.attend("speaking")
    before = _areas(rig().points)
    for _ in range(40):
        after = _areas(rig().shape(clipped(motion.step())))
        assert (after[before > SMALL] > 0).all()


def _areas(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Twice the area of each triangle of skin; negative where it is turned over."""
    skin = rig().triangles[topology.GAPS :]
    a, b, c = (points[skin[:, corner], :2] for corner in range(3))
    return np.asarray((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1]))
