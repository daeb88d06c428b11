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
_TEETH = 12.0  # grey levels by which teeth are brighter than the lower lip
_PALER = 4.5  # by which they are less red than the lips, in CIELAB's a* with 256 levels
_LEAST = 0.03  # lips nearer than this, in widths of the mouth, show no teeth

_UPPER, _LOWER = list(topology.UPPER_INNER), list(topology.LOWER_INNER)


def close_lips(landmarks: Points, picture: Pixels, frame: FaceFrame) -> Points:
    """The landmarks with inner lips that meet on the line between them; unchanged where the mouth is open.

    Args:
        landmarks: float32 [478, 3] in pixels of the picture.
        picture: uint8 [size, size, 3].
    """
    gap = (landmarks[_LOWER, :2] - landmarks[_UPPER, :2]) @ frame.down / frame.mouth_width
    if gap.max() > PERHAPS or (gap.max() > _LEAST and _pale_between(landmarks, picture, frame)):
        return landmarks
    middle = np.asarray((landmarks[_UPPER] + landmarks[_LOWER]) / 2, dtype=np.float32)
    offset, clear = _line(middle, gap, picture, frame)
    if gap.max() > SHUT and not (clear and _no_teeth(landmarks, picture, frame)):
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


def _pale_between(landmarks: Points, picture: Pixels, frame: FaceFrame) -> bool:
    """Whether what is brightest between the inner lips is less red than both lips, and not just their shadow."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    lab = cv2.GaussianBlur(lab.astype(np.float32), (0, 0), 0.02 * frame.mouth_width + 0.3)
    light, red = (np.ascontiguousarray(lab[..., layer], dtype=np.float32) for layer in (0, 1))
    upper, lower = landmarks[_UPPER[3:-3], :2], landmarks[_LOWER[3:-3], :2]
    between = upper + np.linspace(0.2, 0.8, 7, dtype=np.float32)[:, None, None] * (lower - upper)
    brightest = _sampled(light, between).argmax(axis=0)
    columns = np.arange(len(upper))
    seen = _sampled(light, between)[brightest, columns], _sampled(red, between)[brightest, columns]
    lips = [
        (edge + landmarks[list(ring[3:-3]), :2]) / 2
        for edge, ring in ((upper, topology.UPPER_OUTER), (lower, topology.LOWER_OUTER))
    ]
    least_red = min(float(np.median(_sampled(red, lip))) for lip in lips)
    darkest = min(float(np.median(_sampled(light, lip))) for lip in lips)
    return bool(np.median(seen[1]) < least_red - _PALER and np.median(seen[0]) > darkest)


def _no_teeth(landmarks: Points, picture: Pixels, frame: FaceFrame) -> bool:
    """Whether nothing of what lies between the inner lips is brighter than the lower lip."""
    grey = _grey(picture, 0.02 * frame.mouth_width)
    upper, lower = landmarks[_UPPER[3:-3], :2], landmarks[_LOWER[3:-3], :2]
    lip = landmarks[list(topology.LOWER_OUTER[3:-3]), :2] - lower
    between = _sampled(grey, upper + np.linspace(0.1, 0.8, 8, dtype=np.float32)[:, None, None] * (lower - upper))
    beneath = _sampled(grey, lower + np.linspace(0.3, 0.8, 6, dtype=np.float32)[:, None, None] * lip)
    return bool(np.median(between.max(axis=0)) < np.percentile(beneath, 75) + _TEETH)


def _grey(picture: Pixels, blur: float) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), max(blur, 0.5)), dtype=np.float32)


def _sampled(grey: NDArray[np.float32], points: NDArray[np.float64] | Points) -> NDArray[np.float64]:
    """The picture's brightness at points [..., 2]."""
    flat = points.reshape(-1, 2).astype(np.float32)
    values = cv2.remap(grey, flat[:, 0], flat[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, dtype=np.float64).reshape(points.shape[:-1])
