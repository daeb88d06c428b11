"""What each expression does to every point of the mesh.

An expression moves a few points whose motion is known (lips, chin, jaw line, brows); the rest follows so that the
displacement bends as little as possible: the squared graph Laplacian is least (Botsch and Sorkine, "On linear
variational surface deformation methods", 2008). The strips across the mouth and the eyes take no part in it, so the
lips come apart. Lengths are in widths of the mouth, or heights of the eye, so that a rig's size does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.mesh import FaceFrame, Mesh
from avatar.face.params import INDEX

MOUTH_BASES = ("jaw", "upper", "lower", "pucker", "wide", "smile", "press", "tuck")
EYE_BASES = ("blink_left", "blink_right", "squint", "brow_up", "brow_down", "brow_inner")
BASES = (*MOUTH_BASES, *EYE_BASES)
"""The expressions in the order of a rig's bases."""

BASIS_OF: NDArray[np.int64] = np.array([INDEX[name] for name in BASES])
"""For each basis, where its weight stands in the parameters' vector."""

JAW_DROP = 0.55
"""How far the chin sinks at jaw = 1, in widths of the mouth."""

Field = NDArray[np.float64]

_LIPS = (topology.UPPER_INNER, topology.LOWER_INNER, topology.UPPER_OUTER, topology.LOWER_OUTER)
_LIP_POINTS = tuple(sorted({point for ring in _LIPS for point in ring}))
_LIDS = (topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID, topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID)
_LID_POINTS = tuple(sorted({point for ring in _LIDS for point in ring}))
_LOWER_FACE = {152: 1.0, 148: 0.96, 377: 0.96, 176: 0.88, 400: 0.88, 149: 0.76, 378: 0.76, 150: 0.6, 379: 0.6,
               136: 0.42, 365: 0.42, 172: 0.24, 397: 0.24, 58: 0.1, 288: 0.1, 132: 0.02, 361: 0.02,
               175: 1.0, 199: 1.0, 200: 0.98}  # fmt: skip
_STILL = (
    1,
    2,
    4,
    5,
    6,
    98,
    327,
    168,
    9,
    10,
    67,
    297,
    33,
    133,
    263,
    362,
    145,
    374,
    118,
    347,
    234,
    454,
    127,
    356,
    93,
    323,
)


@dataclass(frozen=True, slots=True)
class Expressions:
    """The fields of a mesh.

    Attributes:
        bases: float32 [len(BASES), n, 3]: the displacement in pixels at weight 1.
        closings: float32 [len(MOUTH_BASES) + 1, n, 3]: what closes the lips again after each mouth basis, and last
            after the photograph itself.
    """

    bases: NDArray[np.float32]
    closings: NDArray[np.float32]


def build_expressions(mesh: Mesh, frame: FaceFrame) -> Expressions:
    """The expressions of a face at rest."""
    near = np.flatnonzero((mesh.head >= 0.25) | (np.arange(len(mesh.points)) < topology.COUNT))
    laplacian = _laplacian(mesh)[np.ix_(near, near)]
    bending = laplacian.T @ laplacian
    border = _ring_outside(mesh, frame)
    mouth = _Handles(mesh, frame)
    moves = [mouth.displacement(name) for name in MOUTH_BASES]
    rest = np.zeros_like(moves[0])
    rest[:, :2] = mesh.points[:, :2]
    moves += [mouth.closing(base) for base in (*moves, rest)]
    filled = _filled(bending, near, {*_LIP_POINTS, *_LOWER_FACE, *_STILL, *_LID_POINTS, *border}, np.array(moves))
    eyes = _EyeHandles(mesh, frame)
    looks = np.array([eyes.displacement(name) for name in EYE_BASES])
    around = _filled(bending, near, {*eyes.held, *border}, looks)
    count = len(MOUTH_BASES)
    bases = np.concatenate([filled[:count], around])
    return Expressions(bases.astype(np.float32), filled[count:].astype(np.float32))


def _filled(bending: Field, near: NDArray[np.int64], held: set[int], moves: Field) -> Field:
    """Displacements that bend least, given those of a few points.

    Args:
        bending: float64 [k, k]: the squared Laplacian among the points that may move.
        near: the numbers of those k points in the mesh; all others stay.
        held: the points whose displacement is given.
        moves: float64 [m, n, 3]: m displacements, of which the held points' count.

    Returns:
        float64 [m, n, 3]: the same for every point.
    """
    given = np.isin(near, list(held))
    known, free = np.flatnonzero(given), np.flatnonzero(~given)
    values = moves[:, near[known]].transpose(1, 0, 2).reshape(len(known), -1)
    inner = bending[np.ix_(free, free)] + 1e-9 * np.eye(len(free))
    _, solved = cv2.solve(inner, -bending[np.ix_(free, known)] @ values, flags=cv2.DECOMP_CHOLESKY)
    full = np.zeros_like(moves)
    full[:, near[known]] = moves[:, near[known]]
    full[:, near[free]] = solved.reshape(len(free), len(moves), 3).transpose(1, 0, 2)
    return full


def _laplacian(mesh: Mesh) -> Field:
    """float64 [n, n]: a point minus the mean of its neighbours, near ones counting more."""
    count = len(mesh.points)
    weights = np.zeros((count, count))
    gaps = 2 * (len(topology.UPPER_INNER) - 2)  # the strip across the mouth comes first
    for a, b in ((0, 1), (1, 2), (2, 0)):
        first, second = mesh.triangles[gaps:, a], mesh.triangles[gaps:, b]
        length = np.linalg.norm(mesh.points[first, :2] - mesh.points[second, :2], axis=1)
        weights[first, second] = weights[second, first] = 1.0 / np.maximum(length, 1.0)
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.eye(count) - weights / np.maximum(total, 1e-9))


def _ring_outside(mesh: Mesh, frame: FaceFrame) -> list[int]:
    """Points outside of the face that expressions leave alone: above the ears, and far below the chin."""
    offset = (mesh.points[topology.COUNT :, :2] - frame.middle) / frame.height
    across, along = offset @ frame.right, offset @ frame.down
    apart = (along < 0.12) | (along > 0.85) | (np.abs(across) > 0.62) | ((along > 0.55) & (np.abs(across) > 0.38))
    return [int(index) + topology.COUNT for index in np.flatnonzero(apart)]


class _Handles:
    """The motion of the lips and the jaw, in widths of the mouth along the face's axes."""

    def __init__(self, mesh: Mesh, frame: FaceFrame) -> None:
        self._frame = frame
        self._rest = mesh.points
        offset = (mesh.points[:, :2] - frame.mouth) / frame.mouth_width
        self._across = offset @ frame.right
        self._moves = np.zeros((len(mesh.points), 3))

    def displacement(self, name: str) -> Field:
        """float64 [n, 3] in pixels; only held points count."""
        self._moves = np.zeros_like(self._moves)
        getattr(self, f"_{name}")()
        return self._in_pixels()

    def closing(self, base: Field) -> Field:
        """What brings the lips together again: the lower lip does most of it, the chin follows a little."""
        self._moves = np.zeros_like(self._moves)
        upper, lower = list(topology.UPPER_INNER), list(topology.LOWER_INNER)
        gap = (base[lower] - base[upper]) / self._frame.mouth_width
        moves = self._moves
        moves[upper], moves[lower] = 0.25 * gap, -0.75 * gap
        moves[list(topology.UPPER_OUTER)[1:-1]] = 0.2 * gap[1:-1]
        moves[list(topology.LOWER_OUTER)[1:-1]] = -0.68 * gap[1:-1]
        middle = gap[len(gap) // 2]
        for point, share in _LOWER_FACE.items():
            moves[point] = -0.45 * share * middle
        return moves * self._frame.mouth_width

    def _in_pixels(self) -> Field:
        plane = self._moves[:, :1] * self._frame.right + self._moves[:, 1:2] * self._frame.down
        return np.asarray(np.concatenate([plane, self._moves[:, 2:]], axis=1) * self._frame.mouth_width)

    def _move(self, ring: tuple[int, ...], across: float = 0.0, down: float = 0.0, power: float = 0.7) -> None:
        """Move a lip's edge: all of it sideways in proportion to the distance from the middle, its middle down."""
        points = list(ring)
        self._moves[points, 0] += across * self._across[points]
        self._moves[points, 1] += down * self._arch(ring) ** power

    def _arch(self, ring: tuple[int, ...]) -> Field:
        """0 at the ends of a lip's edge, 1 in its middle."""
        across = self._across[list(ring)]
        ends = sorted((across[0], across[-1]))
        place = np.clip((across - ends[0]) / max(ends[1] - ends[0], 1e-3), 0.0, 1.0)
        return np.asarray(4.0 * place * (1.0 - place))

    def _lips(self, across: float) -> None:
        for ring in (
            topology.UPPER_INNER,
            topology.LOWER_INNER[1:-1],
            topology.UPPER_OUTER,
            topology.LOWER_OUTER[1:-1],
        ):
            self._move(ring, across=across)

    def _corners(self, down: float) -> None:
        """Move the corners, and the lips near them, down."""
        for ring in (
            topology.UPPER_INNER,
            topology.LOWER_INNER[1:-1],
            topology.UPPER_OUTER,
            topology.LOWER_OUTER[1:-1],
        ):
            points = list(ring)
            self._moves[points, 1] += down * np.clip(2.0 * np.abs(self._across[points]), 0, 1) ** 2

    def _chin(self, down: float) -> None:
        for point, share in _LOWER_FACE.items():
            self._moves[point, 1] += down * share

    def _jaw(self) -> None:
        self._move(topology.LOWER_INNER, down=JAW_DROP - 0.1, power=1.1)
        self._move(topology.LOWER_OUTER, down=JAW_DROP - 0.1, power=0.8)
        self._move(topology.UPPER_INNER, down=-0.06, power=1.3)
        self._move(topology.UPPER_OUTER, down=-0.035, power=1.0)
        self._lips(across=-0.12)
        for ring in (topology.LOWER_INNER[1:-1], topology.LOWER_OUTER[1:-1]):
            self._moves[list(ring), 1] += 0.1
        for ring in (topology.UPPER_INNER, topology.UPPER_OUTER):  # near the corners the lips stay together
            points = list(ring[1:-1])
            self._moves[points, 1] += 0.1 * (1.0 - self._arch(ring)[1:-1]) ** 1.5
        for corner in (61, 291, 78, 308):
            self._moves[corner, 1] += 0.1
        self._chin(JAW_DROP)

    def _upper(self) -> None:
        self._move(topology.UPPER_INNER, down=-0.125, power=1.0)
        self._move(topology.UPPER_OUTER, down=-0.1, power=0.8)
        self._moves[[2, 98, 327], 1] = -0.01

    def _lower(self) -> None:
        self._move(topology.LOWER_INNER, down=0.13)
        self._move(topology.LOWER_OUTER, down=0.12)
        self._chin(0.02)

    def _pucker(self) -> None:
        self._lips(across=-0.36)
        self._move(topology.UPPER_OUTER, down=-0.055)
        self._move(topology.UPPER_INNER, down=-0.015)
        self._move(topology.LOWER_INNER, down=0.035)
        self._move(topology.LOWER_OUTER, down=0.075)
        for ring in _LIPS:
            self._moves[list(ring), 2] = -0.16 * self._arch(ring)

    def _wide(self) -> None:
        self._lips(across=0.2)
        self._move(topology.UPPER_OUTER, down=0.012)
        self._move(topology.LOWER_OUTER, down=-0.02)
        self._corners(-0.015)

    def _smile(self) -> None:
        self._lips(across=0.16)
        self._corners(-0.1)
        self._move(topology.UPPER_OUTER, down=0.01)
        self._move(topology.LOWER_OUTER, down=-0.02)

    def _press(self) -> None:
        self._move(topology.UPPER_OUTER, down=0.05)
        self._move(topology.LOWER_OUTER, down=-0.06)
        self._lips(across=0.03)
        self._chin(-0.025)

    def _tuck(self) -> None:
        self._move(topology.LOWER_INNER, down=-0.015)
        self._move(topology.LOWER_OUTER, down=-0.08)
        self._move(topology.UPPER_INNER, down=-0.075)
        self._move(topology.UPPER_OUTER, down=-0.055)
        self._chin(-0.03)


_Fold = tuple[tuple[int, ...], tuple[int, ...]]
_RIGHT_FOLD: _Fold = (topology.RIGHT_CREASE, topology.RIGHT_UPPER_LID)
_LEFT_FOLD: _Fold = (topology.LEFT_CREASE, topology.LEFT_UPPER_LID)
"""The fold above an eye, and the lid beneath it, point above point."""

_INNER_SHARES = (-0.06, 0.0, 0.22, 0.62, 1.0, 1.0, 0.62, 0.22, 0.0, -0.06)
"""How far each point of a brow's ring goes with its inner end."""


class _EyeHandles:
    """The motion of the brows and of the skin around the eyes. The lids themselves are painted, not moved."""

    def __init__(self, mesh: Mesh, frame: FaceFrame) -> None:
        self._frame = frame
        self._count = len(mesh.points)
        self._unit = 0.13 * frame.width  # about the height from the eye to the brow
        self._rest = mesh.points[:, :2]
        still = (*_LID_POINTS, 1, 2, 4, 5, 6, 168, 197, 234, 454, 61, 291, 0, 17, 152,
                 98, 327, 205, 425, 127, 356, 10, 338, 109)  # fmt: skip
        moved = (topology.RIGHT_CREASE, topology.LEFT_CREASE, topology.RIGHT_BELOW, topology.LEFT_BELOW,
                 topology.RIGHT_BROW, topology.LEFT_BROW)  # fmt: skip
        self.held: set[int] = {*still, *(point for ring in moved for point in ring[1:-1]), 8, 9, 151}

    def displacement(self, name: str) -> Field:
        """float64 [n, 3] in pixels; only held points count."""
        moves = np.zeros((self._count, 3))
        if name == "blink_left":
            self._blink(moves, _LEFT_FOLD, topology.LEFT_BELOW, topology.LEFT_BROW)
        elif name == "blink_right":
            self._blink(moves, _RIGHT_FOLD, topology.RIGHT_BELOW, topology.RIGHT_BROW)
        elif name == "squint":
            for ring in (topology.LEFT_BELOW, topology.RIGHT_BELOW):
                self._add(moves, ring[2:-2], down=-0.1)
        elif name == "brow_inner":
            self._inner_brows(moves)
        else:
            sign = 1.0 if name == "brow_up" else -0.6
            for ring in (topology.LEFT_BROW, topology.RIGHT_BROW):
                self._add(moves, ring, down=-0.42 * sign)
            for fold in (_LEFT_FOLD, _RIGHT_FOLD):
                self._fold(moves, fold, down=-0.1 * sign)
            self._add(moves, (8, 9), down=-0.15 * sign)
            self._add(moves, (151,), down=-0.2 * sign)
            if name == "brow_down":
                moves[[107, 55, 66, 65], :2] += 0.08 * self._unit * self._frame.right
                moves[[336, 285, 296, 295], :2] -= 0.08 * self._unit * self._frame.right
        return moves

    def _inner_brows(self, moves: Field) -> None:
        """The inner ends of the brows rise and near each other; the outer ends stay (Ekman's action units 1 and 4)."""
        for ring, inwards in ((topology.RIGHT_BROW, 1.0), (topology.LEFT_BROW, -1.0)):
            for point, share in zip(ring, _INNER_SHARES, strict=True):
                self._add(moves, (point,), down=-0.36 * share)
                moves[point, :2] += inwards * 0.07 * share * self._unit * self._frame.right
        for fold in (_LEFT_FOLD, _RIGHT_FOLD):
            self._fold(moves, fold, down=-0.05)
        self._add(moves, (9,), down=-0.14)
        self._add(moves, (151,), down=-0.1)

    def _blink(self, moves: Field, fold: _Fold, below: tuple[int, ...], brow: tuple[int, ...]) -> None:
        self._fold(moves, fold, down=0.07)
        self._add(moves, below[2:-2], down=-0.03)
        self._add(moves, brow, down=0.03)

    def _fold(self, moves: Field, fold: _Fold, down: float) -> None:
        """Move the fold above an eye, but nowhere more than a third of the way to the lid, which stays."""
        for crease, lid in zip(fold[0][2:-2], fold[1][2:-2], strict=True):
            room = float((self._rest[lid] - self._rest[crease]) @ self._frame.down)
            moves[crease, :2] += min(down * self._unit, 0.33 * max(room, 0.0)) * self._frame.down

    def _add(self, moves: Field, points: tuple[int, ...], down: float) -> None:
        moves[list(points), :2] += down * self._unit * self._frame.down
