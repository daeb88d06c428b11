"""The closed lid, which no photograph with open eyes shows: made of the skin around the eye.

The colour is that of the skin around, continued across the eye as a membrane would be; the light is that on a ball
beneath it, brightest where the lid bulges and darker towards the fold, with the lashes' shadow below; the grain is the
photograph's own, mirrored up from the cheek. Whatever else the open eye leaves, rims and corners, is grown over too.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.matte import fill_smoothly
from avatar.face.shading import Floats

_DEPTH, _HANG = 0.24, 0.15
"""How deep the line of a shut eye's lashes hangs at least, in widths of the eye; how far below the open lower lid."""

_LOWER, _TILT = 0.1, 0.1
"""The whole line lies lower, and its outer end lower than its inner one, by so many widths of the eye."""

_ARC = (0.15, 0.3)
"""How far beyond the inner and the outer corner the line's arc would come up again, in widths of the eye."""

_MARGIN = 0.15
"""How far around the open eye its lashes and its rim reach, in widths of the eye."""

_TRACES = 0.4
"""How far from the eye what is darker than skin counts as a trace of it, in widths of the eye."""

_FOLD = 0.75
"""How far the fold above the eye smooths out when it shuts."""

_BULGE, _SHADOW, _DEEP = 0.27, 0.45, 0.18
"""How much lighter a lid is where it bulges, how much darker the skin beneath the lashes, and how far down that reaches
in widths of the eye."""

_LIGHTEST = 75.0
"""A lid becomes no lighter than this percentile of what surrounds the eye: in flat light it bulges less."""


def shut_line(place: Floats, axis: Floats, outward: float) -> Floats:
    """Where the lashes of the shut eye lie.

    Args:
        place: float32 [height, width, 4 or more], see `Eye.place`.
        axis: see `Eye.axis`.
        outward: 1 where the outer corner is on the viewer's right, else -1.

    Returns:
        float32 [height, width]: how far the line lies below the line between the corners, in texels.
    """
    width, height = float(axis[2]), float(axis[3])
    across, lower = place[..., 0], place[..., 3]
    inside = np.clip(across, 0.0, 1.0)
    outer = from_inner(place, outward)
    way = np.clip((outer + _ARC[0]) / (1.0 + sum(_ARC)), 0.0, 1.0)
    arc = np.maximum(np.sin(np.pi * way), 0.0) ** 0.9
    rim = lower * np.minimum(1.0, 12.0 * inside * (1.0 - inside)) + _HANG * height * arc
    line = np.maximum(rim, _DEPTH * width * arc) + width * (_LOWER + _TILT * np.clip(outer - 0.5, -0.8, 0.8))
    return np.asarray(line, dtype=np.float32)


def from_inner(place: Floats, outward: float) -> Floats:
    """float32 [height, width]: how far along the eye, 0 at its inner corner and 1 at its outer one."""
    return np.asarray(outward * (place[..., 0] - 0.5) + 0.5, dtype=np.float32)


def around_eye(place: Floats, axis: Floats, outward: float) -> Floats:
    """float32 [height, width]: how far a texel lies from the eye, open or shut, in widths of the eye."""
    across, below, upper, lower, shut = np.moveaxis(place[..., :5], -1, 0)
    beyond = from_inner(place, outward) - 1.0
    ball = (across > 0) & (across < 1) & (below > upper) & (below < np.maximum(lower, shut))
    wing = (beyond >= 0) & (beyond < 0.1) & (np.abs(below - 0.3 * beyond * axis[2]) < 1.5)
    outside = (~(ball | wing)).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, 5) / axis[2], dtype=np.float32)


def lid_skin(photo: Floats, place: Floats, axis: Floats, away: Floats) -> Floats:
    """The patch without the eye: smooth skin from around it; lashes, rims and folds, thin and dark, are left out.

    Args:
        photo: float32 [height, width, 3].
        place: float32 [height, width, 5 or more], see `Eye.place`.
        axis: see `Eye.axis`.
        away: see `around_eye`.
    """
    width = float(axis[2])
    side = 2 * round(0.07 * width) + 1
    thin = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    light = cv2.morphologyEx(cv2.GaussianBlur(photo, (0, 0), 0.02 * width + 0.5), cv2.MORPH_CLOSE, thin)
    light = cv2.GaussianBlur(light, (0, 0), 0.03 * width + 0.5)
    above = (place[..., 2] - place[..., 1]) / axis[4]
    known = step_of(_MARGIN, 1.6 * _MARGIN, away) * step_of(1.5, 1.0, above) + 1e-3  # the brow does not count
    filled = fill_smoothly(np.asarray(light, dtype=np.float32), known.astype(np.float32))
    return np.asarray(cv2.GaussianBlur(filled, (0, 0), max(0.06 * width, 1.0)), dtype=np.float32)


def lid_cover(photo: Floats, skin: Floats, place: Floats, axis: Floats, away: Floats) -> Floats:
    """float32 [height, width], 0..1: how far the shut eye's skin covers the photograph. Args: skin: see `lid_skin`."""
    across, below, upper = np.moveaxis(place[..., :3], -1, 0)
    near = step_of(2.2 * _MARGIN, _MARGIN, away)
    above = np.clip((upper - below) / axis[4], 0.0, 1.0)
    fold = _FOLD * step_of(1.0, 0.35, above) * step_of(0.25, 0.0, np.abs(across - 0.5) - 0.5) * (below < upper)
    return np.asarray(np.maximum(np.maximum(near, fold), _traces(photo, skin, place, axis, away)), dtype=np.float32)


def _traces(photo: Floats, skin: Floats, place: Floats, axis: Floats, away: Floats) -> Floats:
    """float32 [height, width], 0..1: rims and corners beside and beneath the eye: what is darker there than skin."""
    width = float(axis[2])
    bright = cv2.GaussianBlur(photo.mean(axis=2), (0, 0), 1.0)
    dark = step_of(0.03, 0.12, 1.0 - bright / (skin.mean(axis=2) + 1.0))
    side = 2 * round(0.02 * width) + 1
    wide = cv2.dilate(dark.astype(np.float32), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    beside = step_of(_TRACES, 0.3 * _TRACES, away) * step_of(-0.15 * width, 0.0, place[..., 1] - place[..., 2])
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), 0.03 * width + 0.5) * beside, dtype=np.float32)


def lid_relief(photo: Floats, skin: Floats, place: Floats, axis: Floats) -> Floats:
    """The smooth skin with the ball's light on it and the photograph's grain. Args: skin: see `lid_skin`."""
    lightest = float(np.percentile(photo.mean(axis=2), _LIGHTEST))
    room = np.maximum(lightest / (skin.mean(axis=2) + 1.0), 1.0)
    light = np.minimum(_rounding(place, axis), room)[..., None]
    return np.asarray(skin * light + _grain(photo, place, axis), dtype=np.float32)


def _rounding(place: Floats, axis: Floats) -> NDArray[np.float64]:
    """float64 [height, width]: how the lid over the ball takes the light, around 1."""
    across, below, upper, shut = place[..., 0], place[..., 1], place[..., 2], place[..., 4]
    fold = upper - 0.6 * axis[4]
    down = (below - fold) / np.maximum(shut - fold, 1.0)  # 0 at the fold, 1 at the lashes
    lid = _BULGE * (1.6 * np.sin(np.pi * np.clip(down, 0.0, 1.0)) - 0.6) * step_of(-0.1, 0.1, down)
    shadow = -_SHADOW * np.exp(-np.clip(below - shut, 0.0, None) / (_DEEP * axis[2]))
    span = np.sqrt(np.clip(4.0 * (across + 0.05) * (1.05 - across), 0.0, 1.0))
    return np.asarray(1.0 + span * np.where(down <= 1.0, lid, shadow), dtype=np.float64)


def _grain(photo: Floats, place: Floats, axis: Floats) -> Floats:
    """The photograph's own fine texture, mirrored up from the cheek, without what stands out of it."""
    width = float(axis[2])
    fine = photo - cv2.GaussianBlur(photo, (0, 0), max(0.05 * width, 1.2))
    limit = 3.7 * float(np.median(np.abs(fine)))  # two and a half deviations
    y, x = np.mgrid[0 : photo.shape[0], 0 : photo.shape[1]].astype(np.float32)
    up = 2.0 * np.clip(place[..., 3] + np.float32(0.15 * width) - place[..., 1], 0.0, None)
    mirrored = cv2.remap(
        np.clip(fine, -limit, limit), x - up * axis[1], y + up * axis[0], cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    return np.asarray(mirrored, dtype=np.float32)


def step_of(low: float, high: float, value: NDArray[np.floating]) -> NDArray[np.float64]:
    """0 at low, 1 at high, smooth between."""
    x = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x), dtype=np.float64)
