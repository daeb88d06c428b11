"""A face marked by hand: six points stand for all 478, for faces that no detector finds.

`canonical.csv` is a face of ours to bend: the median of the landmarks found in four old portraits and two drawings of
this project, turned to the front and made symmetrical; one unit is the distance of the pupils, the origin lies between
them. Where the landmark network sees a face around the marks after all, its points are bent instead. Bending is by a
thin-plate spline (Bookstein 1989) through the marks, held at the outline so that it cannot fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import PhotoError
from avatar.face import topology
from avatar.face.network import Points

MARKS = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left", "chin")
"""What is marked, in this order; right and left are the person's own. The eyes are marked at their pupils, the mouth
at its corners."""

_POINTS = (topology.RIGHT_IRIS, topology.LEFT_IRIS, topology.NOSE_TIP, 61, 291, topology.CHIN)
_HELD = (10, 127, 356, 234, 454)
"""The forehead, temples and cheeks: what the spline leaves where the whole face was put."""
_JAW = (172, 397)
"""The corners of the jaw follow the chin by half."""

_SMALLEST_EYES = 10.0
"""Pixels between the pupils below which there is nothing to animate."""

_ALIKE = 0.3
"""The network's face is believed while its points lie this near to the marks, in distances of the pupils (RMS)."""


def marks_in_pixels(marks: Sequence[tuple[float, float]], width: int, height: int) -> NDArray[np.float32]:
    """Marks given as fractions of the picture, float32 [6, 2] in pixels.

    Raises:
        PhotoError: there are not six, one lies outside of the picture, or they are not placed like a face.
    """
    points = np.asarray(marks, dtype=np.float32).reshape(-1, 2) if len(marks) else np.zeros((0, 2), np.float32)
    if points.shape != (len(MARKS), 2) or not np.isfinite(points).all():
        raise _misplaced(f"there must be {len(MARKS)} of them", f"应有 {len(MARKS)} 个点")
    if (points < 0).any() or (points > 1).any():
        raise _misplaced("one lies outside of the picture", "有的点在图片之外")
    placed = np.asarray(points * np.array([width, height], dtype=np.float32))
    right, left, nose, mouth_right, mouth_left, chin = placed
    across = left - right
    eyes = float(np.hypot(*across))
    if eyes < _SMALLEST_EYES:
        raise _misplaced("the eyes are too close together", "两眼靠得太近")
    across = across / eyes
    down = np.array([-across[1], across[0]])
    mouth = (mouth_right + mouth_left) / 2
    depths = [float((point - (right + left) / 2) @ down) for point in (nose, mouth, chin)]
    if not (0.1 * eyes < depths[0] < depths[1] - 0.05 * eyes < depths[2] - 0.1 * eyes):
        raise _misplaced(
            "eyes, nose, mouth and chin must follow one another downwards", "双眼、鼻尖、嘴、下巴应自上而下"
        )
    if depths[2] > 6 * eyes or not 0.2 * eyes < float((mouth_left - mouth_right) @ across) < 3 * eyes:
        raise _misplaced("the mouth or the chin is out of proportion", "嘴或下巴的比例不对")
    return placed


def guided_points(marks: NDArray[np.float32], seen: Points | None) -> Points:
    """All landmarks of a marked face.

    Args:
        marks: float32 [6, 2], see `marks_in_pixels`.
        seen: float32 [478, 3]: what the landmark network made of that place; None where it saw no face.

    Raises:
        PhotoError: no face can be bent to these marks.
    """
    candidates = [canonical()]
    if seen is not None and _distance(seen, marks) < _ALIKE:
        candidates.insert(0, seen)
    for start in candidates:
        points = _bent(_aligned(start, marks), marks)
        if not _folded(points):
            return points
    raise _misplaced("no face has these proportions", "没有这样比例的脸")


def canonical() -> Points:
    """float32 [478, 3]: the face that is bent; see above."""
    text = files("avatar.face").joinpath("canonical.csv").read_text(encoding="ascii")
    return np.array([line.split(",") for line in text.split()], dtype=np.float32)


def _aligned(start: Points, marks: NDArray[np.float32]) -> Points:
    """The face moved, turned and scaled as a whole, so that its marked points lie near the marks (least squares)."""
    source, target = start[list(_POINTS), :2].astype(np.float64), marks.astype(np.float64)
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    turned = a[:, ::-1] * [-1.0, 1.0]
    norm = float((a * a).sum())
    cos, sin = float((a * b).sum()) / norm, float((turned * b).sum()) / norm
    matrix = np.array([[cos, sin], [-sin, cos]])
    moved = start.copy()
    moved[:, :2] = (start[:, :2] - source.mean(axis=0)) @ matrix + target.mean(axis=0)
    moved[:, 2] *= np.float32(np.hypot(cos, sin))
    return moved


def _bent(points: Points, marks: NDArray[np.float32]) -> Points:
    """The face with its marked points exactly at the marks, and the rest following smoothly."""
    anchors = np.concatenate([points[list(_POINTS), :2], points[list(_HELD), :2], points[list(_JAW), :2]])
    shift = np.zeros_like(anchors)
    shift[: len(_POINTS)] = marks - anchors[: len(_POINTS)]
    shift[-len(_JAW) :] = shift[len(_POINTS) - 1] / 2
    bent = points.copy()
    bent[:, :2] += _spline(anchors.astype(np.float64), shift.astype(np.float64), points[:, :2].astype(np.float64))
    return bent


def _spline(
    anchors: NDArray[np.float64], shift: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The thin-plate spline through shifts at anchors, evaluated at points."""
    unit = float(np.ptp(anchors, axis=0).max())
    a, p = anchors / unit, points / unit
    count = len(a)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(a, a)
    system[:count, count:] = np.column_stack([np.ones(count), a])
    system[count:, :count] = system[:count, count:].T
    weights = np.linalg.solve(system, np.concatenate([shift, np.zeros((3, 2))]))
    return np.asarray(_kernel(p, a) @ weights[:count] + np.column_stack([np.ones(len(p)), p]) @ weights[count:])


def _kernel(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = ((one[:, None] - other[None]) ** 2).sum(axis=2)
    return np.asarray(squared * np.log(np.maximum(squared, 1e-12)))


def _distance(points: Points, marks: NDArray[np.float32]) -> float:
    """How far a face lies from the marks (root mean square), in distances of the pupils."""
    offset = points[list(_POINTS), :2] - marks
    return float(np.sqrt((offset**2).sum(axis=1).mean()) / np.hypot(*(marks[1] - marks[0])))


def _folded(points: Points) -> bool:
    """Whether so much of the skin lies over itself that it would show; or the outline is not around the features."""
    corners = points[topology.triangles()[: topology.SKIN_TRIANGLES], :2]
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    oval = points[list(topology.OVAL), :2].astype(np.float32)
    inside = [cv2.pointPolygonTest(oval, (float(x), float(y)), False) > 0 for x, y in points[list(_POINTS[:5]), :2]]
    return float(-area[area < 0].sum()) > 0.05 * float(area[area > 0].sum()) or not all(inside)


def _misplaced(en: str, zh: str) -> PhotoError:
    return PhotoError(
        f"The marked points do not make a face: {en}. Mark both pupils, the tip of the nose, "
        "both corners of the mouth and the chin.",
        f"标出的点不像一张脸:{zh}。请依次标出双眼瞳孔、鼻尖、两个嘴角和下巴。",
        code="marks_misplaced",
    )
