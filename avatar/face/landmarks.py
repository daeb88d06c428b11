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

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import PhotoError
from avatar.face import topology
from avatar.face.detect import PALM_ANCHORS, Detector, Face, decode, without_doubles
from avatar.face.guided import MARKS, guided_points, marks_in_pixels
from avatar.face.network import Network, Points, Square
from avatar.media import Pixels
from avatar.stages import FaceChoice

__all__ = ["Face", "FaceFinder", "HeadPose", "Points", "chosen_face", "head_pose", "place_of", "several_faces"]

MAX_YAW = np.deg2rad(35.0)
"""A face turned further away than this has too little of its far half to be animated."""

COMPARABLE = 0.4
"""A second face counts when it is at least this large beside the largest; smaller ones are bystanders."""

MIN_FACE = 32.0
"""The smallest height of a face's box in pixels that is used."""


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
        far = Network(weights / "face_detection_full_range_sparse.tflite", threads)
        near = Network(weights / "face_detection_short_range.tflite", threads)
        self._detector = Detector(far, near)
        self._mesh = Network(weights / "face_landmark.tflite", threads)
        self._iris = Network(weights / "iris_landmark.tflite", threads)
        self._palm = Network(weights / "palm_detection_lite.tflite", threads)
        self._person = Network(weights / "selfie_segmentation.tflite", threads)

    def faces(self, photo: Pixels) -> list[Face]:
        """All faces, the largest first. Where none are seen, dots and contrast are evened, and it looks again."""
        with self._lock:
            for view in (photo, _evened(photo)):
                found = [face for face in self._detector.faces(view) if self._presence(view, face) > 0.5]
                if found:
                    break
        return sorted(found, key=lambda face: -face.height)

    def only_face(self, photo: Pixels) -> Face:
        """The one face that the photograph is of.

        Raises:
            PhotoError: there is none, it is too small, or there are several of comparable size.
        """
        return chosen_face(self.faces(photo), FaceChoice(), photo)

    def chosen(self, photo: Pixels, choice: FaceChoice) -> Points:
        """The landmarks of the face that is meant. See `landmarks` and `only_face`.

        Raises:
            PhotoError: it is not there, or cannot be used; or the marks do not make a face.
        """
        if choice.marks is None:
            return self.landmarks(photo, chosen_face(self.faces(photo), choice, photo))
        marks = marks_in_pixels(choice.marks, photo.shape[1], photo.shape[0])
        with self._lock:
            square = _marked_square(marks)
            points, presence = self._fit(photo, square)
            seen = self._with_irises(photo, points) if presence > 0.5 else None
        return guided_points(marks, seen)

    def landmarks(self, photo: Pixels, face: Face) -> Points:
        """The face's landmarks, irises included, eyelids taken from the finer network.

        Returns:
            float32 [478, 3] in pixels; see `topology` for what each is.

        Raises:
            PhotoError: the face is turned away too far.
        """
        full = self.seen(photo, face)
        pose = head_pose(full)
        if abs(pose.yaw) > MAX_YAW:
            raise PhotoError(
                f"The face is turned about {abs(np.rad2deg(pose.yaw)):.0f} degrees away. "
                "Use a photograph that shows both eyes and the whole mouth.",
                f"脸大约侧转了 {abs(np.rad2deg(pose.yaw)):.0f} 度。请使用能看到双眼和整个嘴的照片。",
                code="face_turned_away",
            )
        return full

    def seen(self, photo: Pixels, face: Face) -> Points:
        """The same, however far the face is turned away."""
        with self._lock:
            points, _ = self._fit(photo, _face_square(face))
            points, presence = self._fit(photo, _mesh_square(points))
            if presence < 0.5:
                points, _ = self._fit(photo, _face_square(face))
            return self._with_irises(photo, points)

    def hands(self, photo: Pixels, points: Points) -> float:
        """How much of a face lies behind the palms of hands, 0..1.

        The network sometimes takes a cheek for a palm, but not at two scales; what both show counts.

        Args:
            points: float32 [478, 3], the face's landmarks in pixels of the photograph.
        """
        return min(self._palms(photo, points[list(topology.OVAL), :2], reach) for reach in (0.7, 1.0))

    def _palms(self, photo: Pixels, oval: NDArray[np.float32], reach: float) -> float:
        """The same as seen in the face's surroundings up to a reach, in sizes of the face."""
        low, high = oval.min(axis=0), oval.max(axis=0)
        left, top = np.maximum(low - reach * (high - low), 0).astype(int)
        right, bottom = (high + reach * (high - low)).astype(int)
        near = photo[top:bottom, left:right]
        if min(near.shape[:2]) < 16:
            return 0.0
        with self._lock:
            palms = without_doubles(decode(near, self._palm, PALM_ANCHORS, black=0.0))
        face, covered = (np.zeros(near.shape[:2], np.uint8) for _ in range(2))
        cv2.fillPoly(face, [(oval - [left, top]).round().astype(np.int32)], 1)
        for palm in palms:
            corner, other = (max(int(palm.left), 0), max(int(palm.top), 0)), (int(palm.right), int(palm.bottom))
            cv2.rectangle(covered, corner, other, 1, cv2.FILLED)
        return float((face & covered).sum() / max(int(face.sum()), 1))

    def person(self, photo: Pixels) -> NDArray[np.float32]:
        """float32 [height, width] in 0..1: where the person is, hair and shoulders included."""
        height, width = photo.shape[:2]
        small = cv2.resize(photo, (256, 256), interpolation=cv2.INTER_AREA)
        with self._lock:
            mask = self._person(small.astype(np.float32) / 255.0)[0].reshape(256, 256)
        return np.clip(cv2.resize(mask, (width, height), interpolation=cv2.INTER_CUBIC), 0.0, 1.0)

    def _presence(self, photo: Pixels, face: Face) -> float:
        return self._fit(photo, _face_square(face))[1]

    def _fit(self, photo: Pixels, square: Square) -> tuple[Points, float]:
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


def _face_square(face: Face) -> Square:
    right, left = face.keypoints[0], face.keypoints[1]
    turn = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    side = 1.5 * max(face.width, face.height)
    return Square((face.left + face.right) / 2, (face.top + face.bottom) / 2, side, turn)


def _mesh_square(points: Points) -> Square:
    turn = float(np.arctan2(points[263, 1] - points[33, 1], points[263, 0] - points[33, 0]))
    cos, sin = np.cos(turn), np.sin(turn)
    level = points[:, :2] @ np.array([[cos, -sin], [sin, cos]])
    low, high = level.min(axis=0), level.max(axis=0)
    x, y = (low + high) / 2
    return Square(float(cos * x - sin * y), float(sin * x + cos * y), 1.5 * float((high - low).max()), turn)


def _eye_square(points: Points, first: int, second: int) -> Square:
    a, b = (points[first], points[second]) if points[first, 0] < points[second, 0] else (points[second], points[first])
    width = float(np.hypot(b[0] - a[0], b[1] - a[1]))
    turn = float(np.arctan2(b[1] - a[1], b[0] - a[0]))
    return Square(float(a[0] + b[0]) / 2, float(a[1] + b[1]) / 2, 2.3 * width, turn)


def _marked_square(marks: NDArray[np.float32]) -> Square:
    """Where the landmark network is to look for a face that a person has marked."""
    right, left, chin = (marks[MARKS.index(name)] for name in ("right_eye", "left_eye", "chin"))
    turn = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    eyes = (right + left) / 2
    drop = max(float(np.hypot(*(chin - eyes))), float(np.hypot(*(left - right))))
    middle = eyes + (chin - eyes) * 0.25
    return Square(float(middle[0]), float(middle[1]), 2.3 * drop, turn)


def _evened(photo: Pixels) -> Pixels:
    """The picture with a printer's dots blurred away and its contrast spread: what a halftone scan needs."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    soft = cv2.GaussianBlur(grey, (0, 0), max(1.0, min(grey.shape) / 300.0))
    spread = cv2.createCLAHE(2.0, (4, 4)).apply(soft)
    return np.asarray(cv2.cvtColor(spread, cv2.COLOR_GRAY2RGB), dtype=np.uint8)


def chosen_face(faces: list[Face], choice: FaceChoice, photo: Pixels) -> Face:
    """The face that is meant.

    Args:
        faces: the largest first.

    Raises:
        PhotoError: there is none, it is too small, there are several of comparable size and none was chosen, or there
            is none of the number chosen.
    """
    if not faces:
        raise PhotoError(
            "No face was found in the picture. Use a photograph of one person who looks towards the camera, "
            "or mark the eyes, nose, mouth and chin by hand.",
            "图片里没有找到人脸。请使用一个人面向镜头的照片,或手动标出双眼、鼻尖、嘴角和下巴。",
            code="no_face",
        )
    if choice.number is not None:
        if not 1 <= choice.number <= len(faces):
            raise PhotoError(
                f"There is no face {choice.number}; the picture shows {len(faces)}.",
                f"没有第 {choice.number} 张脸;图片里共有 {len(faces)} 张。",
                code="no_such_face",
            )
        return _large_enough(faces[choice.number - 1])
    rivals = [face for face in faces if face.height >= COMPARABLE * faces[0].height]
    if len(rivals) > 1:
        raise several_faces(rivals, photo.shape[1], photo.shape[0])
    return _large_enough(faces[0])


def _large_enough(face: Face) -> Face:
    if face.height < MIN_FACE:
        raise PhotoError(
            f"The face in the picture is only {face.height:.0f} pixels high; it needs {MIN_FACE:.0f}.",
            f"图片里的人脸只有 {face.height:.0f} 像素高,至少需要 {MIN_FACE:.0f} 像素。",
            code="face_too_small",
        )
    return face


def _sigmoid(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -80.0, 80.0))))


_ROWS = (("upper", "上"), ("middle", "中"), ("lower", "下"))
_COLUMNS = (("left", "左"), ("centre", "中"), ("right", "右"))
_TOLD = 6
"""How many faces a sentence lists."""


def place_of(face: Face, width: int, height: int) -> tuple[str, str]:
    """Where a face is in its picture, in English and in Chinese."""
    row = _ROWS[min(2, max(0, int(1.5 * (face.top + face.bottom) / height)))]
    column = _COLUMNS[min(2, max(0, int(1.5 * (face.left + face.right) / width)))]
    chinese = "正中" if row[1] == column[1] == "中" else f"{column[1]}{row[1]}" if column[1] != "中" else f"{row[1]}部"
    return f"{row[0]} {column[0]}", chinese


def several_faces(faces: list[Face], width: int, height: int) -> PhotoError:
    """The sentence says how many faces there are, and where."""
    places = [place_of(face, width, height) for face in faces[:_TOLD]]
    more = "" if len(faces) <= _TOLD else ", …"
    english = ", ".join(f"{number} {place}" for number, (place, _) in enumerate(places, 1)) + more
    chinese = "、".join(f"{number} {place}" for number, (_, place) in enumerate(places, 1)) + more
    return PhotoError(
        f"There are {len(faces)} faces in the picture ({english}). Choose one by its number, or crop to one person.",
        f"图片里有 {len(faces)} 张脸({chinese})。请按编号选择一张,或裁剪到只剩一个人。",
        code="several_faces",
    )
