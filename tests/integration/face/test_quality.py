"""Photographs examined with the real networks: good ones, and the same spoilt on purpose."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from avatar.face import topology
from avatar.face.landmarks import FaceFinder, Points
from avatar.face.params import FaceParams
from avatar.face.photo import Photograph
from avatar.face.quality import Examination, examine, places, rivals
from avatar.face.render import Renderer
from avatar.face.rig import build_rig
from avatar.media import Pixels
from avatar.stages import FaceChoice
from tests.integration.face.portraits import PORTRAITS

pytestmark = pytest.mark.integration

GRAVE = {"blurred", "eyes_closed", "mouth_open", "glasses", "hand_on_face", "face_cut", "faded", "exposure"}


def _examined(picture: Pixels, finder: FaceFinder, choice: FaceChoice | None = None) -> Examination:
    photo = Photograph(picture, picture.shape[1], picture.shape[0], 1, black_and_white=False)
    return examine(photo, finder, choice or FaceChoice())


def _codes(picture: Pixels, finder: FaceFinder) -> set[str]:
    return {finding.code for finding in _examined(picture, finder).findings}


def _points(picture: Pixels, finder: FaceFinder) -> Points:
    points = _examined(picture, finder).points
    assert points is not None
    return points


@pytest.mark.parametrize("name", PORTRAITS)
def test_nothing_grave_is_said_of_a_good_portrait(photos: dict[str, Pixels], finder: FaceFinder, name: str) -> None:
    found = _examined(photos[name], finder)
    assert found.usable
    assert found.number == 1
    assert not GRAVE & {finding.code for finding in found.findings}


@pytest.mark.parametrize("name", PORTRAITS)
def test_a_blurred_face_is_told(photos: dict[str, Pixels], finder: FaceFinder, name: str) -> None:
    height = np.ptp(_points(photos[name], finder)[:468, 1])
    blurred = np.asarray(cv2.GaussianBlur(photos[name], (0, 0), 0.02 * float(height)), dtype=np.uint8)
    assert {"blurred", "soft"} & _codes(blurred, finder)


@pytest.mark.parametrize("name", PORTRAITS)
def test_glasses_are_told(photos: dict[str, Pixels], finder: FaceFinder, name: str) -> None:
    picture = photos[name].copy()
    right, left = _points(picture, finder)[[topology.RIGHT_IRIS, topology.LEFT_IRIS], :2]
    eyes = float(np.hypot(*(left - right)))
    along = (left - right) / eyes
    width = max(2, round(0.05 * eyes))
    for eye in (right, left):
        cv2.circle(picture, (int(eye[0]), int(eye[1])), int(0.36 * eyes), (40, 34, 30), width, cv2.LINE_AA)
    ends = [(int(x), int(y)) for x, y in (right + 0.36 * eyes * along, left - 0.36 * eyes * along)]
    cv2.line(picture, ends[0], ends[1], (40, 34, 30), width, cv2.LINE_AA)
    assert "glasses" in _codes(picture, finder)


@pytest.mark.parametrize("name", PORTRAITS)
def test_closed_eyes_and_an_open_mouth_are_told(photos: dict[str, Pixels], finder: FaceFinder, name: str) -> None:
    renderer = Renderer(build_rig(photos[name], finder, 512))
    assert not {"eyes_closed", "mouth_open"} & _codes(renderer.render(FaceParams()), finder)
    assert "eyes_closed" in _codes(renderer.render(FaceParams(blink_left=1.0, blink_right=1.0)), finder)
    assert "mouth_open" in _codes(renderer.render(FaceParams(jaw=0.6)), finder)


def test_a_hand_before_the_face_is_told(photos: dict[str, Pixels], finder: FaceFinder) -> None:
    """Mona Lisa's own hand, laid on the cheek of another."""
    source, target = photos["mona_lisa.jpg"], photos["sargent_portrait.jpg"].copy()
    face = _points(target, finder)
    low, high = face[:468, :2].min(axis=0), face[:468, :2].max(axis=0)
    hand = source[930:1130, 190:400]
    side = float(high[1] - low[1])
    small = cv2.resize(hand, (round(side), round(side * 200 / 210)), interpolation=cv2.INTER_AREA)
    x, y = int(low[0] + 0.35 * side), int(low[1] + 0.35 * side)
    target[y : y + small.shape[0], x : x + small.shape[1]] = small
    moved = finder.hands(target, face)
    assert moved > 0.05
    assert finder.hands(photos["sargent_portrait.jpg"], face) < 0.02
    assert finder.hands(photos["mona_lisa.jpg"], _points(photos["mona_lisa.jpg"], finder)) == 0.0


def test_several_faces_are_counted_and_placed_and_one_can_be_chosen(
    photos: dict[str, Pixels], finder: FaceFinder
) -> None:
    one = photos["sargent_portrait.jpg"]
    both = np.concatenate([one, one], axis=1)
    found = _examined(both, finder)
    assert not found.usable
    assert found.findings[0].code == "several_faces"
    assert rivals(found) == 2
    photo = Photograph(both, both.shape[1], both.shape[0], 1, black_and_white=False)
    assert len({place for place, _ in places(found, photo)}) == 2
    assert _examined(both, finder, FaceChoice(2)).usable
    assert _examined(both, finder, FaceChoice(3)).findings[0].code == "no_such_face"


def test_nobody_is_an_error_with_a_way_out(finder: FaceFinder) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    found = _examined(noise, finder)
    assert (found.usable, found.faces, found.findings[0].code) == (False, (), "no_face")
    marks = ((0.4, 0.4), (0.6, 0.4), (0.5, 0.52), (0.42, 0.62), (0.58, 0.62), (0.5, 0.75))
    assert _examined(noise, finder, FaceChoice(marks=marks)).points is not None
    assert _examined(noise, finder, FaceChoice(marks=marks[:3])).findings[0].code == "marks_misplaced"
