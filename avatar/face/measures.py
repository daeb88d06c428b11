"""What can be measured of a face in a photograph, in numbers; `quality` turns them into words.

Lengths are in the face's own units, so that a measure means the same in a small picture and in a large one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.landmarks import head_pose
from avatar.face.network import Points, Square
from avatar.media import Pixels

_SIDE = 192  # pixels of the upright face that is looked at; smaller faces are looked at as they are
_Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measures:
    """A face in numbers.

    Attributes:
        height: of the face from forehead to chin, in pixels.
        yaw, pitch, roll: of the head, in degrees.
        eyes: how far the right and the left eye are open, height in widths of the eye, as the landmarks have it.
        irises: how tall the dark of the right and the left eye is at its iris, in widths of the eye; lashes alone are
            thin.
        mouth: how far the lips are apart, in widths of the mouth.
        blur: 0 (crisp) to 1 (blurred), after Crété et al. 2007.
        light: mean grey of the skin, 0..255.
        contrast: between the darkest and lightest twentieth of the face, 0..255.
        balance: the darker half of the face as a share of the lighter.
        noise: standard deviation of grain in grey levels (Immerkær 1996), of the flatter half of the face.
        bridge: contrast of a line across the bridge of the nose beside its surroundings, as glasses have.
        inside: the share of the face's outline that lies within the picture.
    """

    height: float
    yaw: float
    pitch: float
    roll: float
    eyes: tuple[float, float]
    irises: tuple[float, float]
    mouth: float
    blur: float
    light: float
    contrast: float
    balance: float
    noise: float
    bridge: float
    inside: float


def measure(photo: Pixels, points: Points) -> Measures:
    """Measure one face.

    Args:
        photo: uint8 [height, width, 3] RGB.
        points: float32 [478, 3], its landmarks in pixels.
    """
    pose = head_pose(points)
    tall = float(np.hypot(*(points[topology.CHIN, :2] - points[10, :2])))
    upright, moved, skin = _upright(photo, points, tall, pose.roll)
    values = upright[skin > 0]
    low, high = np.percentile(values, (5, 95)) if values.size else (0.0, 0.0)
    return Measures(
        height=tall,
        yaw=float(np.rad2deg(pose.yaw)),
        pitch=float(np.rad2deg(pose.pitch)),
        roll=float(np.rad2deg(pose.roll)),
        eyes=(
            _opening(points, topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID),
            _opening(points, topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID),
        ),
        irises=(
            _dark(upright, moved, topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID),
            _dark(upright, moved, topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID),
        ),
        mouth=_opening(points, topology.UPPER_INNER, topology.LOWER_INNER),
        blur=_blur(upright),
        light=float(values.mean()) if values.size else 0.0,
        contrast=float(high - low),
        balance=_balance(upright, skin, moved),
        noise=_own_grain(photo, points),
        bridge=_bridge(upright, moved),
        inside=_inside(photo, points),
    )


def _upright(photo: Pixels, points: Points, tall: float, roll: float) -> tuple[_Grey, Points, NDArray[np.uint8]]:
    """The face level and alone, grey, at most _SIDE pixels high; its landmarks there; and where its skin is."""
    middle = (points[topology.CHIN, :2] + points[10, :2]) / 2
    side = max(1.25 * tall, 1.0)
    pixels = int(min(_SIDE, max(side, 32)))
    square = Square(float(middle[0]), float(middle[1]), side, roll)
    grey = cv2.cvtColor(square.cut(photo, pixels), cv2.COLOR_RGB2GRAY).astype(np.float32)
    moved = square.into(points, pixels)
    skin = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(skin, [moved[list(topology.OVAL), :2].round().astype(np.int32)], 1)
    return np.asarray(grey, dtype=np.float32), moved, skin


def _opening(points: Points, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
    """The largest gap between two curves that share both ends, in distances of the ends."""
    across = points[upper[-1], :2] - points[upper[0], :2]
    width = max(float(np.hypot(*across)), 1e-6)
    down = np.array([-across[1], across[0]]) / width
    gap = (points[list(lower), :2] - points[list(upper), :2]) @ down
    return float(np.abs(gap).max() / width)


def _dark(grey: _Grey, points: Points, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
    """The tallest run of dark in the middle third of an eye, in widths of the eye: an iris, or only lashes."""
    first, last = points[upper[0], :2], points[upper[-1], :2]
    width = float(np.hypot(*(last - first)))
    x, y = points[list(upper + lower), :2].mean(axis=0)
    half_x, half_y = width / 3, width / 2
    top, left = max(int(y - half_y), 0), max(int(x - half_x), 0)
    patch = grey[top : int(y + half_y) + 1, left : int(x + half_x) + 1]
    if width < 8 or patch.size < 12:
        return 0.0
    dark, skin = float(np.percentile(patch, 2)), float(np.percentile(patch, 85))
    below = patch < dark + 0.5 * (skin - dark)
    tallest = 0
    for column in below.T:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], column.astype(np.int8), [0]])))
        tallest = max(tallest, int((edges[1::2] - edges[::2]).max(initial=0)))
    return tallest / width


def _own_grain(photo: Pixels, points: Points) -> float:
    """The grain of the face's own pixels: resampling would smooth it away."""
    low = np.maximum(points[list(topology.OVAL), :2].min(axis=0), 0).astype(int)
    high = points[list(topology.OVAL), :2].max(axis=0).astype(int)
    patch = photo[low[1] : high[1], low[0] : high[0]]
    if min(patch.shape[:2]) < 8:
        return 0.0
    return grain(np.asarray(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), dtype=np.float32))


def _blur(grey: _Grey) -> float:
    """How little is lost by blurring once more; the larger of both directions (Crété et al. 2007)."""
    worst = 0.0
    for axis, kernel in ((0, (1, 9)), (1, (9, 1))):
        own = np.abs(np.diff(grey, axis=axis))
        softer = np.abs(np.diff(cv2.blur(grey, kernel), axis=axis))
        lost = np.maximum(own - softer, 0.0).sum()
        worst = max(worst, 1.0 - float(lost / max(own.sum(), 1e-6)))
    return worst


def grain(grey: _Grey) -> float:
    """The standard deviation of noise in grey levels, from the flatter half of a picture.

    A mask that edges and slopes do not excite (Immerkær, "Fast noise variance estimation", 1996). Its median is
    taken, since what is left of edges is large but rare.
    """
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    excited = np.abs(cv2.filter2D(grey, cv2.CV_32F, mask))[1:-1, 1:-1]
    return float(np.median(excited) / 0.6745 / 6.0) if excited.size else 0.0


def _balance(grey: _Grey, skin: NDArray[np.uint8], points: Points) -> float:
    """The darker half of the face as a share of the lighter."""
    nose = float(points[topology.NOSE_TIP, 0])
    columns = np.arange(grey.shape[1])[None, :]
    halves = [grey[(skin > 0) & side] for side in (columns < nose, columns >= nose)]
    means = [float(half.mean()) if half.size else 0.0 for half in halves]
    return min(means) / max(*means, 1e-6)


def _bridge(grey: _Grey, points: Points) -> float:
    """How much a line stands out that runs across the nose between the eyes: of the frame of a pair of glasses.

    The strip between the inner corners of the eyes is averaged across; skin changes slowly along it.
    """
    inner = points[[133, 362], :2]
    eyes = float(np.hypot(*(points[topology.LEFT_IRIS, :2] - points[topology.RIGHT_IRIS, :2])))
    if eyes < 12:
        return 0.0
    x, y = inner.mean(axis=0)
    half = 0.35 * float(np.hypot(*(inner[1] - inner[0])))
    rows = slice(max(int(y - 0.3 * eyes), 0), int(y + 0.35 * eyes))
    strip = grey[rows, max(int(x - half), 0) : int(x + half) + 1]
    if strip.shape[0] < 8 or strip.shape[1] < 2:
        return 0.0
    profile = np.median(strip, axis=1)
    broad = cv2.GaussianBlur(profile[:, None].astype(np.float32), (1, 0 + 2 * int(0.2 * eyes) + 1), 0.12 * eyes)[:, 0]
    spread = float(np.percentile(grey, 95) - np.percentile(grey, 5))
    return float(np.abs(profile - broad).max() / max(spread, 1.0))


def _inside(photo: Pixels, points: Points) -> float:
    """The share of the outline's points that lie within the picture."""
    oval = points[list(topology.OVAL), :2]
    within = (oval >= 0) & (oval <= np.array([photo.shape[1], photo.shape[0]]))
    return float(within.all(axis=1).mean())
