"""Noise, fading and colour: what time did to the whole of a print."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.measures import grain
from avatar.face.network import Points
from avatar.media import Pixels

NOISY = 4.0
"""Grain in grey levels from which it is worth removing."""

PALE = 150.0
"""A span of lightness, 0..255, below which a picture counts as faded."""

_MONOCHROME = 8.0  # how far the chroma of nearly all pixels may stray (CIELAB) in a picture without colours


def noise_of(photo: Pixels) -> float:
    """The grain of a photograph in grey levels (standard deviation)."""
    return grain(np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), dtype=np.float32))


def span_of(photo: Pixels) -> float:
    """How far the darkest and the lightest hundredth of a photograph lie apart, 0..255."""
    low, high = np.percentile(cv2.cvtColor(photo, cv2.COLOR_RGB2LAB)[..., 0], (1, 99))
    return float(high - low)


def is_monochrome(photo: Pixels) -> bool:
    """Whether a photograph is grey, or has one tint all over, as sepia has."""
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB).reshape(-1, 3)[::7].astype(np.float32)
    away = [np.zeros(1, np.float32)]
    for low in range(0, 256, 16):  # a toned print has another tint in each lightness, but one only
        level = lab[(lab[:, 0] >= low) & (lab[:, 0] < low + 16), 1:]
        if len(level):
            away.append(np.abs(level - np.median(level, axis=0)).max(axis=1))
    return float(np.percentile(np.concatenate(away), 95)) < _MONOCHROME


def denoise(photo: Pixels) -> Pixels:
    """Less grain, by the mean of patches that look alike (Buades, Coll and Morel 2005), as strong as the grain is."""
    strength = float(np.clip(1.05 * noise_of(photo), 2.0, 25.0))
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.fastNlMeansDenoising(lab[..., 0], None, strength, 5, 15)
    for channel in (1, 2):  # grain in colours is coarse, and nobody misses detail there
        lab[..., channel] = cv2.medianBlur(lab[..., channel], 5)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), dtype=np.uint8)


def restore_levels(photo: Pixels) -> Pixels:
    """The tones spread over their range again, and the cast of faded dyes taken back by half.

    A picture of one tint keeps it. What is a hundredth of the picture at either end may be clipped; the spread is at
    most threefold, since noise is spread along.
    """
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB).astype(np.float32)
    low, high = np.percentile(lab[..., 0], (0.5, 99.5))
    gain = min(3.0, 240.0 / max(float(high - low), 1.0))
    middle = (low + high) / 2
    target = float(np.clip(middle, 10 + (high - low) * gain / 2, 250 - (high - low) * gain / 2)) if gain < 3 else 128.0
    lab[..., 0] = (lab[..., 0] - middle) * gain + target
    if not is_monochrome(photo):
        cast = np.median(lab[..., 1:].reshape(-1, 2), axis=0) - 128.0
        lab[..., 1:] = (lab[..., 1:] - 128.0 - 0.5 * cast) * min(gain, 1.5) + 128.0
    return np.asarray(cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB), dtype=np.uint8)


class Colouriser(Protocol):
    """Gives a grey photograph colours. A network can take this place."""

    def colour(self, photo: Pixels, points: Points | None) -> Pixels:
        """The same picture in colour.

        Args:
            photo: uint8 [height, width, 3] RGB.
            points: float32 [478, 3], the face's landmarks, where there is one.
        """


class Tint:
    """No colours that nobody knows: one warm tone all over, as old prints were toned.

    Args:
        shade: the tone's a and b of CIELAB at middle grey.
    """

    def __init__(self, shade: tuple[float, float] = (7.0, 22.0)) -> None:
        self._shade = np.array(shade, dtype=np.float32)

    def colour(self, photo: Pixels, points: Points | None) -> Pixels:
        """See `Colouriser`."""
        lightness = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32)
        share = 1.0 - np.abs(lightness / 127.5 - 1.0) ** 2  # paper and the deepest black stay neutral
        lab: NDArray[np.float32] = np.dstack([lightness, 128.0 + share[..., None] * self._shade]).astype(np.float32)
        return np.asarray(cv2.cvtColor(lab.round().astype(np.uint8), cv2.COLOR_LAB2RGB), dtype=np.uint8)
