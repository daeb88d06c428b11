"""The rig: everything about a portrait that does not change from frame to frame, and its one file in the cache."""

from __future__ import annotations

import hashlib
import logging
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import StorageError
from avatar.face import topology
from avatar.face.expressions import BASIS_OF, MOUTH_BASES, build_expressions
from avatar.face.eyes import Eye, build_eye
from avatar.face.folds import INNER_LIPS, unfold
from avatar.face.landmarks import FaceFinder, Points, head_pose
from avatar.face.matte import cutout, matte, plate
from avatar.face.mesh import FaceFrame, build_mesh, face_frame
from avatar.face.mouth import Mouth, build_mouth
from avatar.face.params import INDEX
from avatar.face.photo import load_photo
from avatar.face.seam import close_lips
from avatar.files import whole
from avatar.media import Pixels
from avatar.stages import ONLY_FACE, FaceChoice

VERSION = 9
"""Raised when rigs made before can no longer be used."""

KEPT = 64
"""Rigs that the cache holds; one of 512 pixels takes some 3 MB."""

TEXTURE_SCALE = 2
"""Texels for each pixel; sampling a finer texture keeps the picture crisp as the head moves."""

_HEAD_ROOM = 2.75  # the crop's side in heights of the face
_EYE_LINE = 0.47  # where the middle of the face lies in the crop, from the top

_log = logging.getLogger(__name__)
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rig:
    """A portrait made ready to move.

    Attributes:
        picture: uint8 [size, size, 3]: the head and shoulders.
        matte: float32 [size, size] in 0..1: what moves with the person.
        cut: float32 [size, size] in 0..1: the person alone.
        plate: uint8 [size, size, 3]: the background behind the head.
        texture: uint8 [2 size, 2 size, 4]: the picture at twice the size, and the matte; texel 2k is pixel k.
        landmarks: float32 [478, 3] in pixels of the picture.
        points, triangles, head, chest: the mesh, see `Mesh`.
        bases, closings: the expressions, see `Expressions`.
        right_eye, left_eye, mouth: what is painted.
        frame: the face's axes and lengths.
    """

    picture: Pixels
    matte: Floats
    cut: Floats
    plate: Pixels
    texture: NDArray[np.uint8]
    landmarks: Points
    points: Floats
    triangles: NDArray[np.int32]
    head: Floats
    chest: Floats
    bases: Floats
    closings: Floats
    right_eye: Eye
    left_eye: Eye
    mouth: Mouth
    frame: FaceFrame

    @property
    def size(self) -> int:
        """Width and height of the frames in pixels."""
        return int(self.picture.shape[0])

    @property
    def most_yaw(self) -> float:
        """How far the head can turn, in radians: less where the photograph shows it turned already."""
        return max(0.12, 0.35 - 0.6 * abs(head_pose(self.landmarks).yaw))

    def shape(self, vector: Floats) -> Floats:
        """The mesh with its expression, before the head turns.

        Args:
            vector: float32 [len(NAMES)], clipped.

        Returns:
            float32 [n, 3] in pixels of the picture.
        """
        weights = vector[BASIS_OF]
        closing = np.append(weights[: len(MOUTH_BASES)], np.float32(1.0)) * vector[INDEX["close"]]
        moved = self.points + np.tensordot(weights, self.bases, 1)
        if vector[INDEX["close"]] > 0:
            moved += np.tensordot(closing, self.closings, 1)
        upper, lower = list(topology.UPPER_INNER), list(topology.LOWER_INNER)
        gap = (moved[lower, :2] - moved[upper, :2]) @ self.frame.down
        crossed = np.minimum(gap, 0.0)[:, None] * self.frame.down * 0.5
        moved[upper, :2] += crossed
        moved[lower, :2] -= crossed
        whole = np.ascontiguousarray(moved, dtype=np.float32)
        unfold(whole, self.points, self.triangles[topology.GAPS :], INNER_LIPS)
        return whole

    def aperture(self, vector: Floats) -> float:
        """The opening of the lips in their middle third, in widths of the mouth at rest. See `shape`."""
        return self.opening(self.shape(vector))

    def opening(self, shape: Floats) -> float:
        """The same of a mesh that `shape` gave."""
        upper, lower = list(topology.UPPER_INNER[4:7]), list(topology.LOWER_INNER[4:7])
        gap = (shape[lower, :2] - shape[upper, :2]) @ self.frame.down
        return float(max(gap.mean(), 0.0) / self.frame.mouth_width)


def load_rig(
    source: Path | bytes,
    finder: FaceFinder,
    *,
    size: int,
    cache: Path | None = None,
    choice: FaceChoice = ONLY_FACE,
) -> Rig:
    """The rig of a photograph, from the cache where it was made before.

    Args:
        source: the photograph, or its bytes.
        size: width and height of the frames in pixels, 256..1024, even.
        cache: the folder of rigs; None keeps nothing. It holds KEPT at most, those used last.
        choice: which face is meant.

    Raises:
        PhotoError: see `load_photo` and `FaceFinder`.
        StorageError: the cache's disk is full or not writable.
    """
    data = source.read_bytes() if isinstance(source, Path) and source.is_file() else source
    kept = None
    if cache is not None and isinstance(data, bytes):
        digest = hashlib.sha256(data + repr(choice).encode()).hexdigest()[:32]
        kept = cache / f"{digest}-{size}-v{VERSION}.npz"
        found = read_rig(kept)
        if found is not None:
            return found
    rig = build_rig(load_photo(source), finder, size, choice)
    if kept is not None:
        write_rig(rig, kept)
        _forget_oldest(kept.parent)
    return rig


def build_rig(photo: Pixels, finder: FaceFinder, size: int, choice: FaceChoice = ONLY_FACE) -> Rig:
    """A rig from pixels. Raises PhotoError where the face that is meant cannot be used."""
    found = finder.chosen(photo, choice)
    picture, landmarks = crop(photo, found, size)
    return assemble(picture, landmarks, finder.person(picture))


def assemble(picture: Pixels, landmarks: Points, person: Floats) -> Rig:
    """A rig from a square picture, its landmarks, and the mask of the person."""
    frame = face_frame(landmarks)
    landmarks = close_lips(landmarks, picture, frame)
    mesh = build_mesh(landmarks, picture.shape[0])
    expressions = build_expressions(mesh, frame)
    soft, inside = matte(person, picture, landmarks)
    texture = texture_of(picture, soft)
    texels = landmarks * np.float32(TEXTURE_SCALE)
    return Rig(
        picture=picture,
        matte=soft,
        cut=cutout(person, picture, landmarks),
        plate=plate(picture, inside, frame),
        texture=texture,
        landmarks=landmarks,
        points=mesh.points,
        triangles=mesh.triangles,
        head=mesh.head,
        chest=mesh.chest,
        bases=expressions.bases,
        closings=expressions.closings,
        right_eye=build_eye(texture, texels, left=False),
        left_eye=build_eye(texture, texels, left=True),
        mouth=build_mouth(picture, landmarks),
        frame=frame,
    )


def crop(photo: Pixels, landmarks: Points, size: int) -> tuple[Pixels, Points]:
    """The head and shoulders as a square, and the landmarks in it.

    The square stays within the photograph where it can; what lies outside is continued from the border.
    """
    frame = face_frame(landmarks)
    height, width = photo.shape[:2]
    side = min(_HEAD_ROOM * frame.height, max(float(min(height, width)), 1.7 * frame.height))
    low = frame.middle - [0.5 * side, _EYE_LINE * side]
    room = np.array([width, height]) - side
    low = np.where(room >= 0, np.clip(low, 0, np.maximum(room, 0)), low)
    scale = side / size
    matrix = np.array([[scale, 0, low[0] + 0.5 * scale - 0.5], [0, scale, low[1] + 0.5 * scale - 0.5]])
    source = np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.4 * scale) if scale > 1.5 else photo)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(source, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    moved = landmarks / np.float32(scale)
    moved[:, :2] -= matrix[:, 2] / scale
    return np.asarray(picture, dtype=np.uint8), moved.astype(np.float32)


def texture_of(picture: Pixels, soft: Floats) -> NDArray[np.uint8]:
    """The picture and its matte at twice the size; every other texel is a pixel of the picture."""
    size = picture.shape[0]
    fine = TEXTURE_SCALE * size
    layers = np.dstack([picture, (soft * 255.0 + 0.5).astype(np.uint8)])
    matrix = np.array([[1 / TEXTURE_SCALE, 0, 0], [0, 1 / TEXTURE_SCALE, 0]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    grown = cv2.warpAffine(layers, matrix, (fine, fine), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(grown, dtype=np.uint8)


_PARTS = {"right_eye": Eye, "left_eye": Eye, "mouth": Mouth, "frame": FaceFrame}


def _names(kind: type) -> tuple[str, ...]:
    """The attributes of one of a rig's parts."""
    return tuple(kind.__annotations__)


def write_rig(rig: Rig, path: Path) -> None:
    """Write a rig to a file, whole or not at all.

    Raises:
        StorageError: the disk is full or the folder not writable.
    """
    arrays: dict[str, NDArray[np.generic]] = {}
    for field in fields(rig):
        value = getattr(rig, field.name)
        if field.name in _PARTS:
            for part in _names(type(value)):
                arrays[f"{field.name}.{part}"] = np.asarray(getattr(value, part))
        elif field.name != "texture":
            arrays[field.name] = value
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as unfinished, unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    except OSError as error:
        raise StorageError(
            f"The portrait could not be kept in {path.parent.name}: {error.strerror}.",
            f"无法把人像保存到 {path.parent.name}:{error.strerror}。",
        ) from error


def _forget_oldest(folder: Path) -> None:
    """Leave the KEPT rigs that were written last. One that another process removes meanwhile is gone anyway."""
    dated = sorted(((path.stat().st_mtime_ns, path) for path in folder.glob("*.npz")), reverse=True)
    for _, path in dated[KEPT:]:
        path.unlink(missing_ok=True)


def read_rig(path: Path) -> Rig | None:
    """A rig from its file; None where there is none, or it is damaged and has to be made again."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            values: dict[str, object] = {}
            for name, kind in _PARTS.items():
                parts = {part: stored[f"{name}.{part}"] for part in _names(kind)}
                values[name] = kind(**{key: float(part) if part.ndim == 0 else part for key, part in parts.items()})
            for field in fields(Rig):
                if field.name not in _PARTS and field.name != "texture":
                    values[field.name] = stored[field.name]
            values["texture"] = texture_of(stored["picture"], stored["matte"])
            return Rig(**values)  # type: ignore[arg-type]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, cv2.error) as error:
        _log.warning("rig.damaged file=%s reason=%s", path.name, type(error).__name__)
        return None
