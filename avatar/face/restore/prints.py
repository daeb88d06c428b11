"""A photograph of a photograph: the print's four corners, and the print seen from straight ahead."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.media import Pixels

Corners = NDArray[np.float32]
"""float32 [4, 2] in pixels: upper left, upper right, lower right, lower left."""

_SIDE = 700  # pictures are searched at this longer side
_LEAST, _MOST = 0.2, 0.93  # of the picture that a print covers
_EDGE = 0.7  # of each side that must be seen as an edge


def find_print(photo: Pixels) -> Corners | None:
    """The corners of a print that lies in the picture; None where there is none, or it fills the picture.

    A print is a convex region of four sides, nearly all of whose outline is an edge of the picture.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else photo
    soft = cv2.bilateralFilter(small, 7, 40, 7)
    edges = np.zeros(small.shape[:2], np.uint8)
    for channel in cv2.split(soft):
        edges |= cv2.Canny(channel, 25, 75)
    closed = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(closed, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    near = np.asarray(cv2.dilate(edges, np.ones((5, 5), np.uint8)), dtype=np.uint8)
    area = float(small.shape[0] * small.shape[1])
    best: Corners | None = None
    largest = _LEAST * area
    for outline in outlines:
        hull = cv2.convexHull(outline)
        corners = (
            cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, closed=True), closed=True).reshape(-1, 2).astype(np.int32)
        )
        covered = float(cv2.contourArea(corners)) if len(corners) == 4 else 0.0
        if largest < covered < _MOST * area and _square_enough(corners) and _on_edges(corners, near):
            best, largest = _ordered(corners.astype(np.float32)), covered
    return None if best is None else np.asarray(best / np.float32(scale), dtype=np.float32)


def straighten(photo: Pixels, corners: Corners) -> Pixels:
    """The print alone, as large as its longer sides, seen from straight ahead."""
    upper_left, upper_right, lower_right, lower_left = corners
    width = max(float(np.hypot(*(upper_right - upper_left))), float(np.hypot(*(lower_right - lower_left))))
    height = max(float(np.hypot(*(lower_left - upper_left))), float(np.hypot(*(lower_right - upper_right))))
    columns, rows = max(round(width), 1), max(round(height), 1)
    target = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    straight = cv2.warpPerspective(photo, matrix, (columns, rows), flags=cv2.INTER_CUBIC)
    trim = max(1, round(0.004 * min(rows, columns)))
    return np.ascontiguousarray(straight[trim:-trim, trim:-trim], dtype=np.uint8)


def _ordered(corners: Corners) -> Corners:
    """The same four, from the upper left on, clockwise as the viewer sees them."""
    middle = corners.mean(axis=0)
    turned = corners[np.argsort(np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0]))]
    first = int(np.argmin(turned.sum(axis=1)))
    return np.roll(turned, -first, axis=0)


def _square_enough(corners: NDArray[np.int32]) -> bool:
    """Whether each corner is within 35 degrees of a right angle, and no side is a sixth of another."""
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    before = -np.roll(sides, 1, axis=0)
    cosine = (sides * before).sum(axis=1) / np.maximum(lengths * np.roll(lengths, 1), 1e-6)
    return bool((np.abs(cosine) < np.sin(np.deg2rad(35))).all() and lengths.min() * 6 > lengths.max())


def _on_edges(corners: NDArray[np.int32], near: NDArray[np.uint8]) -> bool:
    """Whether nearly all of each side lies on an edge."""
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        steps = np.linspace(0.05, 0.95, 60)[:, None]
        x, y = (start + (end - start) * steps).round().astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < near.shape[1]) & (y < near.shape[0])
        if near[y[inside], x[inside]].mean() < _EDGE:
            return False
    return True
