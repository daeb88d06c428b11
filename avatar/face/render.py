"""From parameters to pixels.

Per frame: the expression moves the mesh, the head turns it, its triangles are drawn backwards as a map "where does
this pixel come from" at half the resolution, and one pass samples the texture through the map and lays it over the
background. Eyes are painted into the texture beforehand, the mouth over the result. Everything after the mesh is four
compiled kernels on one thread that hold no lock.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.eyes import Eye, paint_eye
from avatar.face.mouth import Mouth, Opening, lip_tables, paint_mouth
from avatar.face.params import INDEX, FaceParams, clipped
from avatar.face.rig import TEXTURE_SCALE, Rig
from avatar.face.shading import Floats, compiled
from avatar.media import Pixels

_BREATH = 0.012  # how far the chest rises, in heights of the face
_YAW = INDEX["yaw"]
_LANES, _HALF = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0080008000800080)
_BLOCK_BITS = 12  # of a texel's place in 256ths; what is left is the number of its block
BLOCK = 1 << (_BLOCK_BITS - 8)
"""Texels on a side of the blocks in which the renderer skips what is not the person."""

_SKULL = [61, 291, 13, 14]  # the corners of the mouth, and the middle of its line
_UPPER, _LOWER = list(topology.UPPER_INNER), list(topology.LOWER_INNER)


class Renderer:
    """Draws the frames of one face. Not shared between threads; several may draw from one rig."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        size = rig.size
        self._texture = rig.texture.copy()
        self._texels = self._texture.view(np.uint32)[..., 0]
        self._plate = np.dstack([rig.plate, np.full((size, size), 255, np.uint8)]).view(np.uint32)[..., 0]
        self._person = _blocks(rig.texture[..., 3])
        line = np.arange(size // 2 + 1, dtype=np.float32) * 2
        self._rest_map = np.stack(np.meshgrid(line, line), axis=-1).astype(np.float32)
        self._map = self._rest_map.copy()
        self._poses: dict[str, tuple[float, ...]] = {"right_eye": (0.0,) * 4, "left_eye": (0.0,) * 4}
        self._rest_gap = rig.opening(rig.points)
        self.aperture = self._rest_gap
        """The opening of the lips in the frame drawn last, as `intended_aperture` gives it."""
        self._most_yaw = rig.most_yaw

    @property
    def size(self) -> int:
        """Width and height of the frames in pixels."""
        return self._rig.size

    def render(self, params: FaceParams) -> Pixels:
        """One frame, uint8 [size, size, 3] RGB."""
        vector = clipped(params)
        vector[_YAW] = self._most_yaw * np.tanh(vector[_YAW] / self._most_yaw)
        shape = self._rig.shape(vector)
        self.aperture = self._rig.opening(shape)
        placed = self._placed(shape, vector)
        self._paint_eyes(vector)
        self._map[:] = self._rest_map
        draw_map(self._map, placed, self._rig.points, self._rig.triangles)
        frame = self._rig.plate.copy()
        compose(frame, self._map, self._texels, self._plate, self._person)
        self._paint_mouth(frame, shape, placed, vector)
        return frame

    def _placed(self, shape: Floats, vector: Floats) -> Floats:
        """float32 [n, 3]: the mesh as the head and the breath carry it."""
        return self._carried(shape, self._rig.head, self._rig.chest, vector)

    def _carried(self, shape: Floats, head: Floats, chest: Floats, vector: Floats) -> Floats:
        """Points with their share of the head's and the chest's motion. Args: shape [n, 3]; head, chest [n]."""
        face = self._rig.frame
        turned = (shape - face.pivot.astype(np.float32)) @ _rotation(vector).T * (1.0 + vector[INDEX["scale"]])
        turned += face.pivot.astype(np.float32)
        shift = vector[INDEX["tx"]] * face.right - vector[INDEX["ty"]] * face.down
        turned[:, :2] += (shift * face.width).astype(np.float32)
        placed = shape + (turned - shape) * head[:, None]
        placed[:, 1] -= chest * np.float32(vector[INDEX["breath"]] * _BREATH * face.height)
        return np.ascontiguousarray(placed, dtype=np.float32)

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
    frame, plate = np.zeros((4, 4, 3), dtype=np.uint8), np.zeros((4, 4), dtype=np.uint32)
    source = np.zeros((3, 3, 2), dtype=np.float32)
    three, four, six = (np.ones(count, dtype=np.float32) for count in (3, 4, 6))
    draw_map(source, points, points, np.array([[0, 1, 2]], dtype=np.int32))
    compose(frame, source, texture.view(np.uint32)[..., 0], plate, _blocks(texture[..., 3]))
    place = np.zeros((4, 4, 4), dtype=np.float32)
    paint_eye(texture, Eye(np.zeros(2, dtype=np.int32), layer, layer, layer, place, six, three, three), four)
    corners, edges = lip_tables(np.array([[-0.5, 0.0], [0.5, 0.0]]), np.array([[-0.5, 0.1], [0.5, 0.1]]))
    mouth = Mouth(np.zeros((1, 4, 3), dtype=np.float32), np.ones(256, np.float32), np.ones(256, np.float32))
    paint_mouth(frame, mouth, Opening(corners, edges, (2.0, 2.0, 1.0, 0.0, 4.0), (0.1, 0.0, 0.0, 0.0, 0.0)))


def _rotation(vector: Floats) -> Floats:
    """float32 [3, 3]: turns a point by yaw, then pitch, then roll, in axes right, down, away from the viewer."""
    yaw, pitch, roll = (float(vector[INDEX[name]]) for name in ("yaw", "pitch", "roll"))
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    around_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    around_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    around_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(around_z @ around_x @ around_y, dtype=np.float32)


@compiled
def draw_map(target: Floats, placed: Floats, rest: Floats, triangles: NDArray[np.int32]) -> None:
    """Draw triangles as the inverse map: where each pixel of the frame comes from in the picture.

    Args:
        target: float32 [rows, columns, 2], for every second pixel; written where a triangle lies.
        placed, rest: float32 [n, 3]: the mesh in the frame, and in the picture.
        triangles: int32 [m, 3]; later ones are drawn over earlier ones, those that face away are left out.
    """
    rows, columns = target.shape[0], target.shape[1]
    for number in range(triangles.shape[0]):
        a, b, c = triangles[number, 0], triangles[number, 1], triangles[number, 2]
        ax, ay = placed[a, 0] * 0.5, placed[a, 1] * 0.5
        bx, by = placed[b, 0] * 0.5, placed[b, 1] * 0.5
        cx, cy = placed[c, 0] * 0.5, placed[c, 1] * 0.5
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area < 1e-7:
            continue
        slack = min(0.25, 0.02 / max(area, 0.08))
        x0, x1 = max(0, int(np.floor(min(ax, bx, cx)))), min(columns - 1, int(np.ceil(max(ax, bx, cx))))
        y0, y1 = max(0, int(np.floor(min(ay, by, cy)))), min(rows - 1, int(np.ceil(max(ay, by, cy))))
        v_step, w_step = (cy - ay) / area, (ay - by) / area  # the shares of b and c change evenly along a row
        x_step = v_step * (rest[b, 0] - rest[a, 0]) + w_step * (rest[c, 0] - rest[a, 0])
        y_step = v_step * (rest[b, 1] - rest[a, 1]) + w_step * (rest[c, 1] - rest[a, 1])
        for y in range(y0, y1 + 1):
            v = ((x0 - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
            w = ((bx - ax) * (y - ay) - (x0 - ax) * (by - ay)) / area
            first, last = _span(v, v_step, slack, 0.0, float(x1 - x0))
            first, last = _span(w, w_step, slack, first, last)
            first, last = _span(1.0 - v - w, -v_step - w_step, slack, first, last)
            if first > last:
                continue
            begin, end = int(np.ceil(first - 1e-9)), int(np.floor(last + 1e-9))
            from_x = rest[a, 0] + v * (rest[b, 0] - rest[a, 0]) + w * (rest[c, 0] - rest[a, 0])
            from_y = rest[a, 1] + v * (rest[b, 1] - rest[a, 1]) + w * (rest[c, 1] - rest[a, 1])
            for k in range(begin, end + 1):
                target[y, x0 + k, 0] = from_x + k * x_step
                target[y, x0 + k, 1] = from_y + k * y_step


@compiled
def _span(value: float, change: float, slack: float, first: float, last: float) -> tuple[float, float]:
    """The part of [first, last] in which value + k * change is not below -slack."""
    if abs(change) < 1e-12:
        return (first, last) if value >= -slack else (1.0, 0.0)
    edge = (-slack - value) / change
    return (max(first, edge), last) if change > 0 else (first, min(last, edge))


def _blocks(matte: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """bool [rows, columns]: which blocks of BLOCK texels, or their neighbours, hold anything of the person."""
    count = -(-matte.shape[0] // BLOCK)
    padded = np.zeros((count * BLOCK, count * BLOCK), dtype=bool)
    padded[: matte.shape[0], : matte.shape[1]] = matte > 0
    filled = np.pad(padded.reshape(count, BLOCK, count, BLOCK).any(axis=(1, 3)), 1)
    near = [filled[1 + y : 1 + y + count, 1 + x : 1 + x + count] for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return np.ascontiguousarray(np.logical_or.reduce(near))


@compiled
def compose(
    frame: NDArray[np.uint8],
    source: Floats,
    texture: NDArray[np.uint32],
    plate: NDArray[np.uint32],
    person: NDArray[np.bool_],
) -> None:
    """Sample the texture through the map and lay it over the background by its matte.

    The four channels of a texel are spread over one 64-bit word, sixteen bits each, and weighed together.

    Args:
        frame: uint8 [size, size, 3]: the background; written where the person lies over it.
        source: float32 [size / 2 + 1, size / 2 + 1, 2]: the map, in pixels of the picture, for every second pixel.
        texture: uint32 [2 size, 2 size]: red, green, blue and matte from the lowest byte up.
        plate: uint32 [size, size], likewise.
        person: bool [rows, columns]: the blocks of the texture that need to be looked at, see `_blocks`.
    """
    size, half = frame.shape[0], source.shape[1]
    scale = np.float32(TEXTURE_SCALE * 256)
    limit = np.float32((texture.shape[0] - 1) * 256 - 1)
    line = np.empty((half, 2), dtype=np.uint32)
    flat, width, one = texture.ravel(), np.uint64(texture.shape[1]), np.uint64(1)
    for y in range(size):
        above, below = y >> 1, (y >> 1) + (y & 1)
        for i in range(half):
            for k in range(2):
                place = (source[above, i, k] + source[below, i, k]) * (np.float32(0.5) * scale) + np.float32(0.5)
                line[i, k] = np.uint32(min(max(place, np.float32(0.0)), limit))
        for x in range(size):
            i, beside = x >> 1, (x >> 1) + (x & 1)
            u = (line[i, 0] + line[beside, 0]) >> np.uint32(1)
            v = (line[i, 1] + line[beside, 1]) >> np.uint32(1)
            if not person[v >> np.uint32(_BLOCK_BITS), u >> np.uint32(_BLOCK_BITS)]:
                continue
            place = np.uint64(v >> np.uint32(8)) * width + np.uint64(u >> np.uint32(8))
            fx, fy = np.uint64(u & np.uint32(255)), np.uint64(v & np.uint32(255))
            both = (fx * fy) >> np.uint64(8)
            colour = _spread(flat[place]) * (np.uint64(256) - fx - fy + both) + _spread(flat[place + one]) * (fx - both)
            colour += _spread(flat[place + width]) * (fy - both) + _spread(flat[place + width + one]) * both
            colour = ((colour + _HALF) >> np.uint64(8)) & _LANES
            alpha = colour >> np.uint64(48)
            if alpha < np.uint64(255):
                colour = _between(_spread(plate[y, x]), colour, alpha + (alpha >> np.uint64(7)))
            frame[y, x, 0] = np.uint8(colour)
            frame[y, x, 1] = np.uint8(colour >> np.uint64(32))
            frame[y, x, 2] = np.uint8(colour >> np.uint64(16))


@compiled
def _spread(pixel: np.uint32) -> np.uint64:
    """Four bytes in four lanes of sixteen bits: red, blue, green, matte from the lowest."""
    wide = np.uint64(pixel)
    return (wide & np.uint64(0x00FF00FF)) | ((wide & np.uint64(0xFF00FF00)) << np.uint64(24))


@compiled
def _between(a: np.uint64, b: np.uint64, share: np.uint64) -> np.uint64:
    """From a at 0 to b at 256, lane by lane."""
    return ((a * (np.uint64(256) - share) + b * share + _HALF) >> np.uint64(8)) & _LANES
