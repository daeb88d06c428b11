"""The small networks of MediaPipe run by LiteRT, and the turned squares of a photograph that they look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import WeightsError
from avatar.media import Pixels

Points = NDArray[np.float32]
"""float32 [n, 3]: x and y in pixels of the photograph, z in the same unit, negative towards the camera."""


class Network:
    """A TFLite file with one picture as its input."""

    def __init__(self, path: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter: Any = Interpreter(str(path), num_threads=threads)
        except (ValueError, OSError, RuntimeError) as error:
            raise WeightsError(
                f"{path.name} is missing or damaged. Run: avatar models pull face-landmarks",
                f"{path.name} 缺失或已损坏。请运行:avatar models pull face-landmarks",
            ) from error
        self._interpreter.allocate_tensors()
        detail = self._interpreter.get_input_details()[0]
        self._input = detail["index"]
        self.side = int(detail["shape"][1])
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]

    def __call__(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs in the file's order. Args: picture: float32 [side, side, 3]."""
        self._interpreter.set_tensor(self._input, np.ascontiguousarray(picture[None], dtype=np.float32))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


@dataclass(frozen=True, slots=True)
class Square:
    """A turned square of the photograph; `turn` in radians clockwise."""

    x: float
    y: float
    side: float
    turn: float

    def _matrix(self, pixels: int) -> NDArray[np.float64]:
        """From the crop's pixels to the photograph's, 2 x 3."""
        scale = self.side / pixels
        cos, sin = np.cos(self.turn) * scale, np.sin(self.turn) * scale
        half = pixels / 2
        return np.array([[cos, -sin, self.x - cos * half + sin * half], [sin, cos, self.y - sin * half - cos * half]])

    def cut(self, photo: Pixels, pixels: int) -> Pixels:
        """The square, upright; what lies outside of the photograph is black."""
        flags = (cv2.INTER_AREA if self.side > pixels else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(photo, self._matrix(pixels), (pixels, pixels), flags=flags), dtype=np.uint8)

    def back(self, points: NDArray[np.float32], pixels: int) -> Points:
        """Points of the crop in pixels of the photograph."""
        matrix = self._matrix(pixels)
        moved = np.empty((len(points), 3), dtype=np.float32)
        moved[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        moved[:, 2] = points[:, 2] * (self.side / pixels)
        return moved

    def into(self, points: Points, pixels: int) -> Points:
        """Points of the photograph in pixels of the crop."""
        matrix = self._matrix(pixels)
        moved = points.copy()
        moved[:, :2] = (points[:, :2] - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
        moved[:, 2] = points[:, 2] * np.float32(pixels / self.side)
        return moved
