"""The person cut from the background softly, and the background made whole behind the head."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.landmarks import Points
from avatar.face.mesh import FaceFrame, head_weight
from avatar.media import Pixels

Mask = NDArray[np.float32]
"""float32 [height, width] in 0..1."""

_NEAR = 0.02  # of the picture's side: so far around the person the picture still moves with the head
_FAR = 0.055  # and so far it fades into the background


def matte(person: Mask, picture: Pixels, landmarks: Points) -> tuple[Mask, Mask]:
    """What moves with the person.

    The person's own edge lies well inside of the soft one, in a seam of background that moves along. A cut through
    hair would shimmer; a cut through background does not.

    Args:
        person: the segmentation network's mask of the picture.
        picture: uint8 [size, size, 3].
        landmarks: float32 [478, 3] in pixels of the picture.

    Returns:
        the soft matte; and the person alone, 0 or 1.
    """
    size = picture.shape[0]
    inside = (_along_edges(person, picture) > 0.4).astype(np.uint8)
    oval = cv2.convexHull(landmarks[list(topology.OVAL), :2]).astype(np.int32)
    cv2.fillPoly(inside, [oval], 1)
    inside = _joined(inside, oval)
    distance = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5) / size
    fade = np.clip((_FAR - distance) / (_FAR - _NEAR), 0.0, 1.0)
    return (fade * fade * (3.0 - 2.0 * fade)).astype(np.float32), inside.astype(np.float32)


def cutout(person: Mask, picture: Pixels, landmarks: Points) -> Mask:
    """The person alone, as closely as their edge is known, to be laid before another background.

    The mask follows the picture's own edges more finely than `matte` needs it, and what it leaves undecided far from an
    edge is decided: a sleeve is there or not.

    Args:
        person, picture, landmarks: as `matte` takes them.
    """
    size = picture.shape[0]
    smooth = np.asarray(cv2.GaussianBlur(person, (0, 0), size / 256), dtype=np.float32)
    share = np.clip((_along_edges(smooth, picture, 64, 4e-4) - 0.32) / 0.4, 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    inside = (share > 0.5).astype(np.uint8)
    oval = cv2.convexHull(landmarks[list(topology.OVAL), :2]).astype(np.int32)
    cv2.fillPoly(inside, [oval], 1)
    inside = _joined(inside, oval)
    square = np.ones((3, 3), np.uint8)
    near = cv2.dilate(inside, square, iterations=max(1, size // 64))
    core = cv2.erode(inside, square, iterations=max(1, size // 40))
    return np.asarray(np.maximum(share * near, core), dtype=np.float32)


def foreground(picture: Pixels, cut: Mask) -> Pixels:
    """The picture with the person's own colours at their edge, where the background shines through, and beyond it.

    Args:
        picture: uint8 [size, size, 3].
        cut: as `cutout` gives it.
    """
    certain = cv2.erode((cut > 0.93).astype(np.float32), np.ones((3, 3), np.uint8))
    filled = fill_smoothly(picture.astype(np.float32), np.asarray(certain, dtype=np.float32))
    own = np.clip((cut - 0.6) / 0.35, 0.0, 1.0)[..., None]
    return np.asarray(np.clip(picture * own + filled * (1.0 - own) + 0.5, 0, 255), dtype=np.uint8)


def plate(picture: Pixels, person: Mask, frame: FaceFrame) -> Pixels:
    """The background as it would be without the head; elsewhere the picture itself, so that stillness changes nothing.

    Args:
        picture: uint8 [size, size, 3].
        person: 0 or 1, as `matte` gives it.
    """
    size = picture.shape[0]
    grown = cv2.dilate(person, np.ones((3, 3), np.uint8), iterations=max(1, round(0.014 * size)))
    y, x = np.mgrid[0:size:4, 0:size:4].astype(np.float32)
    follows = head_weight(np.stack([x.ravel(), y.ravel()], axis=1), frame).reshape(x.shape)
    follows = cv2.resize(follows, (size, size), interpolation=cv2.INTER_LINEAR)
    hidden = grown * np.clip(follows / 0.15, 0.0, 1.0)
    filled = fill_smoothly(picture.astype(np.float32), 1.0 - np.maximum(grown * (follows > 0.02), hidden))
    blended = picture + (filled - picture) * hidden[..., None]
    return np.asarray(np.clip(blended + 0.5, 0, 255), dtype=np.uint8)


def fill_smoothly(picture: NDArray[np.float32], known: Mask) -> NDArray[np.float32]:
    """The unknown parts of a picture filled from around, smoothly (the pull-push pyramid of Gortler et al., 1996).

    Args:
        picture: float32 [height, width, channels].
        known: 1 where the picture counts, 0 where it is to be filled.
    """
    weight = known[..., None].astype(np.float32)
    levels = [(picture * weight, weight)]
    while min(levels[-1][0].shape[:2]) > 2:
        colour, share = levels[-1]
        levels.append((_halved(colour), _halved(share)))
    colour, share = levels[-1]
    filled = colour / np.maximum(share, 1e-6)
    for colour, share in reversed(levels[:-1]):
        coarse = cv2.resize(filled, (colour.shape[1], colour.shape[0]), interpolation=cv2.INTER_LINEAR)
        coarse = coarse.reshape(colour.shape)
        trust = np.minimum(share, 1.0)
        filled = coarse * (1.0 - trust) + colour / np.maximum(share, 1e-6) * trust
    return np.asarray(filled, dtype=np.float32)


def _halved(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """At half the size, blurred before."""
    half = cv2.pyrDown(picture)
    return np.asarray(half.reshape(*half.shape[:2], -1), dtype=np.float32)


def _along_edges(person: Mask, picture: Pixels, windows: int = 32, least: float = 2e-3) -> Mask:
    """The mask drawn to the picture's own edges (guided filter of He, Sun and Tang, 2010).

    Args:
        windows: so many fit into the picture's side.
        least: the variance of brightness in a window below which there is no edge.
    """
    guide = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    window = (max(3, picture.shape[0] // windows),) * 2
    mean, target = cv2.blur(guide, window), cv2.blur(person, window)
    variance = cv2.blur(guide * guide, window) - mean * mean
    slope = (cv2.blur(guide * person, window) - mean * target) / (variance + least)
    offset = target - slope * mean
    return np.asarray(cv2.blur(slope, window) * guide + cv2.blur(offset, window), dtype=np.float32)


def _joined(inside: NDArray[np.uint8], oval: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The one region that the face lies in, without holes."""
    _, labels = cv2.connectedComponents(inside)
    x, y = np.clip(oval.reshape(-1, 2).mean(axis=0).astype(int), 0, inside.shape[0] - 1)
    region = np.asarray(labels == labels[y, x], dtype=np.uint8)
    outlines, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(region, outlines, -1, 1, thickness=cv2.FILLED)
    return region
