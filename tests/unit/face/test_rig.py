from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from avatar.errors import StorageError
from avatar.face import topology
from avatar.face.expressions import BASES
from avatar.face.matte import fill_smoothly
from avatar.face.params import HIGHEST, INDEX, LOWEST, NAMES, FaceParams, clipped, intended_aperture
from avatar.face.rig import Rig, crop, read_rig, write_rig
from tests.unit.face.drawn import BACKGROUND, drawn_face, drawn_landmarks, drawn_rig


@pytest.fixture(scope="module")
def rig() -> Rig:
    return drawn_rig()


def test_parameters_and_their_vector_agree() -> None:
    params = FaceParams(jaw=0.5, yaw=0.1, breath=1.0)
    assert FaceParams.of(params.vector()) == FaceParams.of(FaceParams.of(params.vector()).vector())
    assert params.vector()[INDEX["yaw"]] == np.float32(0.1)
    assert len(NAMES) == len(params.vector()) == len(LOWEST) == len(HIGHEST)


def test_parameters_are_clipped_to_their_ranges() -> None:
    wild = FaceParams(jaw=9.0, wide=-9.0, yaw=float("inf"), pitch=float("nan"), blink_left=-1.0)
    vector = clipped(wild)
    assert np.isfinite(vector).all()
    assert (vector >= LOWEST).all()
    assert (vector <= HIGHEST).all()
    assert vector[INDEX["pitch"]] == 0.0


def test_the_lips_of_a_closed_mouth_meet_at_rest(rig: Rig) -> None:
    assert intended_aperture(FaceParams(), rig) == 0.0


def test_the_jaw_opens_the_lips_steadily(rig: Rig) -> None:
    apertures = [intended_aperture(FaceParams(jaw=jaw), rig) for jaw in np.linspace(0, 1, 9)]
    assert (np.diff(apertures) > 0.02).all()
    assert 0.4 < apertures[-1] < 0.7


@pytest.mark.parametrize("name", ["jaw", "upper", "lower", "pucker", "tuck"])
def test_close_shuts_whatever_opened(rig: Rig, name: str) -> None:
    assert intended_aperture(FaceParams(**{name: 1.0}), rig) > 0.02
    assert intended_aperture(FaceParams(**{name: 1.0}, close=1.0), rig) == pytest.approx(0.0, abs=1e-4)


def test_close_by_half_halves_the_opening(rig: Rig) -> None:
    whole = intended_aperture(FaceParams(jaw=0.6), rig)
    assert intended_aperture(FaceParams(jaw=0.6, close=0.5), rig) == pytest.approx(whole / 2, rel=0.02)


def test_an_open_mouth_in_the_photograph_is_kept_and_can_be_closed() -> None:
    picture, mask = drawn_face()
    landmarks = drawn_landmarks()
    landmarks[list(topology.LOWER_INNER[1:-1]), 1] += 5
    landmarks[list(topology.LOWER_OUTER[1:-1]), 1] += 5
    from avatar.face.rig import assemble

    open_rig = assemble(picture, landmarks, mask)
    assert intended_aperture(FaceParams(), open_rig) > 0.1
    assert intended_aperture(FaceParams(close=1.0), open_rig) == pytest.approx(0.0, abs=1e-4)


def _moved(rig: Rig, point: int, **weights: float) -> tuple[float, float]:
    shape = rig.shape(clipped(FaceParams(**weights)))
    across, down = (float(v) for v in shape[point, :2] - rig.points[point, :2])
    return across, down


def test_expressions_move_the_right_way(rig: Rig) -> None:
    assert _moved(rig, topology.CHIN, jaw=1)[1] > 0.4 * rig.frame.mouth_width
    assert _moved(rig, 291, wide=1)[0] > 0 > _moved(rig, 61, wide=1)[0]
    assert _moved(rig, 291, pucker=1)[0] < 0 < _moved(rig, 61, pucker=1)[0]
    assert _moved(rig, 61, smile=1)[1] < 0 < _moved(rig, 61, smile=-1)[1]
    assert _moved(rig, 0, upper=1)[1] < 0
    assert _moved(rig, 17, press=1)[1] < 0 < _moved(rig, 0, press=1)[1]
    assert _moved(rig, 105, brow_up=1)[1] < 0 < _moved(rig, 105, brow_down=1)[1]
    assert _moved(rig, 107, brow_inner=1)[1] < 3 * _moved(rig, 105, brow_inner=1)[1] < 0
    assert _moved(rig, 107, brow_inner=1)[0] > 0 > _moved(rig, 336, brow_inner=1)[0]


def test_expressions_leave_the_rest_of_the_face_alone(rig: Rig) -> None:
    still = [10, 4, 33, 263, 127, 356]
    for name, base in zip(BASES, rig.bases, strict=True):
        assert np.abs(base[still]).max() < 0.02 * rig.frame.width, name
        assert np.isfinite(base).all()


def test_the_head_carries_the_face_and_not_the_picture_s_edge(rig: Rig) -> None:
    assert (rig.head[: topology.COUNT] > 0.9).all()
    bottom = rig.points[:, 1] > rig.size
    assert (rig.head[bottom] < 0.05).all()


def test_the_plate_has_no_face_and_the_matte_no_background(rig: Rig) -> None:
    x, y = rig.frame.middle.astype(int)
    assert np.abs(rig.plate[y, x].astype(int) - BACKGROUND).max() < 40
    assert rig.matte[y, x] == 1.0
    assert rig.matte[5, 5] == 0.0
    assert (rig.plate[:20, :20] == rig.picture[:20, :20]).all()


def test_filling_keeps_what_is_known_and_is_smooth_between() -> None:
    picture = np.tile(np.linspace(0, 200, 64, dtype=np.float32)[None, :, None], (64, 1, 3))
    known = np.ones((64, 64), np.float32)
    known[20:44, 20:44] = 0
    broken = picture.copy()
    broken[20:44, 20:44] = 9999
    filled = fill_smoothly(broken, known)
    assert np.allclose(filled[known > 0], picture[known > 0], atol=1e-3)
    assert np.abs(filled - picture).max() < 60


@pytest.mark.parametrize("size", [256, 320])
def test_the_crop_has_the_face_whole_and_its_landmarks_in_place(size: int) -> None:
    picture, _ = drawn_face(512)
    wide = np.concatenate([np.zeros((512, 300, 3), np.uint8), picture], axis=1)
    landmarks = drawn_landmarks(512) + np.array([300, 0, 0], dtype=np.float32)
    square, moved = crop(wide, landmarks, size)
    assert square.shape == (size, size, 3)
    assert (moved[:, :2] > 0).all()
    assert (moved[:, :2] < size).all()
    x, y = moved[topology.RIGHT_IRIS, :2].round().astype(int)
    assert square[y, x].max() < 110, "the iris is where its landmark says"


def test_a_face_at_the_border_is_continued_beyond_it() -> None:
    picture, _ = drawn_face(512)
    landmarks = drawn_landmarks(512)
    left = int(landmarks[:, 0].min()) - 2
    square, moved = crop(picture[:, left:], landmarks - np.array([left, 0, 0], dtype=np.float32), 256)
    assert square.shape == (256, 256, 3)
    assert np.isfinite(moved).all()


def test_a_rig_comes_back_from_its_file_unchanged(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rig.npz"
    write_rig(rig, path)
    assert [file.name for file in path.parent.iterdir()] == ["rig.npz"]
    again = read_rig(path)
    assert again is not None
    for field in fields(Rig):
        before, after = getattr(rig, field.name), getattr(again, field.name)
        if isinstance(before, np.ndarray):
            assert np.array_equal(before, after), field.name
    assert np.array_equal(again.left_eye.skin, rig.left_eye.skin)
    assert again.frame.mouth_width == rig.frame.mouth_width


@pytest.mark.parametrize("damage", [b"", b"not a rig", None])
def test_a_damaged_file_counts_as_none(rig: Rig, tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "rig.npz"
    write_rig(rig, path)
    path.write_bytes(path.read_bytes()[:5000] if damage is None else damage)
    assert read_rig(path) is None
    assert read_rig(tmp_path / "absent.npz") is None


def test_a_rig_of_other_parts_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "rig.npz"
    np.savez(path, picture=np.zeros(3))
    assert read_rig(path) is None


def test_a_cache_that_cannot_be_written_is_said(rig: Rig, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageError):
        write_rig(rig, blocked / "rig.npz")
