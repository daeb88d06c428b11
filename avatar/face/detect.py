"""Finding every face of a picture, whatever its size: two detectors, run over the whole and over parts of it.

The detectors see 128 and 192 pixels. A face that is small in the picture is a few pixels there, so the picture is
looked at again in halves and in quarters, each overlapping its neighbour by half, until a level shows a large face.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.network import Network
from avatar.media import Pixels

PROMINENT = 0.12
"""A face at least this large, as a share of the picture's shorter side, ends the search for smaller ones."""

SMALLEST_PART = 192
"""Parts smaller than this many pixels are not looked at: the detector would only see them enlarged."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face: its box in pixels of the photograph, how sure the detector is (0..1), and six key points.

    Attributes:
        keypoints: float32 [6, 2]: right eye, left eye, tip of the nose, mouth, right ear, left ear.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float
    keypoints: NDArray[np.float32]

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left


class Detector:
    """Both detectors. Not to be used by two threads at once.

    Args:
        far: MediaPipe's full-range detector, for faces of a twentieth of the picture and more.
        near: its short-range one, for faces that fill the picture.
    """

    def __init__(self, far: Network, near: Network) -> None:
        self._far = far
        self._near = near

    def faces(self, photo: Pixels) -> list[Face]:
        """All faces, each once, in no order."""
        found: list[Face] = []
        for division in (1, 2, 4):
            for x, y, part in parts(photo, division):
                found += [face for face in self._detect(part, x, y) if not _cut_off(face, x, y, part, photo)]
            found = without_doubles(found)
            if found and max(face.height for face in found) >= PROMINENT * min(photo.shape[:2]):
                break
        return found

    def _detect(self, photo: Pixels, left: int, top: int) -> list[Face]:
        found = [*decode(photo, self._far, FAR_ANCHORS), *decode(photo, self._near, NEAR_ANCHORS)]
        return [_moved(face, left, top) for face in without_doubles(found)]


def parts(photo: Pixels, division: int) -> Iterator[tuple[int, int, Pixels]]:
    """Overlapping parts of a picture, each a `division`-th of its sides, with where they begin; none if too small."""
    height, width = photo.shape[:2]
    if division > 1 and max(height, width) < SMALLEST_PART * division:
        return
    tall, wide = max(height // division, min(height, SMALLEST_PART)), max(width // division, min(width, SMALLEST_PART))
    for y in _starts(height, tall):
        for x in _starts(width, wide):
            yield x, y, photo[y : y + tall, x : x + wide]


def _starts(whole: int, part: int) -> list[int]:
    """Where parts begin so that each overlaps the next by half, and the last ends at the edge."""
    steps = max(0, -(-2 * (whole - part) // part))
    return [round(i * (whole - part) / steps) for i in range(steps + 1)] if steps else [0]


def _cut_off(face: Face, x: int, y: int, part: Pixels, photo: Pixels) -> bool:
    """Whether a face goes on beyond the part that it was found in; then another part shows it whole."""
    beyond_left, beyond_top = x > 0 and face.left < x, y > 0 and face.top < y
    right, bottom = x + part.shape[1], y + part.shape[0]
    beyond_right = right < photo.shape[1] and face.right > right
    return beyond_left or beyond_top or beyond_right or (bottom < photo.shape[0] and face.bottom > bottom)


def anchors_of(layers: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """float32 [n, 2]: the centres of the cells in 0..1. Args: layers: cells on a side, and anchors in each cell."""
    layer = []
    for cells, each in layers:
        centre = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(centre, centre), axis=-1).reshape(-1, 2)
        layer.append(np.repeat(grid, each, axis=0))
    return np.concatenate(layer).astype(np.float32)


NEAR_ANCHORS = anchors_of(((16, 2), (8, 6)))
FAR_ANCHORS = anchors_of(((48, 1),))
PALM_ANCHORS = anchors_of(((24, 2), (12, 6)))


def decode(photo: Pixels, network: Network, anchors: NDArray[np.float32], black: float = -1.0) -> list[Face]:
    """What a detector of this kind sees in a picture.

    Args:
        anchors: float32 [n, 2], the centres of its cells in 0..1; see `anchors_of`.
        black: what the network takes for black; white is 1.
    """
    height, width = photo.shape[:2]
    side, longest = network.side, max(height, width)
    scaled = cv2.resize(
        photo,
        (max(1, round(width * side / longest)), max(1, round(height * side / longest))),
        interpolation=cv2.INTER_AREA if longest > side else cv2.INTER_LINEAR,
    )
    canvas = np.zeros((side, side, 3), np.float32)
    top, left = (side - scaled.shape[0]) // 2, (side - scaled.shape[1]) // 2
    canvas[top : top + scaled.shape[0], left : left + scaled.shape[1]] = (
        scaled.astype(np.float32) * ((1.0 - black) / 255.0) + black
    )
    boxes, logits = network(canvas)
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits.reshape(-1), -80, 80)))
    keep = np.flatnonzero(scores > 0.5)
    values = boxes.reshape(len(anchors), -1)[keep] / side
    centres = anchors[keep]
    sizes = values[:, 2:4]
    scale = np.array([longest, longest]) * 1.0
    offset = np.array([left, top]) / side
    faces = []
    for index in range(len(keep)):
        middle = (values[index, :2] + centres[index] - offset) * scale
        half = sizes[index] * scale / 2
        points = (values[index, 4:].reshape(-1, 2) + centres[index] - offset) * scale
        low, high = middle - half, middle + half
        box = [float(edge) for edge in (*low, *high)]
        score = float(scores[keep[index]])
        faces.append(Face(box[0], box[1], box[2], box[3], score, points.astype(np.float32)))
    return faces


def without_doubles(faces: list[Face]) -> list[Face]:
    """Each face once: the surest of those that overlap."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda item: -item.score):
        if all(_overlap(face, other) < 0.3 for other in kept):
            kept.append(face)
    return kept


def _overlap(a: Face, b: Face) -> float:
    """The boxes' intersection as a share of the smaller box."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / max(min(a.width * a.height, b.width * b.height), 1e-6)


def _moved(face: Face, x: int, y: int) -> Face:
    shift = np.array([x, y], dtype=np.float32)
    return Face(face.left + x, face.top + y, face.right + x, face.bottom + y, face.score, face.keypoints + shift)
