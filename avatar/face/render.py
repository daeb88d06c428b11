"""From parameters to pixels.

Per frame: the expression moves the mesh, the head turns it, its triangles are drawn backwards as a map "where does
this pixel come from" at half the resolution, and one pass samples the texture through the map and lays it over the
background. Eyes are painted into the texture beforehand, the mouth over the result. Everything after the mesh is four
compiled kernels on one thread that hold no lock; a pixel takes 32 bits in all of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.eyes import Eye, paint_eye
from avatar.face.folds import INNER_LIPS, unfold
from avatar.face.mouth import Mouth, Opening, lip_tables, paint_mouth
from avatar.face.params import INDEX, FaceParams, clipped
from avatar.face.planes import to_planes
from avatar.face.pose import carry
from avatar.face.raster import compose, draw_map, person_blocks
from avatar.face.rig import Rig
from avatar.face.shading import Floats
from avatar.media import Pixels

_BREATH = 0.012  # how far the chest rises, in heights of the face
_SHOULDERS = (0.5, 0.15)  # their shares of the head's shift, and of its turn, in widths of the face
_YAW = INDEX["yaw"]
_SKULL = [61, 291, 13, 14]  # the corners of the mouth, and the middle of its line
_UPPER, _LOWER = list(topology.UPPER_INNER), list(topology.LOWER_INNER)


class Renderer:
    """Draws the frames of one face. Not shared between threads; several may draw from one rig.

    Args:
        clear: nothing is behind the person, and `alpha` tells where they are.
    """

    def __init__(self, rig: Rig, *, clear: bool = False) -> None:
        self._rig = rig
        size = rig.size
        self._texture = rig.texture.copy()
        self._texels = self._texture.view(np.uint32)[..., 0]
        plate = np.dstack([rig.plate, np.full((size, size), 0 if clear else 255, np.uint8)])
        self._plate = plate.view(np.uint32)[..., 0]
        self.alpha: NDArray[np.uint8] | None = None
        """uint8 [size, size]: how far the person covers the pixels of the frame drawn last; None with a background."""
        self._clear = clear
        self._person = person_blocks(rig.texture[..., 3])
        line = np.arange(size // 2 + 1, dtype=np.float32) * 2
        self._rest_map = np.stack(np.meshgrid(line, line))
        self._map = self._rest_map.copy()
        self._poses: dict[str, tuple[float, ...]] = {"right_eye": (0.0,) * 4, "left_eye": (0.0,) * 4}
        self._rest_gap = rig.opening(rig.points)
        self.aperture = self._rest_gap
        """The opening of the lips in the frame drawn last, as `intended_aperture` gives it."""
        self.mesh = rig.points
        """float32 [n, 3]: the mesh in pixels of the frame drawn last."""
        self._most_yaw = rig.most_yaw

    @property
    def size(self) -> int:
        """Width and height of the frames in pixels."""
        return self._rig.size

    def render(self, params: FaceParams) -> Pixels:
        """One frame, uint8 [size, size, 3] RGB; the first three of four bytes, so it is not contiguous."""
        vector = clipped(params)
        vector[_YAW] = self._most_yaw * np.tanh(vector[_YAW] / self._most_yaw)
        shape = self._rig.shape(vector)
        self.aperture = self._rig.opening(shape)
        self.mesh = placed = self._placed(shape, vector)
        self._paint_eyes(vector)
        self._map[:] = self._rest_map
        draw_map(self._map, placed, self._rig.points, self._rig.triangles)
        frame = self._plate.copy()
        compose(frame, self._map, self._texels, self._plate, self._person)
        pixels = frame.view(np.uint8).reshape(*frame.shape, 4)
        self._paint_mouth(pixels, shape, placed, vector)
        self.alpha = pixels[..., 3] if self._clear else None
        return pixels[..., :3]

    def _placed(self, shape: Floats, vector: Floats) -> Floats:
        """float32 [n, 3]: the mesh as the head and the breath carry it."""
        return self._carried(shape, self._rig.head, self._rig.chest, vector)

    def _carried(self, shape: Floats, head: Floats, chest: Floats, vector: Floats) -> Floats:
        """Points with their share of the head's and the chest's motion. Args: shape [n, 3]; head, chest [n]."""
        face = self._rig.frame
        tx, ty = float(vector[INDEX["tx"]]), float(vector[INDEX["ty"]])
        aside = (_SHOULDERS[0] * tx + _SHOULDERS[1] * float(vector[_YAW])) * face.width
        motion = np.zeros((4, 3), dtype=np.float32)
        motion[0] = face.pivot
        motion[1, :2] = (tx * face.right - ty * face.down) * face.width
        motion[2, :2] = aside * face.right
        motion[3, 1] = -float(vector[INDEX["breath"]]) * _BREATH * face.height
        placed = np.empty_like(shape)
        carry(placed, shape, head, chest, _rotation(vector) * (1.0 + vector[INDEX["scale"]]), motion)
        return placed

    def _paint_eyes(self, vector: Floats) -> None:
        """Paint the eyes that look different from the last frame; a 64th of a weight cannot be seen."""
        squint, gaze_x, gaze_y = (float(vector[INDEX[name]]) for name in ("squint", "gaze_x", "gaze_y"))
        for name, blink in (("right_eye", "blink_right"), ("left_eye", "blink_left")):
            pose = tuple(round(64 * value) / 64 for value in (float(vector[INDEX[blink]]), squint, gaze_x, -gaze_y))
            if pose != self._poses[name]:
                self._poses[name] = pose
                paint_eye(self._texture, getattr(self._rig, name), np.array(pose, dtype=np.float32))

    def _paint_mouth(self, frame: Pixels, shape: Floats, placed: Floats, vector: Floats) -> None:
        rig, face = self._rig, self._rig.frame
        if self.aperture - self._rest_gap < 0.002 and (shape[_LOWER] - shape[_UPPER])[:, 1].max() < 1.0:
            return
        skull = self._carried(rig.points[_SKULL], rig.head[_SKULL], rig.chest[_SKULL], vector)[:, :2]
        left, right = skull[0].astype(np.float64), skull[1].astype(np.float64)
        span = right - left
        width = max(float(np.hypot(*span)), 1.0)
        across, middle = span / width, (left + right) / 2
        axes = np.array([across, [-across[1], across[0]]])
        upper, lower = ((placed[ring, :2] - middle) @ axes.T / width for ring in (_UPPER, _LOWER))
        corners, table = lip_tables(upper, lower)
        seam = float(((skull[2:].mean(axis=0) - middle) @ axes.T / width)[1])
        sunk = float((shape[topology.CHIN, :2] - rig.points[topology.CHIN, :2]) @ face.down) / face.mouth_width
        opening = Opening(
            corners,
            table,
            (float(middle[0]), float(middle[1]), float(across[0]), float(across[1]), width),
            (max(sunk, 0.0), float(vector[INDEX["tongue"]]), self._rest_gap, seam, float(vector[INDEX["pucker"]])),
        )
        paint_mouth(frame, rig.mouth, opening)


def warm() -> None:
    """Compile the kernels, or load what was compiled before; the first time on a machine it takes some seconds."""
    points = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0]], dtype=np.float32)
    layer = np.zeros((4, 4, 3), dtype=np.float32)
    texture = np.zeros((8, 8, 4), dtype=np.uint8)
    frame, plate = np.zeros((4, 4, 4), dtype=np.uint8), np.zeros((4, 4), dtype=np.uint32)
    source = np.zeros((2, 3, 3), dtype=np.float32)
    three, four, five = (np.ones(count, dtype=np.float32) for count in (3, 4, 5))
    carry(points.copy(), points, points[:, 0].copy(), points[:, 0].copy(), points, np.zeros((4, 3), dtype=np.float32))
    draw_map(source, points, points, np.array([[0, 1, 2]], dtype=np.int32))
    unfold(points.copy(), points, np.array([[0, 1, 2]], dtype=np.int32), INNER_LIPS)
    compose(plate, source, texture.view(np.uint32)[..., 0], plate, person_blocks(texture[..., 3]))
    place = np.zeros((4, 4, 6), dtype=np.float32)
    eye = Eye(np.zeros(2, dtype=np.int32), layer, layer, layer, place, five, three, three, layer[..., 0].copy())
    paint_eye(texture, eye, four)
    corners, edges = lip_tables(np.array([[-0.5, 0.0], [0.5, 0.0]]), np.array([[-0.5, 0.1], [0.5, 0.1]]))
    mouth = Mouth(np.zeros((1, 4, 3), dtype=np.float32), np.ones(256, np.float32), np.ones(256, np.float32))
    paint_mouth(frame, mouth, Opening(corners, edges, (2.0, 2.0, 1.0, 0.0, 4.0), (0.1, 0.0, 0.0, 0.0, 0.0)))
    to_planes(frame[..., :3], frame[..., 0].copy(), *np.zeros((2, 2, 2), dtype=np.uint8))


def _rotation(vector: Floats) -> Floats:
    """float32 [3, 3]: turns a point by yaw, then pitch, then roll, in axes right, down, away from the viewer."""
    yaw, pitch, roll = (float(vector[INDEX[name]]) for name in ("yaw", "pitch", "roll"))
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    around_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    around_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    around_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(around_z @ around_x @ around_y, dtype=np.float32)
