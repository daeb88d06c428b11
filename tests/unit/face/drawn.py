"""A drawn face with known landmarks, for tests that need no weights.

`landmarks.csv` holds the 478 landmarks of a painted face (Sargent, "Elizabeth Winthrop Chanler", 1893, public
domain) in a picture of 256 pixels; the face itself is drawn over them in flat colours.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.landmarks import Points
from avatar.face.rig import Rig, assemble
from avatar.media import Pixels

SKIN, LIPS, BACKGROUND = (214, 172, 148), (180, 84, 80), (70, 90, 110)


def drawn_landmarks(size: int = 256) -> Points:
    """float32 [478, 3] in pixels of a picture of the given size."""
    text = Path(__file__).with_name("landmarks.csv").read_text(encoding="ascii")
    return np.array([line.split(",") for line in text.split()], dtype=np.float32) * np.float32(size / 256)


def drawn_face(size: int = 256) -> tuple[Pixels, NDArray[np.float32]]:
    """The picture, and the mask of the person in it."""
    points = drawn_landmarks(size)[:, :2].round().astype(np.int32)
    picture = np.full((size, size, 3), BACKGROUND, np.uint8)
    mask = np.zeros((size, size), np.uint8)
    middle = points[list(topology.OVAL)].mean(axis=0).astype(int)
    shoulders = (int(middle[0]), int(size * 1.05)), (int(size * 0.42), int(size * 0.4))
    for layer, colours in ((picture, ((40, 40, 44), (60, 44, 36))), (mask, (1, 1))):
        cv2.ellipse(layer, *shoulders, 0, 0, 360, colours[0], -1)
        head = (int(middle[0]), int(middle[1] - 0.03 * size)), (int(size * 0.2), int(size * 0.26))
        cv2.ellipse(layer, *head, 0, 0, 360, colours[1], -1)
    cv2.fillPoly(picture, [points[list(topology.OVAL)]], SKIN)
    lips = [*topology.UPPER_OUTER, *topology.LOWER_OUTER[::-1]]
    cv2.fillPoly(picture, [points[lips]], LIPS)
    for upper, lower, iris in (
        (topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID, topology.RIGHT_IRIS),
        (topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID, topology.LEFT_IRIS),
    ):
        cv2.fillPoly(picture, [points[[*upper, *lower[::-1]]]], (236, 232, 228))
        cv2.circle(picture, points[iris].tolist(), max(2, size // 64), (40, 28, 20), -1)
    return picture, mask.astype(np.float32)


def drawn_rig(size: int = 256) -> Rig:
    """The rig of the drawn face."""
    picture, mask = drawn_face(size)
    return assemble(picture, drawn_landmarks(size), mask)
