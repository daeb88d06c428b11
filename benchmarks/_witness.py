"""A second opinion on faces: dlib's 68 landmarks and its face descriptor, networks that share nothing with ours.

Used for measuring alone, never in the product: the 68 points were learned from pictures (iBUG 300-W) whose licence is
for research. Both come with the `dev` extra.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.errors import NotFoundError
from avatar.face.landmarks import Points
from avatar.media import Pixels

_UPPER, _LOWER = (61, 62, 63), (67, 66, 65)
"""The inner lips' middle, point above point."""

_EYES = (((37, 41), (38, 40), (36, 39)), ((43, 47), (44, 46), (42, 45)))
"""Of each eye two pairs of points across the lids, and the corners."""


class Witness:
    """Looks at pictures of one face that stays at about the same place.

    Raises:
        NotFoundError: the packages are not installed.
    """

    def __init__(self) -> None:
        found = find_spec("face_recognition_models")
        if found is None or found.origin is None or find_spec("_dlib_pybind11") is None:
            raise NotFoundError(
                "The benchmark needs dlib and its models. Run: pip install 'avatar-server[dev]'",
                "基准测试需要 dlib 及其模型。请运行:pip install 'avatar-server[dev]'",
                code="package_missing",
            )
        import _dlib_pybind11 as dlib

        folder = Path(found.origin).parent / "models"
        self._dlib: Any = dlib
        self._shape: Any = dlib.shape_predictor(str(folder / "shape_predictor_68_face_landmarks.dat"))
        self._who: Any = dlib.face_recognition_model_v1(str(folder / "dlib_face_recognition_resnet_model_v1.dat"))

    def points(self, frame: Pixels, landmarks: Points) -> NDArray[np.float64]:
        """float64 [68, 2] in pixels. Args: landmarks: float32 [468 or more, 3] of the mesh, for the face's box."""
        return np.array([[part.x, part.y] for part in self._seen(frame, landmarks).parts()], dtype=np.float64)

    def identity(self, frame: Pixels, landmarks: Points) -> NDArray[np.float64]:
        """float64 [128]; two of one person are less than 0.6 apart."""
        shape = self._seen(frame, landmarks)
        return np.array(self._who.compute_face_descriptor(np.ascontiguousarray(frame), shape), dtype=np.float64)

    def _seen(self, frame: Pixels, landmarks: Points) -> Any:
        """The face in the box that dlib's own detector would draw: from the brows to the chin, square."""
        low, high = landmarks[:468, :2].min(axis=0), landmarks[:468, :2].max(axis=0)
        side = float(0.96 * (high - low).max())
        x, y = (low + high) / 2 + (0.0, 0.06 * side)
        box = self._dlib.rectangle(*(round(float(v)) for v in (x - side / 2, y - side / 2, x + side / 2, y + side / 2)))
        return self._shape(np.ascontiguousarray(frame), box)


def lip_gap(points: NDArray[np.float64]) -> float:
    """How far the inner lips are apart, in widths of the mouth. Args: points: float64 [68, 2]."""
    gaps = np.hypot(*(points[list(_LOWER)] - points[list(_UPPER)]).T)
    return float(gaps.mean() / max(np.hypot(*(points[54] - points[48])), 1e-6))


def eye_gaps(points: NDArray[np.float64]) -> tuple[float, float]:
    """How far the two eyes are open, in their widths, the one on the viewer's left first."""
    ratios = []
    for one, other, corners in _EYES:
        height = np.mean([np.hypot(*(points[a] - points[b])) for a, b in (one, other)])
        ratios.append(float(height / max(np.hypot(*(points[corners[0]] - points[corners[1]])), 1e-6)))
    return ratios[0], ratios[1]
