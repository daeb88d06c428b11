from __future__ import annotations

import numpy as np
import pytest

from avatar.face import topology
from avatar.face.params import HIGHEST, LOWEST, NAMES, FaceParams
from avatar.face.render import Renderer
from avatar.face.rig import Rig
from avatar.media import Pixels
from tests.unit.face.drawn import LIPS, drawn_rig


@pytest.fixture(scope="module")
def rig() -> Rig:
    return drawn_rig()


@pytest.fixture
def renderer(rig: Rig) -> Renderer:
    return Renderer(rig)


def _difference(a: Pixels, b: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.asarray(np.abs(a.astype(np.int64) - b).max(axis=2))


def _around(rig: Rig, point: int, reach: float) -> tuple[slice, slice]:
    x, y = rig.landmarks[point, :2]
    return slice(int(y - reach), int(y + reach) + 1), slice(int(x - reach), int(x + reach) + 1)


def _where(picture: Pixels, colour: tuple[int, int, int]) -> tuple[float, float]:
    """The middle of what has a colour."""
    y, x = np.nonzero(np.abs(picture.astype(int) - colour).max(axis=2) < 24)
    return float(x.mean()), float(y.mean())


def test_neutral_is_the_photograph(rig: Rig, renderer: Renderer) -> None:
    frame = renderer.render(FaceParams())
    assert frame.shape == (rig.size, rig.size, 3)
    assert frame.dtype == np.uint8
    assert frame.strides == (4 * rig.size, 4, 1)
    assert _difference(frame, rig.picture).max() <= 1


def test_neutral_comes_back_after_any_expression(rig: Rig, renderer: Renderer) -> None:
    renderer.render(FaceParams.of(HIGHEST))
    assert _difference(renderer.render(FaceParams()), rig.picture).max() <= 1


def test_frames_are_not_shared(renderer: Renderer) -> None:
    first = renderer.render(FaceParams())
    kept = first.copy()
    renderer.render(FaceParams(jaw=1.0))
    assert np.array_equal(first, kept)


def test_the_same_parameters_give_the_same_pixels(rig: Rig) -> None:
    params = FaceParams(jaw=0.4, yaw=0.1, blink_left=0.5, gaze_x=0.3)
    a, b = Renderer(rig), Renderer(rig)
    b.render(FaceParams(jaw=1, blink_left=1, gaze_y=1))
    assert np.array_equal(a.render(params), b.render(params))


def test_an_open_jaw_shows_a_dark_mouth(rig: Rig, renderer: Renderer) -> None:
    frame = renderer.render(FaceParams(jaw=0.6))
    x, y = rig.frame.mouth
    inside = frame[int(y + 0.17 * rig.frame.mouth_width), int(x)]
    assert inside.max() < 0.6 * max(LIPS)


def test_speech_leaves_the_eyes_and_the_background_alone(rig: Rig, renderer: Renderer) -> None:
    changed = _difference(renderer.render(FaceParams(jaw=0.7, pucker=0.5, upper=0.4)), rig.picture) > 2
    assert changed.any()
    assert not changed[: int(rig.landmarks[list(topology.LEFT_LOWER_LID), 1].max()) + 1].any()
    assert not changed[:, :20].any()


@pytest.mark.parametrize(("name", "iris"), [("blink_left", topology.LEFT_IRIS), ("blink_right", topology.RIGHT_IRIS)])
def test_a_blink_closes_its_own_eye(rig: Rig, renderer: Renderer, name: str, iris: int) -> None:
    frame = renderer.render(FaceParams(**{name: 1.0}))
    x, y = rig.landmarks[iris, :2].round().astype(int)
    assert frame[y, x].astype(int).sum() > rig.picture[y, x].astype(int).sum() + 150, "skin, not iris"
    other = topology.LEFT_IRIS if iris == topology.RIGHT_IRIS else topology.RIGHT_IRIS
    assert _difference(frame, rig.picture)[_around(rig, other, 4)].max() <= 2


def test_the_iris_follows_the_gaze(rig: Rig, renderer: Renderer) -> None:
    here = _around(rig, topology.LEFT_IRIS, 9)

    def iris(params: FaceParams) -> float:
        darkness = np.clip(120 - renderer.render(params)[here].mean(axis=2), 0, None)
        return float((darkness * np.arange(darkness.shape[1])).sum() / darkness.sum())

    assert iris(FaceParams(gaze_x=1)) > iris(FaceParams()) + 0.4
    assert iris(FaceParams(gaze_x=-1)) < iris(FaceParams()) - 0.4


def test_the_head_moves_the_way_its_parameters_say(renderer: Renderer) -> None:
    x, y = _where(renderer.render(FaceParams()), LIPS)
    assert _where(renderer.render(FaceParams(yaw=0.2)), LIPS)[0] > x + 2
    assert _where(renderer.render(FaceParams(yaw=-0.2)), LIPS)[0] < x - 2
    assert _where(renderer.render(FaceParams(tx=0.1)), LIPS)[0] > x + 4
    assert _where(renderer.render(FaceParams(ty=0.1)), LIPS)[1] < y - 4
    assert _where(renderer.render(FaceParams(pitch=0.2)), LIPS)[1] < y - 2
    assert _where(renderer.render(FaceParams(roll=0.2)), LIPS)[0] > x + 2


def test_breath_lifts_the_body(rig: Rig, renderer: Renderer) -> None:
    changed = _difference(renderer.render(FaceParams(breath=1.0)), rig.picture) > 10
    assert changed[int(rig.size * 0.7) :].any()


@pytest.mark.parametrize("seed", range(12))
def test_no_corner_of_the_parameters_breaks_the_picture(rig: Rig, renderer: Renderer, seed: int) -> None:
    chosen = np.random.default_rng(seed).integers(0, 2, len(NAMES)).astype(bool)
    frame = renderer.render(FaceParams.of(np.where(chosen, HIGHEST, LOWEST)))
    skin = _around(rig, topology.NOSE_TIP, 5)
    assert frame[skin].mean() > 60
    assert (frame[:8, :8] == rig.plate[:8, :8]).all()


def test_what_is_no_number_does_not_reach_the_picture(rig: Rig, renderer: Renderer) -> None:
    frame = renderer.render(FaceParams(yaw=float("nan"), jaw=float("nan")))
    assert _difference(frame, rig.picture).max() <= 1
