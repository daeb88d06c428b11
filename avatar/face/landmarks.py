"""Finding the face and its 478 landmarks, with the four small networks of MediaPipe run by LiteRT.

What the networks expect and return was taken from MediaPipe's public graph definitions and model cards: letterboxed
input in -1..1 for the detectors, one anchor or more at every cell of their feature maps, six key points for each face;
the landmark network sees the face upright in a square 1.5 times its box; the iris network sees each eye in a square
2.3 times its width, the person's left eye mirrored.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import PhotoError, WeightsError
from avatar.face import topology
from avatar.media import Pixels

MAX_YAW = np.deg2rad(35.0)
"""A face turned further away than this has too little of its far half to be animated."""

COMPARABLE = 0.4
"""A second face counts when it is at least this large beside the largest; smaller ones are bystanders."""

MIN_FACE = 32.0
"""The smallest height of a face's box in pixels that is used."""

Points = NDArray[np.float32]
"""float32 [n, 3]: x and y in pixels of the photograph, z in the same unit, negative towards the camera."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face: its box in pixels of the photograph, how sure the detector is (0..1), and six key points.

    Attributes:
        keypoints: float32 [6, 2]: right eye, left eye, tip of the nose, mouth, right ear, left ear.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float
    keypoints: NDArray[np.float32]

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class HeadPose:
    """How the head is turned in the photograph, in radians, with the directions of `FaceParams`."""

    yaw: float
    pitch: float
    roll: float


class FaceFinder:
    """Finds faces and their landmarks. Safe to share between threads; one computes at a time.

    Args:
        weights: the folder with the catalog's `face-landmarks`.
        threads: cores that one call may use.

    Raises:
        WeightsError: a file is missing or damaged.
    """

    def __init__(self, weights: Path, threads: int = 1) -> None:
        self._lock = threading.Lock()
        self._far = _Network(weights / "face_detection_full_range_sparse.tflite", threads)
        self._near = _Network(weights / "face_detection_short_range.tflite", threads)
        self._mesh = _Network(weights / "face_landmark.tflite", threads)
        self._iris = _Network(weights / "iris_landmark.tflite", threads)
        self._person = _Network(weights / "selfie_segmentation.tflite", threads)

    def faces(self, photo: Pixels) -> list[Face]:
        """All faces, the largest first; small ones are looked for in parts of the picture if the whole shows none."""
        with self._lock:
            found = self._detect(photo, 0, 0)
            if not found:
                for x, y, part in _parts(photo):
                    found += self._detect(part, x, y)
            kept = [face for face in _without_doubles(found) if self._presence(photo, face) > 0.5]
        return sorted(kept, key=lambda face: -face.height)

    def only_face(self, photo: Pixels) -> Face:
        """The one face that the photograph is of.

        Raises:
            PhotoError: there is none, it is too small, or there are several of comparable size.
        """
        faces = self.faces(photo)
        if not faces:
            raise PhotoError(
                "No face was found in the picture. Use a photograph of one person who looks towards the camera.",
                "图片里没有找到人脸。请使用一个人面向镜头的照片。",
                code="no_face",
            )
        rivals = [face for face in faces if face.height >= COMPARABLE * faces[0].height]
        if len(rivals) > 1:
            raise _several(rivals, photo.shape[1], photo.shape[0])
        if faces[0].height < MIN_FACE:
            raise PhotoError(
                f"The face in the picture is only {faces[0].height:.0f} pixels high; it needs {MIN_FACE:.0f}.",
                f"图片里的人脸只有 {faces[0].height:.0f} 像素高,至少需要 {MIN_FACE:.0f} 像素。",
                code="face_too_small",
            )
        return faces[0]

    def landmarks(self, photo: Pixels, face: Face) -> Points:
        """The face's landmarks, irises included, eyelids taken from the finer network.

        Returns:
            float32 [478, 3] in pixels; see `topology` for what each is.

        Raises:
            PhotoError: the face is turned away too far.
        """
        with self._lock:
            points, _ = self._fit(photo, _face_square(face))
            points, presence = self._fit(photo, _mesh_square(points))
            if presence < 0.5:
                points, _ = self._fit(photo, _face_square(face))
            full = self._with_irises(photo, points)
        pose = head_pose(full)
        if abs(pose.yaw) > MAX_YAW:
            raise PhotoError(
                f"The face is turned about {abs(np.rad2deg(pose.yaw)):.0f} degrees away. "
                "Use a photograph that shows both eyes and the whole mouth.",
                f"脸大约侧转了 {abs(np.rad2deg(pose.yaw)):.0f} 度。请使用能看到双眼和整个嘴的照片。",
                code="face_turned_away",
            )
        return full

    def person(self, photo: Pixels) -> NDArray[np.float32]:
        """float32 [height, width] in 0..1: where the person is, hair and shoulders included."""
        height, width = photo.shape[:2]
        small = cv2.resize(photo, (256, 256), interpolation=cv2.INTER_AREA)
        with self._lock:
            mask = self._person(small.astype(np.float32) / 255.0)[0].reshape(256, 256)
        return np.clip(cv2.resize(mask, (width, height), interpolation=cv2.INTER_CUBIC), 0.0, 1.0)

    def _detect(self, photo: Pixels, left: int, top: int) -> list[Face]:
        found = [*_decode(photo, self._far, _FAR_ANCHORS), *_decode(photo, self._near, _NEAR_ANCHORS)]
        return [_moved(face, left, top) for face in _without_doubles(found)]

    def _presence(self, photo: Pixels, face: Face) -> float:
        return self._fit(photo, _face_square(face))[1]

    def _fit(self, photo: Pixels, square: _Square) -> tuple[Points, float]:
        """The mesh in a square of the photograph, and the probability that there is a face in it."""
        crop = square.cut(photo, 192).astype(np.float32) / 255.0
        raw, flag = self._mesh(crop)
        points = square.back(raw.reshape(-1, 3), 192)
        return points, _sigmoid(float(flag.reshape(-1)[0]))

    def _with_irises(self, photo: Pixels, mesh: Points) -> Points:
        """The mesh with its eyelids replaced by the iris network's, and the two irises appended."""
        full = np.concatenate([mesh, np.zeros((10, 3), np.float32)])
        for upper, lower, iris, mirrored in (
            (topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID, topology.RIGHT_IRIS, False),
            (topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID, topology.LEFT_IRIS, True),
        ):
            square = _eye_square(mesh, lower[0], lower[-1])
            crop = square.cut(photo, 64)
            crop = crop[:, ::-1] if mirrored else crop
            contour, rim = (part.reshape(-1, 3).copy() for part in self._iris(crop.astype(np.float32) / 255.0))
            if mirrored:
                contour[:, 0] = 64.0 - contour[:, 0]
                rim[:, 0] = 64.0 - rim[:, 0]
            lids = square.back(contour[:16], 64)
            full[list(lower), :2] = lids[:9, :2]
            full[list(upper[1:-1]), :2] = lids[9:16, :2]
            full[iris : iris + 5] = square.back(rim, 64)
            full[iris : iris + 5, 2] = mesh[list(upper + lower), 2].mean()
        return full


def head_pose(points: Points) -> HeadPose:
    """The head's turn from its landmarks: the lines through both eyes, both cheeks and both corners of the mouth, and
    from the forehead to the chin, whose slope is about -0.1 radian in a level head."""
    across = sum(points[right] - points[left] for left, right in ((33, 263), (234, 454), (61, 291)))
    down = points[topology.CHIN] - points[10]
    return HeadPose(
        yaw=float(np.arctan2(across[2], np.hypot(across[0], across[1]))),
        pitch=float(np.arctan2(-down[2], np.hypot(down[0], down[1])) + 0.1),
        roll=float(np.arctan2(across[1], across[0])),
    )


class _Network:
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
class _Square:
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


def _face_square(face: Face) -> _Square:
    right, left = face.keypoints[0], face.keypoints[1]
    turn = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    side = 1.5 * max(face.width, face.height)
    return _Square((face.left + face.right) / 2, (face.top + face.bottom) / 2, side, turn)


def _mesh_square(points: Points) -> _Square:
    turn = float(np.arctan2(points[263, 1] - points[33, 1], points[263, 0] - points[33, 0]))
    cos, sin = np.cos(turn), np.sin(turn)
    level = points[:, :2] @ np.array([[cos, -sin], [sin, cos]])
    low, high = level.min(axis=0), level.max(axis=0)
    x, y = (low + high) / 2
    return _Square(float(cos * x - sin * y), float(sin * x + cos * y), 1.5 * float((high - low).max()), turn)


def _eye_square(points: Points, first: int, second: int) -> _Square:
    a, b = (points[first], points[second]) if points[first, 0] < points[second, 0] else (points[second], points[first])
    width = float(np.hypot(b[0] - a[0], b[1] - a[1]))
    turn = float(np.arctan2(b[1] - a[1], b[0] - a[0]))
    return _Square(float(a[0] + b[0]) / 2, float(a[1] + b[1]) / 2, 2.3 * width, turn)


def _anchors(layers: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """float32 [n, 2]: the centres of the cells in 0..1. Args: layers: cells on a side, and anchors in each cell."""
    parts = []
    for cells, each in layers:
        centre = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(centre, centre), axis=-1).reshape(-1, 2)
        parts.append(np.repeat(grid, each, axis=0))
    return np.concatenate(parts).astype(np.float32)


_NEAR_ANCHORS = _anchors(((16, 2), (8, 6)))
_FAR_ANCHORS = _anchors(((48, 1),))


def _decode(photo: Pixels, network: _Network, anchors: NDArray[np.float32]) -> list[Face]:
    """The faces that a detector sees in a picture."""
    height, width = photo.shape[:2]
    side, longest = network.side, max(height, width)
    scaled = cv2.resize(
        photo,
        (max(1, round(width * side / longest)), max(1, round(height * side / longest))),
        interpolation=cv2.INTER_AREA if longest > side else cv2.INTER_LINEAR,
    )
    canvas = np.zeros((side, side, 3), np.float32)
    top, left = (side - scaled.shape[0]) // 2, (side - scaled.shape[1]) // 2
    canvas[top : top + scaled.shape[0], left : left + scaled.shape[1]] = scaled.astype(np.float32) / 127.5 - 1.0
    boxes, logits = network(canvas)
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits.reshape(-1), -80, 80)))
    keep = np.flatnonzero(scores > 0.5)
    values = boxes.reshape(-1, 16)[keep] / side
    centres = anchors[keep]
    sizes = values[:, 2:4]
    scale = np.array([longest, longest]) * 1.0
    offset = np.array([left, top]) / side
    faces = []
    for index in range(len(keep)):
        middle = (values[index, :2] + centres[index] - offset) * scale
        half = sizes[index] * scale / 2
        points = (values[index, 4:].reshape(6, 2) + centres[index] - offset) * scale
        low, high = middle - half, middle + half
        box = [float(edge) for edge in (*low, *high)]
        score = float(scores[keep[index]])
        faces.append(Face(box[0], box[1], box[2], box[3], score, points.astype(np.float32)))
    return faces


def _without_doubles(faces: list[Face]) -> list[Face]:
    """Each face once: the surest of those that overlap."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda item: -item.score):
        if all(_overlap(face, other) < 0.3 for other in kept):
            kept.append(face)
    return kept


def _overlap(a: Face, b: Face) -> float:
    """The boxes' intersection as a share of the smaller box."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / max(min(a.width * a.height, b.width * b.height), 1e-6)


def _parts(photo: Pixels) -> list[tuple[int, int, Pixels]]:
    """Nine overlapping parts, each half as wide and high as the picture, with where they begin."""
    height, width = photo.shape[:2]
    if max(height, width) < 384:
        return []
    steps = (0.0, 0.25, 0.5)
    corners = [(int(width * x), int(height * y)) for y in steps for x in steps]
    return [(x, y, photo[y : y + height // 2, x : x + width // 2]) for x, y in corners]


def _moved(face: Face, x: int, y: int) -> Face:
    shift = np.array([x, y], dtype=np.float32)
    return Face(face.left + x, face.top + y, face.right + x, face.bottom + y, face.score, face.keypoints + shift)


def _sigmoid(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -80.0, 80.0))))


_ROWS = (("upper", "上"), ("middle", "中"), ("lower", "下"))
_COLUMNS = (("left", "左"), ("centre", "中"), ("right", "右"))


def _several(faces: list[Face], width: int, height: int) -> PhotoError:
    """The sentence says how many faces there are, and where."""
    english, chinese = [], []
    for face in faces[:4]:
        row = _ROWS[min(2, max(0, int(1.5 * (face.top + face.bottom) / height)))]
        column = _COLUMNS[min(2, max(0, int(1.5 * (face.left + face.right) / width)))]
        english.append(f"{row[0]} {column[0]}")
        chinese.append(
            "正中" if row[1] == column[1] == "中" else f"{column[1]}{row[1]}" if column[1] != "中" else f"{row[1]}部"
        )
    return PhotoError(
        f"There are {len(faces)} faces in the picture ({', '.join(english)}). Crop it to one person.",
        f"图片里有 {len(faces)} 张脸({'、'.join(chinese)})。请裁剪到只剩一个人。",
        code="several_faces",
    )
