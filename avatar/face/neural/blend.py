"""A drawn mouth laid into a frame so that no edge shows: where it goes, how it fades, and in which colours.

What the network draws is a small square of the whole face. Only its lower middle is taken, within an outline that the
mesh gives in every frame, and that outline fades inwards. Its colours are those of the network, a little off and
without the photograph's grain: the difference to the frame, as it is around the outline, is carried inwards smoothly.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.neural.network import SIDE
from avatar.media import Pixels

Floats = NDArray[np.float32]

WORK = 2 * SIDE
"""Pixels on a side in which colours are matched: twice what the network sees."""

_ABOVE, _BELOW, _BESIDE = 0.10, 0.08, 0.02
"""How far the square reaches beyond brows, chin and cheeks, in its own height and width; the sound's network was taught
on faces as a detector boxes them, a little below the chin."""

_FADE = 0.055
"""Over how much of the square's side the outline fades."""

_COLOUR = 12.0
"""Grey levels by which two faces' colours differ more or less around a mouth; what differs by more is another thing."""

_JAW = (361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132)
_CHEEKS = (205, 98, 2, 327, 425)
"""The outline of what is taken: along the jaw from the person's left to the right, back over the cheeks and below the
nose."""

_CHIN_ROOM = 0.045
"""How far below the chin at rest the outline goes, in heights of the square: a jaw that drops needs it."""

_BROWS = (105, 334)
_SIDES = (234, 454)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the face lies in a frame.

    Attributes:
        matrix: float64 [2, 3]: from the square's pixels, WORK on a side, to the frame's.
        outline: float32 [n, 2]: what is taken of it, in the square's pixels.
    """

    matrix: NDArray[np.float64]
    outline: Floats


def place(mesh: Floats) -> Place:
    """The square around a face that may be turned or tilted.

    Args:
        mesh: float32 [n, 2 or more], the mesh in pixels of the frame; the first 468 are the landmarks.
    """
    points = mesh[: topology.COUNT, :2].astype(np.float64)
    right = points[_SIDES[1]] - points[_SIDES[0]]
    right /= max(float(np.hypot(*right)), 1e-6)
    down = np.array([-right[1], right[0]])
    across, along = points[list(topology.OVAL)] @ right, points @ down
    top, bottom = float(along[list(_BROWS)].min()), float(along[topology.CHIN])
    height = max(bottom - top, 1.0) / (1.0 - _ABOVE - _BELOW)
    width = max(float(np.ptp(across)), 1.0) / (1.0 - 2.0 * _BESIDE)
    corner = right * (float(across.min()) - _BESIDE * width) + down * (top - _ABOVE * height)
    matrix = np.stack([right * width / WORK, down * height / WORK, corner], axis=1)
    inside = (points - corner) @ np.linalg.inv(matrix[:, :2]).T
    jaw, cheeks = inside[list(_JAW)], inside[list(_CHEEKS)]
    middle = jaw.mean(axis=0)
    lower = np.clip((jaw[:, 1] - middle[1]) / max(float(np.ptp(jaw[:, 1])), 1.0), 0.0, 1.0)
    jaw[:, 1] += 2.0 * _CHIN_ROOM * WORK * lower
    return Place(matrix, np.concatenate([jaw, cheeks]).astype(np.float32))


def cut(frame: Pixels, where: Place, side: int = WORK) -> Pixels:
    """The face, upright: uint8 [side, side, 3]."""
    whole = cv2.warpAffine(
        np.ascontiguousarray(frame), where.matrix, (WORK, WORK), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    if side != WORK:
        whole = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(whole, dtype=np.uint8)


def lay(frame: Pixels, drawn: Pixels, where: Place, share: float = 1.0) -> Pixels:
    """The frame with a drawn face's mouth.

    Args:
        frame: uint8 [size, size, 3] RGB.
        drawn: uint8 [SIDE, SIDE, 3] RGB: the face that `cut` gave, with another mouth.
        share: 0 leaves the frame as it is, 1 takes the drawn mouth.

    Returns:
        uint8 [size, size, 3]: another picture, which differs only within the outline.
    """
    mask = fading(where.outline)
    own = cut(frame, where).astype(np.float32)
    large = cv2.resize(drawn, (WORK, WORK), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    change = (large + _carried_inwards(own - large, mask) - own) * mask[..., None]
    size = (frame.shape[1], frame.shape[0])
    spread = cv2.warpAffine(change, where.matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(np.clip(frame + np.float32(share) * spread + 0.5, 0, 255), dtype=np.uint8)


def fading(outline: Floats) -> Floats:
    """float32 [WORK, WORK]: 1 well within an outline, 0 on it and outside, and at the square's edge. Args: [n, 2]."""
    inside = np.zeros((WORK, WORK), dtype=np.uint8)
    cv2.fillPoly(inside, [np.round(outline).astype(np.int32)], 1)
    inside[[0, -1]] = inside[:, [0, -1]] = 0
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    slope = np.clip(depth / (2.0 * _FADE * WORK), 0.0, 1.0)
    return np.asarray(slope * slope * (3.0 - 2.0 * slope), dtype=np.float32)


def _carried_inwards(difference: Floats, mask: Floats) -> Floats:
    """What two pictures' colours differ by around an outline, carried into it smoothly.

    Where they differ by more than their colours (a chin that dropped, a beard that moved) is left out.

    Args:
        difference: float32 [WORK, WORK, 3].
        mask: float32 [WORK, WORK].
    """
    near = _near(mask)
    typical = np.median(difference[near > 0.5], axis=0) if (near > 0.5).any() else np.zeros(3)
    strange = np.square((difference - typical) / _COLOUR).mean(axis=2)
    near = near * np.exp(-strange) + np.float32(1e-6)
    weight = cv2.GaussianBlur(near, (0, 0), WORK / 12)
    total = cv2.GaussianBlur((difference - typical) * near[..., None], (0, 0), WORK / 12)
    return np.asarray(typical + total / np.maximum(weight, 1e-3)[..., None], dtype=np.float32)


def _near(mask: Floats) -> Floats:
    """float32: 1 in the outer half of the fade, where the frame still shows; 0 well within and far away."""
    outside = cv2.dilate((mask > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return np.asarray(np.where(outside, 1.0 - np.clip(2.0 * mask, 0.0, 1.0), 0.0), dtype=np.float32)
