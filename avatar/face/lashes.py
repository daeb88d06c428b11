"""The lashes of a shut eye: a soft dark line along the lid's edge, and single lashes that hang down from it."""

from __future__ import annotations

import cv2
import numpy as np

from avatar.face.lids import from_inner, step_of
from avatar.face.shading import Floats

_ENDS = (-0.2, 0.35, 1.08, 1.33)
"""Where along the eye, 0 at the inner corner and 1 at the outer, the line begins, is full, thins out, and ends."""

_THIN, _THICK = 0.012, 0.036
"""Half the line's thickness at its ends and what its middle has more, in widths of the eye."""

_LASHES, _LENGTH, _DENSE = 30, 0.13, 0.85
"""How many single lashes, how long the longest are in widths of the eye, and how densely they cover."""

_BEND = ((0.0, 0.0), (0.55, 0.25), (0.9, 0.75))
"""How far down and aside a lash has come at its root, its bend and its tip, in its lengths."""

SEEN = 0.004
"""Lashes that cover less than this cannot be seen."""

_DARK = 0.18
"""Lashes are no lighter than this share of the lid's brightness."""

_FINE = 4
"""Lashes are placed to the sixteenth of a texel: bits of a coordinate's fraction."""


def lash_colour(photo: Floats, skin: Floats, place: Floats, height: float) -> Floats:
    """float32 [3]: the darkest of what lies along the upper lid's edge, and never lighter than _DARK of the lid's skin.

    Args:
        photo, skin: float32 [height, width, 3].
        place: see `Eye.place`.
        height: of the open eye in texels.
    """
    across, below, upper = np.moveaxis(place[..., :3], -1, 0)
    band = (np.abs(below - upper) < 0.16 * height + 1.0) & (across > 0.05) & (across < 0.95)
    line = photo[band]
    dark = line[np.argsort(line.sum(axis=1))[: max(1, len(line) // 8)]].mean(axis=0)
    most = _DARK * float(skin[band].mean())
    return np.asarray(dark * min(1.0, most / max(float(dark.mean()), 1.0)), dtype=np.float32)


def lash_line(photo: Floats, place: Floats, axis: Floats, outward: float) -> Floats:
    """float32 [height, width]: how densely the lashes of the shut eye cover what is beneath them, 0..1.

    Args:
        photo: float32 [height, width, 3], which tells how soft edges are.
        place: float32 [height, width, 5 or more], see `Eye.place`.
        axis: see `Eye.axis`.
        outward: see `shut_line`.
    """
    width = float(axis[2])
    outer = from_inner(place, outward)
    full = step_of(_ENDS[0], _ENDS[1], outer) * step_of(_ENDS[3], _ENDS[2], outer)
    thick = width * (_THIN + _THICK * full)
    soft = 0.012 * width + 0.5
    away = np.abs(place[..., 1] - place[..., 4])
    core = step_of(1.0, 0.0, (away - thick + soft) / (2.0 * soft)) * np.sqrt(full)
    mask = np.maximum(0.95 * core, _DENSE * _strokes(place, axis, outward))
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.6 * edge_width(photo)), dtype=np.float32)


def edge_width(photo: Floats) -> float:
    """How softly a photograph draws an edge: the deviation of the bell that blurs it, in texels, 0.6..4."""
    grey = photo.mean(axis=2)
    steep = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.125))
    contrast = float(np.percentile(grey, 97) - np.percentile(grey, 3))
    return float(np.clip(0.25 * contrast / max(float(np.percentile(steep, 99.5)), 1e-3), 0.6, 4.0))


def _strokes(place: Floats, axis: Floats, outward: float) -> Floats:
    """float32 [height, width], 0..1: single lashes, hanging down and, the further out the more, outwards."""
    width, right = float(axis[2]), axis[:2].astype(np.float64)
    down = np.array([-right[1], right[0]])
    nearest = np.argmin(np.square(width * place[..., 0]) + np.square(place[..., 1]))
    row, column = np.unravel_index(nearest, place.shape[:2])
    corner = np.array([column, row], dtype=np.float64)
    order = np.argsort(place[..., 0], axis=None)
    along, low = place[..., 0].ravel()[order], place[..., 4].ravel()[order]
    rng = np.random.default_rng(0)
    drawn = np.zeros(place.shape[:2], np.uint8)
    for number in range(_LASHES):
        outer = 0.12 + 0.9 * (number + rng.uniform(-0.3, 0.3)) / _LASHES
        across = 0.5 + outward * (outer - 0.5)
        length = width * _LENGTH * (0.42 + 0.58 * min(1.0, 1.3 * outer)) * rng.uniform(0.75, 1.2)
        lean = outward * (1.5 * (outer - 0.4) + rng.uniform(-0.2, 0.2))
        root = corner + right * across * width + down * float(np.interp(across, along, low))
        bends = [root + length * (sunk * down + aside * lean * right) for sunk, aside in _BEND]
        path = np.round(np.array(bends) * (1 << _FINE)).astype(np.int32)
        cv2.polylines(drawn, [path], False, 255, max(1, round(0.011 * width)), cv2.LINE_AA, _FINE)
    return drawn.astype(np.float32) / np.float32(255.0)
