from __future__ import annotations

import cv2
import numpy as np
import pytest

from avatar.face import topology
from avatar.face.landmarks import Points
from avatar.face.mesh import face_frame
from avatar.face.seam import close_lips
from avatar.media import Pixels
from tests.unit.face.drawn import drawn_face, drawn_landmarks

UPPER, LOWER = list(topology.UPPER_INNER), list(topology.LOWER_INNER)


def _seen_open(size: int, gap: float) -> Points:
    """Landmarks whose inner lips are apart by a fraction of the mouth's width, as a detector may see them."""
    landmarks = drawn_landmarks(size)
    middle = (landmarks[UPPER] + landmarks[LOWER]) / 2
    arch = np.sin(np.linspace(0, np.pi, len(UPPER))) * gap * face_frame(landmarks).mouth_width / 2
    landmarks[UPPER], landmarks[LOWER] = middle, middle
    landmarks[UPPER, 1] -= arch.astype(np.float32)
    landmarks[LOWER, 1] += arch.astype(np.float32)
    landmarks[list(topology.LOWER_OUTER[1:-1]), 1] += 0.15 * face_frame(landmarks).mouth_width
    return landmarks


def _with_line(picture: Pixels, landmarks: Points, below: float) -> Pixels:
    """The picture with a dark line between the lips, so many pixels below their middle."""
    line = (landmarks[UPPER, :2] + landmarks[LOWER, :2]) / 2 + [0, below]
    drawn = picture.copy()
    cv2.polylines(drawn, [line.round().astype(np.int32)], False, (30, 10, 10), 2, cv2.LINE_AA)
    return drawn


def _face_with_lips(landmarks: Points, size: int) -> Pixels:
    picture, _ = drawn_face(size)
    outline = landmarks[[*topology.UPPER_OUTER, *topology.LOWER_OUTER[::-1]], :2].round().astype(np.int32)
    cv2.fillPoly(picture, [outline], (180, 84, 80))
    return picture


def test_a_sliver_between_shut_lips_is_closed_in_its_middle() -> None:
    landmarks = _seen_open(512, 0.04)
    closed = close_lips(landmarks, _face_with_lips(landmarks, 512), face_frame(landmarks))
    assert np.array_equal(closed[UPPER], closed[LOWER])
    middle = (landmarks[UPPER, 1] + landmarks[LOWER, 1]) / 2
    assert np.abs(closed[UPPER, 1] - middle).max() < 1.0


@pytest.mark.parametrize("below", [-2.0, 0.0, 2.5])
def test_lips_meet_on_the_line_that_the_picture_shows(below: float) -> None:
    landmarks = _seen_open(512, 0.12)
    picture = _with_line(_face_with_lips(landmarks, 512), landmarks, below)
    closed = close_lips(landmarks, picture, face_frame(landmarks))
    assert np.array_equal(closed[UPPER], closed[LOWER])
    middle = (landmarks[UPPER[3:-3], 1] + landmarks[LOWER[3:-3], 1]) / 2
    assert (closed[UPPER[3:-3], 1] - middle).mean() == pytest.approx(below, abs=1.0)


def test_an_opening_without_a_line_is_kept() -> None:
    landmarks = _seen_open(512, 0.12)
    picture = _face_with_lips(landmarks, 512)
    inside = landmarks[[*UPPER, *LOWER[::-1]], :2].round().astype(np.int32)
    cv2.fillPoly(picture, [inside], (30, 12, 12))
    assert close_lips(landmarks, picture, face_frame(landmarks)) is landmarks


def test_teeth_above_a_line_are_kept() -> None:
    landmarks = _seen_open(512, 0.14)
    picture = _face_with_lips(landmarks, 512)
    inside = landmarks[[*UPPER, *LOWER[::-1]], :2].round().astype(np.int32)
    cv2.fillPoly(picture, [inside], (225, 220, 210))
    picture = _with_line(picture, landmarks, 2.0)
    assert close_lips(landmarks, picture, face_frame(landmarks)) is landmarks


def test_a_mouth_wide_open_is_kept() -> None:
    landmarks = _seen_open(512, 0.4)
    assert close_lips(landmarks, _face_with_lips(landmarks, 512), face_frame(landmarks)) is landmarks
