"""How far lips are open in finished pictures, found with the landmark network and not with what was meant.

`Frame.aperture` says what the motion intended; the same measured in the pictures, or in a film decoded back, says what
a viewer gets. Their correlation over a sentence is the project's check that the lips follow the speech, and the lag at
which it is best tells whether the film kept them in time. Moustaches and low contrast make the network the noisier of
the two, so a correlation is a lower bound of what the renderer did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar.errors import InputError
from avatar.face import topology
from avatar.face.landmarks import FaceFinder, Points
from avatar.media import Pixels

MAX_LAG = 2
"""Frames by which a track may lie beside the other and still be compared."""

_MIDDLE = slice(4, 7)
"""The middle third of the inner lips, as in `Rig.opening`."""

_LEFT_CORNER, _RIGHT_CORNER = 61, 291


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well one track follows another.

    Attributes:
        r: Pearson's correlation at the best lag, -1..1.
        lag: frames by which the measured track is later than the intended one.
        r_at_zero: the correlation without any lag.
    """

    r: float
    lag: int
    r_at_zero: float


def lip_apertures(frames: Iterable[Pixels], finder: FaceFinder) -> NDArray[np.float32]:
    """How far the inner lips are open in each picture, as `Frame.aperture` is defined.

    Args:
        frames: uint8 [height, width, 3] RGB, one face in all of them, at about the same place.

    Returns:
        float32 [n], in fractions of the median width of the mouth; never negative.

    Raises:
        PhotoError: the first picture does not show exactly one usable face.
    """
    gaps: list[float] = []
    widths: list[float] = []
    face = None
    for frame in frames:
        face = face or finder.only_face(frame)
        gap, width = _lips(finder.landmarks(frame, face))
        gaps.append(gap)
        widths.append(width)
    if not gaps:
        return np.zeros(0, dtype=np.float32)
    return np.asarray(np.maximum(gaps, 0.0) / max(float(np.median(widths)), 1e-6), dtype=np.float32)


def film_frames(path: Path) -> Iterator[Pixels]:
    """The pictures of a film, uint8 [height, width, 3] RGB, in order.

    Raises:
        InputError: the file is not a film that can be read.
    """
    import av

    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="rgb24").astype(np.uint8)
    except (av.FFmpegError, IndexError) as error:
        raise InputError(f"{path.name} is not a film that can be read.", f"{path.name} 不是可以读取的视频。") from error


def correlation(detected: NDArray[np.float32], intended: NDArray[np.float32]) -> Agreement:
    """How well the measured lips follow the intended ones, at the best lag within MAX_LAG.

    Args:
        detected, intended: float32 [n]; the longer is cut to the shorter. Tracks that do not move agree by 0.
    """
    length = min(detected.size, intended.size)
    one, other = detected[:length].astype(np.float64), intended[:length].astype(np.float64)
    by_lag = {lag: _pearson(*_overlap(one, other, lag)) for lag in range(-MAX_LAG, MAX_LAG + 1)}
    lag = max(by_lag, key=lambda candidate: (by_lag[candidate], -abs(candidate)))
    return Agreement(by_lag[lag], lag, by_lag[0])


def _lips(points: Points) -> tuple[float, float]:
    """The gap of the inner lips across the line of the mouth, and the mouth's width, in pixels."""
    across = points[_RIGHT_CORNER, :2] - points[_LEFT_CORNER, :2]
    width = float(np.hypot(*across))
    down = np.array([-across[1], across[0]]) / max(width, 1e-6)
    upper, lower = list(topology.UPPER_INNER[_MIDDLE]), list(topology.LOWER_INNER[_MIDDLE])
    return float(((points[lower, :2] - points[upper, :2]) @ down).mean()), width


def _overlap(
    one: NDArray[np.float64], other: NDArray[np.float64], lag: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What two tracks share when the first is `lag` frames late."""
    if lag >= 0:
        return one[lag:], other[: other.size - lag]
    return one[:lag], other[-lag:]


def _pearson(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if one.size < 3 or one.std() < 1e-9 or other.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
