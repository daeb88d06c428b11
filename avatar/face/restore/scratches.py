"""Scratches, creases and dust, light and dark: found by their form, filled in from around.

A scratch is a thin line that stands out from what lies on both of its sides (top-hat transform) and keeps doing so
along a straight stretch (opening by a turned line). Hair, cloth and lashes have such lines, too; but theirs come in
bundles, and a scratch comes alone. So a line counts when it is much stronger than the other lines around it, long, and
far longer than wide. Dust is a small spot that stands out likewise. What lies on the eyes, brows, nostrils and lips
counts only where it is lighter than they can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.measures import grain
from avatar.face.network import Points
from avatar.media import Pixels

Mask = NDArray[np.uint8]
"""uint8 [height, width]: 1 where something is, else 0."""

_ANGLES = 12
_SIDE = 900  # pictures are searched at this longer side at most
_WIDEST = 1 / 180  # of the longer side: the widest scratch, edge to edge half of it again
_STRETCH = 1 / 36  # along which a line must go on
_SHORTEST = 1 / 14  # what is shorter is rather a lash or a hair


_CONTRAST = 16.0  # grey levels by which a scratch stands out at least
_FAINT = 9.0  # the same where a line only goes on
_ALONE = 6.0  # and how many times more than what surrounds it
_CROSSING = 0.45  # the share of a line that may lie on features: a scratch goes on beyond them
_SPECK, _ALONE_SPECK = 50.0, 10.0  # the same of dust

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scratches:
    """What was found.

    Attributes:
        mask: where it is, in the photograph's pixels.
        lines: how many scratches and creases.
        spots: how many specks of dust.
    """

    mask: Mask
    lines: int
    spots: int


def find_scratches(photo: Pixels, points: Points | None = None) -> Scratches:
    """Find what is on the print and not in the picture.

    Args:
        photo: uint8 [height, width, 3] RGB.
        points: float32 [478, 3], the face's landmarks, whose features are spared.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey, dtype=np.uint8)
    shade = _evened(np.asarray(grey, dtype=np.uint8))
    features = _features(points * np.float32(scale), size) if points is not None else None
    mask = np.zeros(grey.shape, np.uint8)
    lines = spots = 0
    for light in (True, False):
        shown = shade if light else 255.0 - shade
        spared = features if features is not None and not light else np.zeros_like(mask)
        found, count = _lines(shown, spared)
        dust, specks = _dust(shown, found, spared)
        mask |= found | dust
        lines, spots = lines + count, spots + specks
    if scale < 1:
        mask = np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    return Scratches(mask, lines, spots)


def mend(photo: Pixels, scratches: Scratches) -> Pixels:
    """The photograph with its scratches filled in (Telea 2004); elsewhere untouched."""
    if not scratches.mask.any():
        return photo
    wide = cv2.dilate(scratches.mask, np.ones((3, 3), np.uint8))
    radius = max(3, round(max(photo.shape[:2]) / 300))
    return np.asarray(cv2.inpaint(photo, wide, radius, cv2.INPAINT_TELEA), dtype=np.uint8)


def _lines(shown: Floats, spared: Mask) -> tuple[Mask, int]:
    """The light lines that stand out alone and go on; and how many.

    Args:
        shown: float32 [height, width], 0..255; inverted for dark lines.
        spared: 1 on features that are lines themselves; only what goes on beyond them counts.
    """
    longer = max(shown.shape)
    width, stretch = max(3, round(_WIDEST * longer)), 2 * round(_STRETCH * longer / 2) + 1
    angles = [np.pi * number / _ANGLES for number in range(_ANGLES)]
    run = _run(grain(shown), stretch)
    ridges = [_ridge(_along(shown, angle, run), angle, width) for angle in angles]
    crowd = cv2.blur(np.maximum.reduce(ridges), (4 * stretch + 1, 4 * stretch + 1))
    marked = np.zeros(shown.shape, np.uint8)
    for angle, ridge in zip(angles, ridges, strict=True):
        marked |= _stretches(ridge, angle, stretch, np.maximum(_CONTRAST, _ALONE * crowd))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(marked, connectivity=8)
    found = np.zeros(shown.shape, np.uint8)
    kept = 0
    for label in range(1, count):
        x, y, wide, high, area = (int(value) for value in stats[label])
        long = float(np.hypot(wide, high))
        part = labels[y : y + high, x : x + wide] == label
        own = float(spared[y : y + high, x : x + wide][part].mean())
        if long >= _SHORTEST * longer and 1.6 * long * width > area and own < _CROSSING:
            found[y : y + high, x : x + wide][part] = 1
            kept += 1
    return np.asarray(cv2.dilate(found, np.ones((3, 3), np.uint8)), dtype=np.uint8), kept


def _stretches(ridge: Floats, angle: float, stretch: int, needed: Floats) -> Mask:
    """Where a ridge goes on in one direction; fainter stretches count in the continuation of sure ones."""
    along = cv2.morphologyEx(ridge, cv2.MORPH_OPEN, _bar(angle, stretch))
    sure = (along > needed).astype(np.uint8)
    if not sure.any():
        return sure
    near = cv2.dilate(sure, _bar(angle, 4 * stretch + 1))
    near = cv2.dilate(near, np.ones((3, 3), np.uint8))
    shorter = cv2.morphologyEx(ridge, cv2.MORPH_OPEN, _bar(angle, stretch // 4 * 2 + 1))
    return np.asarray(sure | ((shorter > _FAINT) & (near > 0)), dtype=np.uint8)


def _evened(grey: NDArray[np.uint8]) -> Floats:
    """float32 [height, width] over the whole range: in a faded picture its scratches are faint, too."""
    low, high = np.percentile(grey, (0.5, 99.5))
    gain = float(np.clip(230.0 / max(float(high - low), 1.0), 1.0, 3.0))
    return np.asarray((grey.astype(np.float32) - (low + high) / 2) * gain + 127.5, dtype=np.float32)


def _run(noise: float, stretch: int) -> int:
    """How many pixels of a line are averaged before it is looked at: the more, the noisier the picture."""
    return min(1 + 2 * round(0.4 * max(noise - 2.0, 0.0)), stretch // 2 * 2 - 1)


def _along(shown: Floats, angle: float, run: int) -> Floats:
    """The mean along a direction."""
    if run <= 1:
        return shown
    bar = _bar(angle, run).astype(np.float32)
    return np.asarray(cv2.filter2D(shown, cv2.CV_32F, bar / bar.sum()), dtype=np.float32)


def _ridge(shown: Floats, angle: float, width: int) -> Floats:
    """How much each pixel is lighter than both sides of a line through it, which must be alike themselves."""
    x, y = -np.sin(angle) * width, np.cos(angle) * width
    one, other = (_shifted(shown, sign * x, sign * y) for sign in (1, -1))
    rise = shown - np.maximum(one, other)
    return np.asarray(np.maximum(rise - 0.5 * np.abs(one - other), 0.0), dtype=np.float32)


def _shifted(shown: Floats, x: float, y: float) -> Floats:
    matrix = np.array([[1.0, 0.0, x], [0.0, 1.0, y]])
    size = (shown.shape[1], shown.shape[0])
    return np.asarray(cv2.warpAffine(shown, matrix, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)


def _dust(shown: Floats, lines: Mask, spared: Mask) -> tuple[Mask, int]:
    """Small light spots that stand out strongly where little else does; and how many."""
    width = max(4, round(1.6 * _WIDEST * max(shown.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width - 1,) * 2)
    soft = cv2.GaussianBlur(shown, (3, 3), 0) if grain(shown) > 4 else shown
    standing = cv2.morphologyEx(soft, cv2.MORPH_TOPHAT, kernel)
    crowd = cv2.blur(standing, (10 * width + 1,) * 2)
    strong = (standing > np.maximum(_SPECK, _ALONE_SPECK * crowd)) & (spared == 0)
    strong &= cv2.dilate(lines, np.ones((2 * width + 1,) * 2, np.uint8)) == 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strong.astype(np.uint8), connectivity=8)
    sides = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    filled = stats[:, cv2.CC_STAT_AREA] > 0.5 * stats[:, cv2.CC_STAT_WIDTH] * stats[:, cv2.CC_STAT_HEIGHT]
    chosen = (stats[:, cv2.CC_STAT_AREA] >= 3) & (sides <= width + 1) & filled
    chosen[0] = False
    spots = cv2.dilate(chosen[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(spots, dtype=np.uint8), int(chosen.sum())


def _bar(angle: float, stretch: int) -> Mask:
    """A line of so many pixels through the middle of a square."""
    bar = np.zeros((stretch, stretch), np.uint8)
    half = stretch // 2
    x, y = round(half * np.cos(angle)), round(half * np.sin(angle))
    cv2.line(bar, (half - x, half - y), (half + x, half + y), 1)
    return bar


def _features(points: Points, size: tuple[int, int]) -> Mask:
    """Where eyes, brows, nostrils and lips are, which are dark lines by nature."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    nose = (*range(1, 3), 97, 98, 326, 327, 64, 294, 129, 358)
    groups = (
        (*topology.RIGHT_UPPER_LID, *topology.RIGHT_LOWER_LID, *topology.RIGHT_CREASE),
        (*topology.LEFT_UPPER_LID, *topology.LEFT_LOWER_LID, *topology.LEFT_CREASE),
        topology.RIGHT_BROW, topology.LEFT_BROW, (*topology.UPPER_OUTER, *topology.LOWER_OUTER), nose,
    )  # fmt: skip
    for group in groups:
        cv2.fillPoly(mask, [cv2.convexHull(points[list(group), :2].round().astype(np.int32))], 1)
    reach = max(3, round(0.03 * float(np.ptp(points[:, 1]))))
    return np.asarray(cv2.dilate(mask, np.ones((reach, reach), np.uint8)), dtype=np.uint8)
