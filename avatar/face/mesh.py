"""The mesh that carries the picture: the face's 468 points, rings around it, and a grid reaching beyond the edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.landmarks import Points, head_pose

_RINGS = (1.07, 1.16, 1.28, 1.45, 1.7)
_GRID = 13
_MARGIN = 0.08  # of the picture's side; the mesh reaches this far beyond it


@dataclass(frozen=True, slots=True)
class Mesh:
    """The mesh at rest.

    Attributes:
        points: float32 [n, 3] in pixels of the rig's picture; the first 468 are the landmarks.
        triangles: int32 [m, 3]; those that span the mouth and the eyes come first, so that the skin is drawn over them.
        head: float32 [n] in 0..1: how far a point follows the head rather than the body.
        chest: float32 [n] in 0..1: how far it follows the breath.
    """

    points: NDArray[np.float32]
    triangles: NDArray[np.int32]
    head: NDArray[np.float32]
    chest: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """The face's own axes in the picture, and the lengths that motions are measured in (pixels).

    Attributes:
        right: float64 [2], a unit vector to the viewer's right along the face.
        down: float64 [2], a unit vector towards the chin.
        middle: float64 [2], the middle of the face's box.
        mouth: float64 [2], the middle of the mouth.
        width, height: of the face's outline.
        mouth_width: between the outer corners of the lips.
        pivot: float64 [3], the point about which the head turns, at the top of the neck.
    """

    right: NDArray[np.float64]
    down: NDArray[np.float64]
    middle: NDArray[np.float64]
    mouth: NDArray[np.float64]
    width: float
    height: float
    mouth_width: float
    pivot: NDArray[np.float64]


def face_frame(points: Points) -> FaceFrame:
    """The frame of a face. Args: points: float32 [468 or more, 3], landmarks in pixels."""
    roll = head_pose(points).roll
    right = np.array([np.cos(roll), np.sin(roll)])
    down = np.array([-right[1], right[0]])
    oval = points[list(topology.OVAL), :2].astype(np.float64)
    across, along = oval @ right, oval @ down
    width, height = float(np.ptp(across)), float(np.ptp(along))
    middle = right * (across.max() + across.min()) / 2 + down * (along.max() + along.min()) / 2
    mouth = (points[61, :2] + points[291, :2]).astype(np.float64) / 2
    mouth_width = float(np.hypot(*(points[291, :2] - points[61, :2])))
    ears = float(points[[234, 454], 2].mean())
    chin = points[topology.CHIN, :2].astype(np.float64)
    pivot = np.array([*(chin + down * 0.12 * height), ears])
    return FaceFrame(right, down, middle, mouth, width, height, max(mouth_width, 1.0), pivot)


def build_mesh(landmarks: Points, size: int) -> Mesh:
    """The mesh of a face in a square picture.

    Args:
        landmarks: float32 [478, 3] in pixels of the picture.
        size: the picture's side in pixels.
    """
    face = landmarks[: topology.COUNT]
    frame = face_frame(landmarks)
    rings = _rings(face, frame, size)
    grid = _grid(np.concatenate([rings, face[list(topology.OVAL)]]), frame, size)
    points = np.concatenate([face, rings, grid]).astype(np.float32)
    outside = _outer_triangles(points, len(face))
    inside = topology.triangles()
    triangles = np.concatenate([inside[topology.SKIN_TRIANGLES :], outside, inside[: topology.SKIN_TRIANGLES]])
    within = ((points[:, :2] >= 0) & (points[:, :2] <= size)).all(axis=1)  # what lies beyond the edge holds it closed
    return Mesh(points, triangles, head_weight(points, frame) * within, chest_weight(points, frame))


HEAD_BREATH = 0.35
"""How much of the chest's breathing reaches the head."""


def head_weight(points: NDArray[np.float32], frame: FaceFrame) -> NDArray[np.float32]:
    """float32 [n]: 1 on the head, fading down the neck and beside the head. Args: points: float32 [n, 2 or more]."""
    offset = points[:, :2] - frame.middle
    across, along = np.abs(offset @ frame.right) / frame.width, (offset @ frame.down) / frame.height
    neck = 1.0 - _smooth((along - 0.5) / 0.55)
    aside = 1.0 - _smooth((across - 0.95) / 0.75)
    above = 1.0 - _smooth((-along - 1.25) / 0.6)
    shoulders = 1.0 - _smooth((across - 0.45) / 0.4) * _smooth((along - 0.25) / 0.3)
    return np.asarray(neck * aside * above * shoulders, dtype=np.float32)


def chest_weight(points: NDArray[np.float32], frame: FaceFrame) -> NDArray[np.float32]:
    """float32 [n]: HEAD_BREATH on the head, which the breath lifts a little, 1 on the chest."""
    along = ((points[:, :2] - frame.middle) @ frame.down) / frame.height
    return np.asarray(HEAD_BREATH + (1.0 - HEAD_BREATH) * _smooth((along - 0.55) / 0.6), dtype=np.float32)


def _smooth(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smooth step from 0 to 1."""
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))


def _rings(face: Points, frame: FaceFrame, size: int) -> Points:
    """Copies of the outline, ever larger and ever further back: hair, ears, neck."""
    oval = face[list(topology.OVAL)]
    low, high = -_MARGIN * size * 0.6, size * (1 + _MARGIN * 0.6)
    parts = []
    for number, factor in enumerate(_RINGS):
        ring = oval.copy() if number % 2 else (oval + np.roll(oval, -1, axis=0)) / 2
        ring[:, :2] = frame.middle + (ring[:, :2] - frame.middle) * factor
        ring[:, 2] += min(factor - 1.0, 0.5) * 0.35 * frame.width
        parts.append(ring[((ring[:, :2] > low) & (ring[:, :2] < high)).all(axis=1)])
    return np.concatenate(parts).astype(np.float32)


def _grid(taken: Points, frame: FaceFrame, size: int) -> Points:
    """Points of a regular grid that lie clear of the face and its rings."""
    line = np.linspace(-_MARGIN * size, (1 + _MARGIN) * size, _GRID, dtype=np.float32)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    hull = cv2.convexHull(taken[:, :2].astype(np.float32))
    step = float(line[1] - line[0])
    clear = [cv2.pointPolygonTest(hull, (float(x), float(y)), True) < -0.35 * step for x, y in grid]
    edge = (np.abs(grid - size / 2) > size / 2).any(axis=1)
    kept = grid[np.array(clear) | edge]
    nearness = 1.0 / np.maximum(((kept[:, None] - taken[None, :, :2]) ** 2).sum(axis=2), 1.0) ** 2
    depth = (nearness @ taken[:, 2:]) / nearness.sum(axis=1, keepdims=True)
    return np.concatenate([kept, depth], axis=1).astype(np.float32)


def _outer_triangles(points: Points, inner: int) -> NDArray[np.int32]:
    """Delaunay triangles of the outline and all that lies outside of it."""
    chosen = np.array([*topology.OVAL, *range(inner, len(points))])
    low = points[chosen, :2].min(axis=0) - 2
    high = points[chosen, :2].max(axis=0) + 2
    plane = cv2.Subdiv2D(
        (int(low[0]), int(low[1]), int(np.ceil(high[0] - low[0])) + 2, int(np.ceil(high[1] - low[1])) + 2)
    )
    index = {}
    for number in chosen:
        key = plane.insert((float(points[number, 0]), float(points[number, 1])))
        index[key] = int(number)
    outline = points[list(topology.OVAL), :2]
    triangles = []
    for a, b, c in _delaunay(plane, index):
        centre = points[[a, b, c], :2].mean(axis=0)
        if cv2.pointPolygonTest(outline, (float(centre[0]), float(centre[1])), False) < 0:
            triangles.append((a, b, c))
    return _facing(points, np.array(triangles, dtype=np.int32))


def _facing(points: Points, triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """The same triangles, each clockwise as the viewer sees it."""
    a, b, c = (points[triangles[:, corner], :2] for corner in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    return np.where(area[:, None] < 0, triangles[:, ::-1], triangles).astype(np.int32)


def _delaunay(plane: cv2.Subdiv2D, index: dict[int, int]) -> list[tuple[int, int, int]]:
    """The triangles of a subdivision as numbers of our points."""
    found = []
    seen = set()
    for edge in plane.getLeadingEdgeList():
        corners = []
        current = edge
        for _ in range(3):
            origin, _ = plane.edgeOrg(current)
            corners.append(index.get(int(origin), -1))
            current = plane.getEdge(current, cv2.SUBDIV2D_NEXT_AROUND_LEFT)
        key = tuple(sorted(corners))
        if min(corners) >= 0 and len(set(corners)) == 3 and key not in seen:
            seen.add(key)
            found.append((corners[0], corners[1], corners[2]))
    return found
