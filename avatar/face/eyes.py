"""The eyes: what is needed to close them and to turn their gaze, and the painting of it.

An eye is painted into the texture that the mesh carries, at twice the picture's resolution, so turning the head costs
it nothing. The lid is not stretched over the eye: it slides over it, at first the photograph's own skin, then more and
more skin made for it (`lids`). The lashes, the photograph's while the eye is nearly open, ride on the lid's edge.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face import topology
from avatar.face.landmarks import Points
from avatar.face.lashes import SEEN, lash_colour, lash_line
from avatar.face.lids import around_eye, lid_cover, lid_relief, lid_skin, shut_line
from avatar.face.matte import fill_smoothly
from avatar.face.shading import Colour, Floats, bump, compiled, darker, mix, put, ramp, sample, scaled, texel

COLUMNS = 64
"""Places along an eye at which its lids are tabulated."""


class Eye(NamedTuple):
    """One eye. Lengths are in texels of the texture, x to the right and y down within the patch.

    Attributes:
        corner: int32 [2]: the patch's left and top in the texture.
        photo: float32 [height, width, 3]: the texture as it is.
        skin: float32 [height, width, 3]: the patch with the eye grown over by skin.
        ball: float32 [height, width, 3]: the eyeball, continued beneath the lids.
        place: float32 [height, width, 6]: for each texel, how far it lies along the line between the eye's corners,
            0..1 from the viewer's left; how far below that line; how far below it the two lids' edges are there, and
            the lashes of the shut eye; and how far the shut eye's skin covers it, 0..1.
        axis: float32 [5]: the unit vector from corner to corner, their distance, the height of the open eye, and how
            far above the upper lid the skin moves with it.
        iris: float32 [3]: centre x, y and radius.
        lash: float32 [3]: the colour of the lashes.
        fringe: float32 [height, width]: how densely the lashes of the shut eye cover it, 0..1.
    """

    corner: NDArray[np.int32]
    photo: Floats
    skin: Floats
    ball: Floats
    place: Floats
    axis: Floats
    iris: Floats
    lash: Floats
    fringe: Floats


def build_eye(texture: NDArray[np.uint8], landmarks: Points, *, left: bool) -> Eye:
    """One eye of a texture.

    Args:
        texture: uint8 [height, width, 3 or more].
        landmarks: float32 [478, 3] in texels.
        left: the person's left eye.
    """
    upper = topology.LEFT_UPPER_LID if left else topology.RIGHT_UPPER_LID
    lower = topology.LEFT_LOWER_LID if left else topology.RIGHT_LOWER_LID
    iris = landmarks[topology.LEFT_IRIS if left else topology.RIGHT_IRIS :][:5, :2].astype(np.float64)
    curves = [landmarks[list(ring), :2].astype(np.float64) for ring in (upper, lower)]
    outward = -1.0  # the rings run from the outer corner to the inner one
    if curves[0][0, 0] > curves[0][-1, 0]:
        curves, outward = [curve[::-1] for curve in curves], 1.0
    start, along = curves[0][0], curves[0][-1] - curves[0][0]
    width = max(float(np.hypot(*along)), 4.0)
    right = along / width
    x, y, w, h = _box(start + along / 2, width, texture.shape)
    place, height = _coordinates((h, w), curves, start - (x, y), right, width)
    radius = np.clip(np.hypot(*(iris[1:] - iris[0]).T).mean(), 0.1 * width, 0.3 * width)
    disc = np.array([*(iris[0] - (x, y)), radius], dtype=np.float32)
    brow = landmarks[list(topology.LEFT_BROW if left else topology.RIGHT_BROW)[5:], :2] - (x, y)
    room = _room(brow.astype(np.float64), start - (x, y), right, curves[0], width)
    above = float(np.clip(0.75 * room, 0.1 * width, 0.2 * height + 0.38 * width))
    axis = np.array([*right, width, height, above], dtype=np.float32)
    photo = texture[y : y + h, x : x + w, :3].astype(np.float32)
    return _with_lids(np.array([x, y], dtype=np.int32), photo, place, axis, disc, outward)


def _with_lids(
    corner: NDArray[np.int32], photo: Floats, place: Floats, axis: Floats, iris: Floats, outward: float
) -> Eye:
    """The eye with all that is made for it. Args: place: `Eye.place`, its first four. outward: see `shut_line`."""
    place = np.concatenate([place, shut_line(place, axis, outward)[..., None]], axis=-1)
    away = around_eye(place, axis, outward)
    smooth = lid_skin(photo, place, axis, away)
    cover = lid_cover(photo, smooth, place, axis, away)
    place = np.concatenate([place, cover[..., None]], axis=-1)
    skin = lid_relief(photo, smooth, place, axis)
    lash = lash_colour(photo, skin, place, float(axis[3]))
    fringe = lash_line(photo, place, axis, outward)
    eye = Eye(corner, photo, skin, photo, place, axis, iris, lash, fringe)
    return _trimmed(eye._replace(ball=_eyeball(eye)))


def _room(
    brow: NDArray[np.float64],
    start: NDArray[np.float64],
    right: NDArray[np.float64],
    lid: NDArray[np.float64],
    width: float,
) -> float:
    """The least distance from the upper lid to the brow's lower edge, above the eye."""
    offset = brow - start
    across, below = offset @ right / width, offset @ np.array([-right[1], right[0]])
    over = (across > 0) & (across < 1)
    if not over.any():
        return 0.3 * width
    table = _table(lid, right, width)
    return float((np.interp(across[over], np.linspace(0, 1, COLUMNS), table) - below[over]).min())


def _trimmed(eye: Eye) -> Eye:
    """The eye without the surroundings that the skin was made from."""
    used = (eye.place[..., 5] > 0.0) | (eye.fringe > SEEN)
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    corner = np.array([columns[0], rows[0]])
    photo, skin, ball, place, fringe = (
        np.ascontiguousarray(layer[part]) for layer in (eye.photo, eye.skin, eye.ball, eye.place, eye.fringe)
    )
    iris = (eye.iris - [*corner, 0]).astype(np.float32)
    return Eye((eye.corner + corner).astype(np.int32), photo, skin, ball, place, eye.axis, iris, eye.lash, fringe)


def _box(middle: NDArray[np.float64], width: float, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, top, width and height of the eye with its surroundings, within the texture."""
    low = np.clip(np.floor(middle - width * np.array([1.0, 0.8])), 0, [shape[1] - 4, shape[0] - 4]).astype(int)
    high = np.clip(np.ceil(middle + width * np.array([1.0, 0.8])), low + 4, [shape[1], shape[0]]).astype(int)
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


def _coordinates(
    shape: tuple[int, int],
    curves: list[NDArray[np.float64]],
    start: NDArray[np.float64],
    right: NDArray[np.float64],
    width: float,
) -> tuple[Floats, float]:
    """The patch's coordinates, `Eye.place`, and the height of the open eye. Args: start: the corner in the patch."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    dx, dy = x - start[0], y - start[1]
    across, below = (dx * right[0] + dy * right[1]) / width, dy * right[0] - dx * right[1]
    upper, lower = (_table(curve, right, width) for curve in curves)
    lower = np.maximum(lower, upper + 0.02 * width)
    places = np.linspace(0, 1, COLUMNS)
    lids = [np.interp(across.ravel(), places, table).reshape(shape) for table in (upper, lower)]
    height = max(float((lower - upper).max()), 0.1 * width)
    return np.stack([across, below, *lids], axis=-1).astype(np.float32), height


def _table(curve: NDArray[np.float64], right: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """float64 [COLUMNS]: how far a lid lies below the line between the corners, smoothed."""
    across = (curve - curve[0]) @ right / width
    below = (curve - curve[0]) @ np.array([-right[1], right[0]])
    order = np.argsort(across)
    table = np.interp(np.linspace(0, 1, COLUMNS), across[order], below[order])
    padded = np.pad(table, 6, mode="reflect", reflect_type="odd")
    kernel = np.hanning(9)
    return np.asarray(np.convolve(padded, kernel / kernel.sum(), mode="same")[6:-6])


def _eyeball(eye: Eye) -> Floats:
    """The eyeball as if the lids were not there: the iris mirrored about its centre, the white filled in."""
    photo, iris = eye.photo, eye.iris
    across, below, upper, lower = np.moveaxis(eye.place[..., :4], -1, 0)
    margin = 0.08 * (lower - upper)
    inside = (below > upper + 1.5 * margin) & (below < lower - margin) & (across > 0.02) & (across < 0.98)
    seen = inside.astype(np.float32)
    y, x = np.mgrid[0 : photo.shape[0], 0 : photo.shape[1]].astype(np.float32)
    distance = np.hypot(x - iris[0], y - iris[1]) / iris[2]
    white = fill_smoothly(photo, np.asarray(seen * (distance > 1.15), dtype=np.float32))
    mirrored = cv2.remap(photo, x, 2 * iris[1] - y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    also = np.asarray(cv2.remap(seen, x, 2 * iris[1] - y, cv2.INTER_LINEAR), dtype=np.float32)
    joined = photo * seen[..., None] + mirrored * ((1 - seen) * also)[..., None]
    both = fill_smoothly(np.asarray(joined, dtype=np.float32), np.maximum(seen, also))
    disc = np.clip((1.12 - distance) / 0.12, 0.0, 1.0)[..., None]
    ball = white * (1 - disc) + both * disc
    return np.asarray(ball * (1 - seen[..., None]) + photo * seen[..., None], dtype=np.float32)


@compiled
def paint_eye(texture: NDArray[np.uint8], eye: Eye, pose: Floats) -> None:
    """Paint one eye into the texture.

    Args:
        texture: uint8 [height, width, 4], of which the first three channels are written.
        pose: float32 [4]: blink 0..1, squint 0..1, gaze to the right and down -1..1.
    """
    for row in range(eye.photo.shape[0]):
        for column in range(eye.photo.shape[1]):
            colour = _eye_colour(eye, pose, column, row)
            put(texture, row + eye.corner[1], column + eye.corner[0], colour)


@compiled
def _eye_colour(eye: Eye, pose: Floats, column: int, row: int) -> Colour:
    """The colour of one texel of the patch."""
    blink, squint = pose[0], pose[1]
    across, below = eye.place[row, column, 0], eye.place[row, column, 1]
    upper, lower = eye.place[row, column, 2], eye.place[row, column, 3]
    shut, cover = eye.place[row, column, 4], eye.place[row, column, 5]
    colour = texel(eye.photo, row, column)
    if cover <= 0.0 and eye.fringe[row, column] <= SEEN:
        return colour
    if across > 0.0 and across < 1.0 and below > upper and below < lower:
        colour = _gazing(colour, eye, pose, column, row)
    skin = texel(eye.skin, row, column)
    rise = (1.0 - blink) * 0.22 * squint * (lower - upper)
    if rise > 0.0:
        colour = mix(colour, _risen(eye, column, row, rise), ramp(-0.7, 0.7, below - (lower - rise)))
    if blink > 0.5:  # beneath a shut lid the old rim is gone
        colour = mix(colour, skin, ramp(0.5, 1.0, blink) * cover * ramp(-0.7, 0.7, below - lower))
    follow = max(pose[3], 0.0) * 0.25 + 0.1 * squint  # the upper lid follows the gaze downwards
    fall = (1.0 - blink) * follow * (lower - upper) + blink * (shut - upper)
    if blink + follow > 0.0:
        distance = below - upper - fall
        above = ramp(0.7, -0.7, distance)
        if above > 0.0:
            made = cover * ramp(0.1, 0.7, blink)
            lid = skin if made > 0.995 else mix(_slid(eye, column, row, fall), skin, made)
            colour = mix(colour, lid, above)
        colour = _lashes(colour, eye, column, row, fall, distance, 1.0 - blink)
        colour = _fringe(colour, eye, column, row, shut - upper - fall, blink)
    return colour


@compiled
def _slid(eye: Eye, column: int, row: int, fall: float) -> Colour:
    """The open eye's lid, drawn down with its edge: the strip along the lashes as it is, the skin above it longer."""
    high, strip = eye.axis[4], min(0.08 * eye.axis[2], 0.5 * eye.axis[4])
    above = eye.place[row, column, 2] - eye.place[row, column, 1]  # how far above the open lid's edge
    down = fall
    if above > strip - fall:
        down = max(high - above, 0.0) * fall / (high - strip + fall)
    across = eye.place[row, column, 0]
    down *= ramp(-0.25, 0.0, across) * ramp(1.25, 1.0, across)
    return sample(eye.photo, column + eye.axis[1] * down, row - eye.axis[0] * down)


@compiled
def _risen(eye: Eye, column: int, row: int, rise: float) -> Colour:
    """The lower lid pushed up, with the skin beneath it less and less."""
    down = eye.place[row, column, 1] - eye.place[row, column, 3] + rise  # how far below the risen rim
    shift = rise * ramp(0.35 * eye.axis[2], 0.0, down)
    return sample(eye.photo, column - eye.axis[1] * shift, row + eye.axis[0] * shift)


@compiled
def _gazing(colour: Colour, eye: Eye, pose: Floats, column: int, row: int) -> Colour:
    """The eyeball turned: the iris moves as a whole, the white near the corners stays."""
    width, height = eye.axis[2], eye.axis[3]
    room = ramp(0.1, 0.3, height / width)  # narrowed eyes move less, for little of them is known
    shift_x, shift_y = pose[2] * 0.15 * width * (0.4 + 0.6 * room), pose[3] * 0.22 * height * room
    if abs(shift_x) + abs(shift_y) < 1e-3:
        return colour
    across, below = eye.place[row, column, 0], eye.place[row, column, 1]
    upper, lower = eye.place[row, column, 2], eye.place[row, column, 3]
    hold = ramp(0.75, 0.35, abs(column - eye.iris[0]) / width) * min(1.0, 6.0 * across, 6.0 * (1.0 - across))
    soft = ramp(0.0, 0.06 * height + 0.7, below - upper) * ramp(0.0, 0.06 * height + 0.7, lower - below)
    turned = sample(eye.ball, column - shift_x * hold, row - shift_y * hold)
    shadow = bump(below - upper, 0.16 * height) * ramp(0.0, 0.04, (abs(shift_x) + abs(shift_y)) / width)
    return mix(colour, scaled(turned, 1.0 - 0.4 * shadow), soft)


@compiled
def _lashes(colour: Colour, eye: Eye, column: int, row: int, fall: float, distance: float, share: float) -> Colour:
    """The photograph's own line of lashes, riding on the lid's edge. Args: distance: below the edge."""
    lash = 0.07 * eye.axis[3] + 0.022 * eye.axis[2] + 0.5
    across = eye.place[row, column, 0]
    if share <= 0.0 or abs(distance + 0.2 * lash) >= 1.2 * lash:
        return colour
    line = ramp(1.2 * lash, 0.3 * lash, abs(distance + 0.2 * lash))
    line *= share * ramp(-0.04, 0.06, across) * ramp(1.04, 0.94, across)
    if line <= 0.0:
        return colour
    carried = sample(eye.photo, column + eye.axis[1] * fall, row - eye.axis[0] * fall)
    return mix(colour, darker(mix(carried, colour, 0.3), colour), line)


@compiled
def _fringe(colour: Colour, eye: Eye, column: int, row: int, up: float, blink: float) -> Colour:
    """The lashes of a shut eye, riding on the lid's edge. Args: up: how far above its place when shut."""
    if blink <= 0.2:
        return colour
    x = min(max(column - eye.axis[1] * up, 0.0), eye.fringe.shape[1] - 1.001)
    y = min(max(row + eye.axis[0] * up, 0.0), eye.fringe.shape[0] - 1.001)
    left, top = int(x), int(y)
    fx, fy = x - left, y - top
    above = eye.fringe[top, left] * (1.0 - fx) + eye.fringe[top, left + 1] * fx
    below = eye.fringe[top + 1, left] * (1.0 - fx) + eye.fringe[top + 1, left + 1] * fx
    share = (above * (1.0 - fy) + below * fy) * ramp(0.2, 0.8, blink)
    return mix(colour, (float(eye.lash[0]), float(eye.lash[1]), float(eye.lash[2])), share)
