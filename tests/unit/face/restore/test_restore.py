"""Restoration on damage of our own making: what is found, what is mended, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from avatar.errors import WeightsError
from avatar.face.restore.enlarge import FACTOR, TILE, LanczosUpscaler, NetworkUpscaler
from avatar.face.restore.prints import find_print, straighten
from avatar.face.restore.scratches import find_scratches, mend
from avatar.face.restore.tone import Tint, denoise, is_monochrome, noise_of, restore_levels, span_of
from avatar.face.restore.work import Repairs, Restorer, assess
from avatar.media import Pixels
from tests.unit.face.drawn import drawn_face, drawn_landmarks


def _psnr(one: Pixels, other: Pixels) -> float:
    return float(10 * np.log10(255.0**2 / max(np.mean((one.astype(float) - other.astype(float)) ** 2), 1e-9)))


def _scene(size: int = 480) -> Pixels:
    """A soft picture: slopes and a drawn face."""
    face = np.asarray(cv2.GaussianBlur(drawn_face(size)[0], (0, 0), 2.5), dtype=np.uint8)
    slope = np.linspace(-12, 12, size)[None, :, None]
    return np.clip(face + slope, 0, 255).astype(np.uint8)


def _scratched(photo: Pixels) -> Pixels:
    damaged = photo.copy()
    for start, end, grey, width in (
        ((20, 10), (90, 470), 240, 2), ((300, 5), (470, 440), 235, 1), ((5, 300), (250, 470), 12, 2),
        ((380, 20), (300, 200), 15, 1),
    ):  # fmt: skip
        cv2.line(damaged, start, end, (grey,) * 3, width, cv2.LINE_AA)
    for place in ((40, 100), (430, 60), (400, 400), (120, 440)):
        cv2.circle(damaged, place, 2, (250,) * 3, -1)
    return damaged


def test_on_a_picture_without_scratches_none_are_found() -> None:
    photo = _scene()
    found = find_scratches(photo, drawn_landmarks(480))
    assert (found.lines, found.mask.sum()) == (0, 0)
    assert mend(photo, found) is photo


def test_light_and_dark_scratches_and_dust_are_found_and_mended() -> None:
    photo = _scene()
    damaged = _scratched(photo)
    found = find_scratches(damaged, drawn_landmarks(480))
    assert found.lines >= 4
    assert found.spots >= 3
    assert _psnr(mend(damaged, found), photo) > _psnr(damaged, photo) + 7
    true = np.abs(damaged.astype(int) - photo).max(axis=2) > 25
    assert (cv2.dilate(found.mask, np.ones((3, 3), np.uint8))[true] > 0).mean() > 0.85
    assert found.mask.mean() < 2.5 * true.mean()


def test_a_scratch_is_found_in_a_large_picture_too() -> None:
    photo = np.asarray(cv2.resize(_scratched(_scene()), (1440, 1440)), dtype=np.uint8)
    assert find_scratches(photo).mask.shape == (1440, 1440)
    assert find_scratches(photo).lines >= 3


def test_the_lines_of_a_face_are_no_scratches() -> None:
    photo, points = _scene(), drawn_landmarks(480)
    for group in ((33, 133), (362, 263), (61, 291)):
        ends = [(int(points[index, 0]), int(points[index, 1])) for index in group]
        cv2.line(photo, ends[0], ends[1], (20, 16, 16), 2, cv2.LINE_AA)
    assert find_scratches(photo, points).lines == 0


def test_grain_is_measured_and_taken_away_but_not_the_edges() -> None:
    photo = _scene()
    noisy = np.clip(photo + np.random.default_rng(0).normal(0, 12, photo.shape), 0, 255).astype(np.uint8)
    assert noise_of(photo) < 1
    assert noise_of(noisy) > 6
    assert _psnr(denoise(noisy), photo) > _psnr(noisy, photo) + 5


def test_a_faded_picture_gets_its_tones_back() -> None:
    photo = _scene()
    faded = np.clip(photo * 0.35 + (118, 110, 92), 0, 255).astype(np.uint8)
    restored = restore_levels(faded)
    assert span_of(faded) < 100
    assert span_of(restored) > 1.8 * span_of(faded)
    assert _psnr(restored, photo) > _psnr(faded, photo) + 2
    assert _psnr(restore_levels(photo), photo) > 18


def test_sepia_stays_sepia_and_grey_stays_grey() -> None:
    grey = np.repeat(cv2.cvtColor(_scene(), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8)
    sepia = np.clip(grey * 0.4 + (130, 110, 80), 0, 255).astype(np.uint8)
    assert is_monochrome(grey)
    assert is_monochrome(sepia)
    assert not is_monochrome(_scene())
    assert np.ptp(restore_levels(grey).astype(int), axis=2).max() <= 3
    warm = restore_levels(sepia).reshape(-1, 3).mean(axis=0)
    assert warm[0] > warm[1] > warm[2]


def test_a_tint_is_warm_and_leaves_the_lightness() -> None:
    grey = np.repeat(cv2.cvtColor(_scene(), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2).astype(np.uint8)
    tinted = Tint().colour(grey, None)
    mean = tinted.reshape(-1, 3).mean(axis=0)
    assert mean[0] > mean[1] > mean[2]
    before, after = (cv2.cvtColor(each, cv2.COLOR_RGB2LAB)[..., 0].astype(int) for each in (grey, tinted))
    assert np.abs(before - after).mean() < 3


def _photographed(photo: Pixels) -> tuple[Pixels, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """The print on a table, seen aslant."""
    table = np.full((700, 900, 3), (70, 52, 40), np.uint8)
    corners = np.array([[180, 90], [690, 130], [650, 610], [230, 580]], np.float32)
    size = photo.shape[0]
    framed = cv2.copyMakeBorder(photo, 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=(240, 236, 226))
    side = size + 24
    matrix = cv2.getPerspectiveTransform(np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32), corners)
    mask = cv2.warpPerspective(np.ones(framed.shape[:2], np.uint8), matrix, (900, 700))
    table[mask > 0] = cv2.warpPerspective(framed, matrix, (900, 700))[mask > 0]
    return table, corners


def test_a_photographed_print_is_found_and_seen_from_straight_ahead() -> None:
    photo = _scene()
    table, corners = _photographed(photo)
    found = find_print(table)
    assert found is not None
    assert np.abs(found - corners).max() < 8
    straight = straighten(table, found)
    like = cv2.resize(straight, (photo.shape[1], photo.shape[0]))[30:-30, 30:-30]
    framed = cv2.copyMakeBorder(photo, 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=(240, 236, 226))
    whole = cv2.resize(framed, (photo.shape[1], photo.shape[0]))[30:-30, 30:-30]
    assert _psnr(np.asarray(like, dtype=np.uint8), np.asarray(whole, dtype=np.uint8)) > 22


def test_a_picture_that_is_no_print_is_left_whole() -> None:
    assert find_print(_scene()) is None
    assert find_print(np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)) is None
    assert find_print(np.zeros((300, 400, 3), np.uint8)) is None


def _tiny(folder: Path, *, doubled: bool = True) -> Path:
    """A network of the packaged one's layout that repeats each pixel: a convolution, doubling, a convolution."""
    layers: list[dict[str, object]] = [
        {"class_name": "InputLayer", "name": "LR", "config": {}, "inbound_nodes": []},
        _conv("F_0", "LR", 3),
        {"class_name": "Activation", "name": "R", "config": {"activation": "relu"},
         "inbound_nodes": [[["F_0", 0, 0, {}]]]},
        {"class_name": "Concatenate", "name": "C", "config": {"axis": 3},
         "inbound_nodes": [[["R", 0, 0, {}], ["F_0", 0, 0, {}]]]},
        _conv("L", "C", 1),
        {"class_name": "Add", "name": "A", "config": {}, "inbound_nodes": [[["L", 0, 0, {}], ["F_0", 0, 0, {}]]]},
        {"class_name": "UpSampling2D", "name": "U", "config": {"size": [2, 2], "interpolation": "nearest"},
         "inbound_nodes": [[["A", 0, 0, {}]]]},
        _conv("SR", "U", 3),
    ]  # fmt: skip
    if not doubled:
        layers[6]["class_name"] = "Lambda"
    middle, half = np.zeros((3, 3, 3, 3), np.float32), np.zeros((1, 1, 6, 3), np.float32)
    middle[1, 1] = np.eye(3)
    half[0, 0, :3] = 0.5 * np.eye(3)
    half[0, 0, 3:] = 0.5 * np.eye(3)
    tensors = {"F_0/kernel": middle, "F_0/bias": np.zeros(3, np.float32), "L/kernel": half,
               "L/bias": np.zeros(3, np.float32), "SR/kernel": 0.5 * middle,
               "SR/bias": np.zeros(3, np.float32)}  # fmt: skip
    entries = [{"name": name, "shape": list(each.shape), "dtype": "float32"} for name, each in tensors.items()]
    described = {
        "modelTopology": {"model_config": {"config": {"layers": layers}}},
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": entries}],
    }
    folder.mkdir(exist_ok=True)
    (folder / "model.json").write_text(json.dumps(described))
    (folder / "group1-shard1of1.bin").write_bytes(b"".join(each.tobytes() for each in tensors.values()))
    return folder


def _conv(name: str, source: str, side: int) -> dict[str, object]:
    config = {"kernel_size": [side, side], "strides": [1, 1], "padding": "same", "activation": "linear"}
    return {"class_name": "Conv2D", "name": name, "config": config, "inbound_nodes": [[[source, 0, 0, {}]]]}


def test_the_packaged_layout_becomes_a_network_that_runs_in_tiles_without_seams(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    photo = np.asarray(cv2.GaussianBlur(rng.integers(0, 255, (TILE + 37, TILE + 5, 3), dtype=np.uint8), (0, 0), 3))
    large = NetworkUpscaler(_tiny(tmp_path / "net")).enlarge(photo.astype(np.uint8))
    assert large.shape == (FACTOR * photo.shape[0], FACTOR * photo.shape[1], 3)
    expected = cv2.resize(photo, (large.shape[1], large.shape[0]), interpolation=cv2.INTER_LANCZOS4)
    assert _psnr(large, expected.astype(np.uint8)) > 38


def test_weights_that_are_missing_damaged_or_unknown_are_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="esrgan-slim"):
        NetworkUpscaler(tmp_path)
    folder = _tiny(tmp_path / "cut")
    weights = folder / "group1-shard1of1.bin"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(WeightsError):
        NetworkUpscaler(folder)
    with pytest.raises(WeightsError):
        NetworkUpscaler(_tiny(tmp_path / "other", doubled=False))


class NobodyFinder:
    """Sees no face."""

    def chosen(self, photo: Pixels, choice: object) -> None:
        from avatar.errors import PhotoError

        raise PhotoError("none", "无", code="no_face")


def _restorer() -> Restorer:
    return Restorer(NobodyFinder(), LanczosUpscaler(), Tint())  # type: ignore[arg-type]


def test_what_would_show_is_proposed_and_done_and_the_progress_told() -> None:
    table, _ = _photographed(_scratched(_scene()))
    faded = np.clip(table * 0.4 + 100 + np.random.default_rng(0).normal(0, 9, table.shape), 0, 255).astype(np.uint8)
    damage = assess(faded, None)
    assert damage.proposed.straighten
    assert damage.proposed.noise
    assert damage.proposed.fading
    assert not damage.proposed.tint
    told: list[float] = []
    restored = _restorer().restore(faded, damage.proposed, told.append)
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert restored.shape[0] < faded.shape[0]
    assert span_of(restored) > 1.5 * span_of(faded)
    assert noise_of(restored) < noise_of(faded)


def test_of_a_good_picture_nothing_is_proposed_and_no_repairs_change_nothing() -> None:
    photo = _scene()
    assert assess(photo, None).proposed == Repairs()
    assert _restorer().restore(photo, Repairs()) is photo


def test_a_small_face_is_enlarged_and_a_large_picture_is_not() -> None:
    photo = _scene(320)
    assert assess(photo, drawn_landmarks(320)).proposed.enlarge
    assert _restorer().restore(photo, Repairs(enlarge=True, tint=True)).shape == (640, 640, 3)
    large = np.zeros((1200, 1200, 3), np.uint8)
    assert _restorer().restore(large, Repairs(enlarge=True)).shape == large.shape


def test_restoring_can_be_broken_off() -> None:
    def stop(share: float) -> None:
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _restorer().restore(_scene(), Repairs(noise=True, fading=True), stop)
