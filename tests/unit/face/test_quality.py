"""What is measured of a drawn face, and the sentences that measures become."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from avatar.face import topology
from avatar.face.measures import Measures, grain, measure
from avatar.face.quality import of_the_face
from tests.unit.face.drawn import drawn_face, drawn_landmarks

GOOD = Measures(
    height=300.0,
    yaw=3.0,
    pitch=-2.0,
    roll=1.0,
    eyes=(0.38, 0.37),
    irises=(0.45, 0.5),
    mouth=0.03,
    blur=0.4,
    light=150.0,
    contrast=160.0,
    balance=0.8,
    noise=1.0,
    bridge=0.05,
    inside=1.0,
)


def test_of_a_good_photograph_nothing_is_said() -> None:
    assert of_the_face(GOOD, 0.0) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"height": 60.0}, "face_small"),
        ({"height": 120.0}, "face_small"),
        ({"blur": 0.7}, "soft"),
        ({"blur": 0.8}, "blurred"),
        ({"yaw": -18.0}, "turned_aside"),
        ({"yaw": 27.0}, "turned_away"),
        ({"pitch": 25.0}, "tilted"),
        ({"pitch": -25.0}, "tilted"),
        ({"roll": 88.0, "bridge": 0.4}, "lying"),
        ({"eyes": (0.2, 0.2), "irises": (0.1, 0.12)}, "eyes_closed"),
        ({"mouth": 0.2}, "mouth_open"),
        ({"bridge": 0.4}, "glasses"),
        ({"inside": 0.9}, "face_cut"),
        ({"contrast": 40.0}, "faded"),
        ({"light": 30.0}, "exposure"),
        ({"light": 240.0}, "exposure"),
        ({"balance": 0.3}, "half_in_shadow"),
        ({"noise": 9.0}, "grainy"),
    ],
)
def test_each_fault_has_its_sentence_in_both_languages(change: dict[str, object], code: str) -> None:
    (finding,) = of_the_face(dataclasses.replace(GOOD, **change), 0.0)  # type: ignore[arg-type]
    assert finding.code == code
    assert finding.en.isascii()
    assert any("\u4e00" <= sign <= "\u9fff" for sign in finding.zh)


def test_a_hand_in_front_is_told_and_one_beside_the_face_is_not() -> None:
    assert [finding.code for finding in of_the_face(GOOD, 0.1)] == ["hand_on_face"]
    assert of_the_face(GOOD, 0.02) == []


def test_measures_do_not_depend_on_the_size_of_the_picture() -> None:
    small, large = (measure(drawn_face(size)[0], drawn_landmarks(size)) for size in (256, 768))
    assert large.height == pytest.approx(3 * small.height)
    for name in ("eyes", "irises"):
        assert getattr(large, name) == pytest.approx(getattr(small, name), abs=0.08)
    assert large.balance == pytest.approx(small.balance, abs=0.05)
    assert large.light == pytest.approx(small.light, abs=6)


def test_blurring_is_seen_and_closing_the_eyes_too() -> None:
    picture, _ = drawn_face(512)
    points = drawn_landmarks(512)
    sharp = measure(picture, points)
    soft = measure(np.asarray(cv2.GaussianBlur(picture, (0, 0), 6)), points)
    assert sharp.blur + 0.2 < soft.blur
    shut = picture.copy()
    for upper, lower in (
        (topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID),
        (topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID),
    ):
        lids = points[[*upper, *lower[::-1]], :2].round().astype(np.int32)
        cv2.fillPoly(shut, [cv2.convexHull(lids)], (214, 172, 148))
        cv2.polylines(shut, [points[list(lower), :2].round().astype(np.int32)], False, (60, 40, 36), 2)
    assert max(measure(shut, points).irises) < 0.6 * min(sharp.irises)


def test_the_frame_of_glasses_crosses_the_nose() -> None:
    picture, _ = drawn_face(512)
    points = drawn_landmarks(512)
    right, left = points[topology.RIGHT_IRIS, :2], points[topology.LEFT_IRIS, :2]
    ends = [tuple(int(v) for v in point) for point in (right, left)]
    framed = picture.copy()
    cv2.line(framed, ends[0], ends[1], (30, 30, 30), 5)
    assert measure(picture, points).bridge < 0.1
    assert measure(framed, points).bridge > 0.3


def test_a_face_beyond_the_edge_is_measured_as_far_as_it_is_there() -> None:
    picture, _ = drawn_face(512)
    points = drawn_landmarks(512)
    cut = int(points[topology.CHIN, 1]) - 20
    found = measure(picture[:cut], points)
    assert 0.5 < found.inside < 0.97
    assert "face_cut" in {finding.code for finding in of_the_face(found, 0.0)}
    nowhere = measure(picture, points + np.array([5000, 0, 0], dtype=np.float32))
    assert nowhere.inside == 0.0
    assert nowhere.light == 0.0


@pytest.mark.parametrize("sigma", [2.0, 8.0, 20.0])
def test_grain_is_measured_in_grey_levels(sigma: float) -> None:
    rng = np.random.default_rng(3)
    slope = np.tile(np.linspace(40, 200, 200, dtype=np.float32), (200, 1))
    assert grain(slope) < 0.1
    noisy = slope + rng.normal(0, sigma, slope.shape).astype(np.float32)
    assert grain(noisy) == pytest.approx(sigma, rel=0.05)
