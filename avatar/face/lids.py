"""The closed lid, which no photograph with open eyes shows: made of the skin around the eye.

A shut eye is a line of lashes that hangs lower than the open lower lid does, for the upper lid brings its lashes
along; it runs on a little beyond both corners, its outer end lower than its inner one. The skin above it is rounded by
the eyeball, so it takes the light, lies brighter than what is beneath the lashes, and has a soft fold above.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.matte import fill_smoothly
from avatar.face.shading import Floats

BEYOND = 0.48
"""How far beyond the corners a shut eye is painted, in widths of the eye."""

_HANG, _LEAST = 0.85, 0.19
"""How deep the line of lashes hangs: this share of the lower lid's depth, but no less than so many widths."""

_LOWER, _TILT = 0.073, 0.092
"""The whole line lies lower, and its outer end lower than its inner one, by so many widths of the eye."""

_ENDS = (0.34, 0.24)
"""How far the line of lashes reaches beyond the outer and the inner corner, in widths of the eye."""

_LIGHT, _SHADOW, _FOLD = 0.145, 0.28, 0.09
"""By how much the lid is lighter, the skin beneath the lashes and the fold above darker, than the skin around."""

_EVEN = 0.7
"""How far all of that is evened out, for a dark corner is taken for a part of an open eye."""

_DARK = 0.15
"""Lashes are no lighter than this share of the lid's brightness."""


def shut_line(place: Floats, width: float, outward: float) -> Floats:
    """Where the lashes of the shut eye lie.

    Args:
        place: float32 [height, width, 4 or more], see `Eye.place`.
        width: of the eye, in texels.
        outward: 1 where the outer corner is on the viewer's right, else -1.

    Returns:
        float32 [height, width, 2]: how far the line lies below the line between the corners, in texels; how strong it
        is, 0..1.
    """
    across, lower = place[..., 0], place[..., 3]
    outer, inner = outward * (across - 0.5) - 0.5, -outward * (across - 0.5) - 0.5
    depth = max(_HANG * float(lower.max()), _LEAST * width)
    arc = np.maximum(np.cos(np.pi * np.clip((across - 0.5) / 1.44, -0.5, 0.5)), 0.0) ** 1.2
    line = depth * arc + width * (_LOWER + _TILT * np.clip(outer + 0.6, -0.6, 1.0))
    within = np.clip(20.0 * across * (1.0 - across), 0.0, 1.0)
    line = np.maximum(line, (lower + 0.03 * width) * within + line * (1.0 - within))
    strength = np.clip((_ENDS[0] - outer) / 0.5, 0.0, 1.0) ** 0.6 * np.clip((_ENDS[1] - inner) / 0.4, 0.0, 1.0) ** 0.7
    return np.stack([line, strength], axis=-1).astype(np.float32)


def lid_cover(place: Floats, axis: Floats) -> Floats:
    """float32 [height, width]: how far the shut eye's skin covers the photograph, fading out all around."""
    across, below, upper, lower, shut = np.moveaxis(place[..., :5], -1, 0)
    high, low = float(axis[4]), float(axis[5])
    lowest = np.maximum(lower + 0.3 * low, shut + 0.1 * axis[2])
    cover = _step(upper - high, upper - 0.35 * high, below) * _step(lowest + 0.7 * low, lowest, below)
    return np.asarray(cover * _step(-BEYOND, -0.06, across) * _step(1.0 + BEYOND, 1.06, across), dtype=np.float32)


def lid_skin(photo: Floats, place: Floats, axis: Floats) -> Floats:
    """The patch without the eye: skin from around it, lashes and brows left out, rounded by the eyeball.

    Args:
        photo: float32 [height, width, 3].
        place: float32 [height, width, 7], see `Eye.place`.
        axis: see `Eye.axis`.
    """
    width, height = float(axis[2]), float(axis[3])
    across, below, upper, lower, shut = np.moveaxis(place[..., :5], -1, 0)
    taper = np.sqrt(np.clip(4 * (across + BEYOND) * (1 + BEYOND - across), 0.0, 1.0))
    high, low = axis[4] * taper, axis[5] * taper
    hidden = (
        (below > upper - 0.75 * high)
        & (below < np.maximum(lower + 0.6 * low, shut))
        & (across > -BEYOND)
        & (across < 1 + BEYOND)
    )
    light = cv2.GaussianBlur(photo, (0, 0), 0.06 * height + 0.5)
    bright = light.mean(axis=2) + 1.0
    around = np.maximum(cv2.GaussianBlur(bright, (0, 0), 0.3 * width), 0.8 * np.percentile(bright, 60))
    known = np.where(hidden, 0.0, np.clip((bright / around - 0.5) / 0.4, 0.02, 1.0))  # lashes and brows hardly count
    filled = fill_smoothly(np.asarray(light, dtype=np.float32), known.astype(np.float32))
    skin = cv2.GaussianBlur(filled, (0, 0), max(0.1 * height, 1.0))
    span = np.clip(4 * across * (1 - across), 0, 1)
    hanging = below - shut
    lit = _step(upper - 0.6 * high, upper + 0.2 * height, below) * np.clip(-hanging / (0.1 * width), 0.0, 1.0)
    shadow = np.clip(hanging / (0.06 * width), 0.0, 1.0)
    fold = np.exp(-(((below - upper + 0.35 * high) / (0.05 * width + 1.0)) ** 2)) * np.clip(1.5 * span, 0.0, 1.0)
    shaped = skin * (1.0 + _LIGHT * lit - _SHADOW * shadow - _FOLD * fold)[..., None]
    middle = np.median(shaped[place[..., 6] > 0.5], axis=0)
    return np.asarray(shaped + _EVEN * (middle - shaped) + _grain(photo, 0.04 * width), dtype=np.float32)


def lash_colour(photo: Floats, skin: Floats, place: Floats, height: float) -> Floats:
    """The darkest of what lies along the upper lid's edge, and never lighter than _DARK of the lid's skin."""
    across, below, upper = np.moveaxis(place[..., :3], -1, 0)
    band = (np.abs(below - upper) < 0.16 * height + 1.0) & (across > 0.05) & (across < 0.95)
    line = photo[band]
    dark = line[np.argsort(line.sum(axis=1))[: max(1, len(line) // 8)]].mean(axis=0)
    return np.asarray(np.minimum(dark, _DARK * skin[band].mean(axis=0)), dtype=np.float32)


def _grain(photo: Floats, scale: float) -> Floats:
    """Noise as strong as the photograph's own fine texture."""
    fine = photo - cv2.GaussianBlur(photo, (0, 0), max(scale, 1.0))
    strength = float(np.median(np.abs(fine)))
    noise = np.random.default_rng(0).standard_normal((*photo.shape[:2], 1)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.0)[..., None]
    return np.asarray(soft * (0.8 * min(strength, 3.0) / max(float(soft.std()), 1e-6)), dtype=np.float32)


def _step(low: NDArray[np.floating] | float, high: NDArray[np.floating] | float, value: Floats) -> NDArray[np.float64]:
    """0 at low, 1 at high, smooth between."""
    x = np.clip((value - low) / (high - np.asarray(low)), 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x), dtype=np.float64)
