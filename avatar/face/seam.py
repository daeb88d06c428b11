"""The line between closed lips, found in the picture.

Detectors leave a sliver between the inner lips even where a mouth is shut, and under a moustache, or in a drawing, take
the upper lip for an opening. Parted there, the lips would tear beside their own line. So the line is looked for: a dark
ridge, thin against the lips on both sides.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.landmarks import Points
from avatar.face.mesh import FaceFrame
from avatar.media import Pixels

SHUT = 0.06
"""Lips that a detector sees this far apart, in widths of the mouth, count as closed."""

PERHAPS = 0.18
"""Up to here they count as closed if the picture shows a line between them and no teeth above it."""

_SIDE = 0.035  # of the mouth's width: how far from the ridge its two sides are looked at
_CLEAR = 6.0  # grey levels by which a ridge is darker than both sides

_UPPER, _LOWER = list(topology.UPPER_INNER), list(topology.LOWER_INNER)


def close_lips(landmarks: Points, picture: Pixels, frame: FaceFrame) -> Points:
    """The landmarks with inner lips that meet on the line between them; unchanged where the mouth is open.

    Args:
        landmarks: float32 [478, 3] in pixels of the picture.
        picture: uint8 [size, size, 3].
    """
    gap = (landmarks[_LOWER, :2] - landmarks[_UPPER, :2]) @ frame.down / frame.mouth_width
    if gap.max() > PERHAPS:
        return landmarks
    middle = np.asarray((landmarks[_UPPER] + landmarks[_LOWER]) / 2, dtype=np.float32)
    offset, clear = _line(middle, gap, picture, frame)
    if gap.max() > SHUT and not (clear and _no_teeth(landmarks, middle, offset, picture, frame)):
        return landmarks
    closed = landmarks.copy()
    middle[:, :2] += (offset[:, None] * frame.down).astype(np.float32)
    closed[_UPPER] = closed[_LOWER] = middle
    return closed


def _line(
    middle: Points, gap: NDArray[np.float64], picture: Pixels, frame: FaceFrame
) -> tuple[NDArray[np.float64], bool]:
    """How far below the middle of each pair of points the line lies, in pixels; and whether most of it is clear."""
    width = frame.mouth_width
    grey = _grey(picture, 0.012 * width)
    steps = np.linspace(-0.5 * PERHAPS - 2 * _SIDE, 0.5 * PERHAPS + 2 * _SIDE, 121)
    spread = round(_SIDE / (steps[1] - steps[0]))
    profile = _sampled(grey, middle[:, None, :2] + (steps * width)[None, :, None] * frame.down)
    ridge = np.full_like(profile, -255.0)
    ridge[:, spread:-spread] = (
        np.minimum(profile[:, : -2 * spread], profile[:, 2 * spread :]) - profile[:, spread:-spread]
    )
    allowed = np.abs(steps) <= (np.maximum(gap, 0)[:, None] / 2 + 0.025)
    score = np.where(allowed, ridge - 40.0 * np.abs(steps), -255.0)
    best = score.argmax(axis=1)
    found = ridge[np.arange(len(best)), best] > _CLEAR
    found[[0, -1]] = False
    inner = found[1:-1]
    offset = np.where(found, steps[best], 0.0)
    if inner.mean() < 0.5:
        return np.zeros(len(best)), False
    places = np.arange(len(best), dtype=np.float64)
    smooth = np.interp(places, [0, *places[found], len(best) - 1], [0.0, *offset[found], 0.0])
    smooth[1:-1] = np.convolve(smooth, [0.25, 0.5, 0.25], mode="valid")
    return smooth * width, bool(inner.mean() > 0.75)


def _no_teeth(
    landmarks: Points, middle: Points, offset: NDArray[np.float64], picture: Pixels, frame: FaceFrame
) -> bool:
    """Whether what lies above the line is no brighter than the lower lip."""
    grey = _grey(picture, 0.02 * frame.mouth_width)
    line = middle[3:-3, :2] + offset[3:-3, None] * frame.down
    above = _sampled(grey, (line + landmarks[_UPPER[3:-3], :2]) / 2)
    below = _sampled(grey, (line + landmarks[list(topology.LOWER_OUTER[3:-3]), :2]) / 2)
    return bool(np.median(above) < np.median(below) + 12.0)


def _grey(picture: Pixels, blur: float) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), max(blur, 0.5)), dtype=np.float32)


def _sampled(grey: NDArray[np.float32], points: NDArray[np.float64] | Points) -> NDArray[np.float64]:
    """The picture's brightness at points [..., 2]."""
    flat = points.reshape(-1, 2).astype(np.float32)
    values = cv2.remap(grey, flat[:, 0], flat[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, dtype=np.float64).reshape(points.shape[:-1])
