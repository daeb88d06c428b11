"""The compiled kernels that turn a placed mesh into pixels: the inverse map, and the composition through it.

The map says for every second pixel of the frame where in the picture it comes from, in pixels. The composition reads
it in 256ths of a texel, weighs four texels for every pixel, two channels in each half of a 32-bit word, and lays the
result over the background. Its inner loops are written so that the compiler handles eight pixels at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.face.memory import fetch, store
from avatar.face.rig import TEXTURE_SCALE
from avatar.face.shading import Floats, compiled, kernel

Words = NDArray[np.uint32]
"""Pixels as red, green, blue and matte from the lowest byte up."""

BLOCK_BITS = 4
"""The renderer skips blocks of two to this power of texels on a side that hold nothing of the person."""

_EIGHT, _ONE, _WHOLE = np.uint32(8), np.uint32(1), np.uint32(256)
_BLOCK_SHIFT = np.uint32(8 + BLOCK_BITS)
_FRACTION, _PAIR, _HALF, _UPPER = np.uint32(255), np.uint32(0x00FF00FF), np.uint32(0x00800080), np.uint32(0xFF00FF00)
_SEVEN, _SIXTEEN, _OPAQUE = np.uint32(7), np.uint32(16), np.uint32(255 << 16)
_RUN = 16
_FIXED = np.float32(TEXTURE_SCALE * 256)


@compiled
def draw_map(target: Floats, placed: Floats, rest: Floats, triangles: NDArray[np.int32]) -> None:
    """Draw triangles as the inverse map: where each pixel of the frame comes from in the picture.

    Args:
        target: float32 [2, rows, columns]: across and down, for every second pixel; written where a triangle lies.
        placed, rest: float32 [n, 3]: the mesh in the frame, and in the picture.
        triangles: int32 [m, 3]; later ones are drawn over earlier ones, those that face away are left out.
    """
    rows, columns = target.shape[1], target.shape[2]
    across, down = target[0], target[1]
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
        v_down, w_down = (ax - cx) / area, (bx - ax) / area  # and from row to row
        v_inverse, w_inverse, u_inverse = _inverse(v_step), _inverse(w_step), _inverse(-v_step - w_step)
        v, w = v_step * (x0 - ax) + v_down * (y0 - ay), w_step * (x0 - ax) + w_down * (y0 - ay)
        bx_rest, by_rest = rest[b, 0] - rest[a, 0], rest[b, 1] - rest[a, 1]
        cx_rest, cy_rest = rest[c, 0] - rest[a, 0], rest[c, 1] - rest[a, 1]
        x_step, y_step = v_step * bx_rest + w_step * cx_rest, v_step * by_rest + w_step * cy_rest
        for y in range(y0, y1 + 1):
            first, last = _span(v, v_inverse, slack, 0.0, float(x1 - x0))
            first, last = _span(w, w_inverse, slack, first, last)
            first, last = _span(1.0 - v - w, u_inverse, slack, first, last)
            if first <= last:
                from_x, from_y = rest[a, 0] + v * bx_rest + w * cx_rest, rest[a, 1] + v * by_rest + w * cy_rest
                for k in range(int(np.ceil(first - 1e-9)), int(np.floor(last + 1e-9)) + 1):
                    across[y, x0 + k] = from_x + k * x_step
                    down[y, x0 + k] = from_y + k * y_step
            v += v_down
            w += w_down


@compiled
def _inverse(change: float) -> float:
    """1 / change; 0 where there is no change."""
    return 0.0 if abs(change) < 1e-12 else 1.0 / change


@compiled
def _span(value: float, inverse: float, slack: float, first: float, last: float) -> tuple[float, float]:
    """The part of [first, last] in which value + k / inverse is not below -slack."""
    if inverse == 0.0:
        return (first, last) if value >= -slack else (1.0, 0.0)
    edge = (-slack - value) * inverse
    return (max(first, edge), last) if inverse > 0.0 else (first, min(last, edge))


def person_blocks(matte: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the composition has to look.

    Args:
        matte: uint8 [height, width] of the texture.

    Returns:
        bool [rows, columns]: which blocks of texels, or their neighbours, hold anything of the person.
    """
    block = 1 << BLOCK_BITS
    count = -(-matte.shape[0] // block)
    padded = np.zeros((count * block, count * block), dtype=bool)
    padded[: matte.shape[0], : matte.shape[1]] = matte > 0
    filled = np.pad(padded.reshape(count, block, count, block).any(axis=(1, 3)), 1)
    near = [filled[1 + y : 1 + y + count, 1 + x : 1 + x + count] for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return np.ascontiguousarray(np.logical_or.reduce(near))


@kernel
def compose(frame: Words, source: Floats, texture: Words, plate: Words, person: NDArray[np.bool_]) -> None:
    """Sample the texture through the map and lay it over the background by its matte.

    The highest byte of a pixel becomes 255 where the person covers it, and stays that of the background elsewhere.

    Args:
        frame: uint32 [size, size]: the background; written where the person lies over it.
        source: float32 [2, size / 2 + 1, size / 2 + 1]: the map, in pixels of the picture, for every second pixel.
        texture: uint32 [2 size, 2 size].
        plate: uint32 [size, size]: the background.
        person: bool [rows, columns]: the blocks of the texture that need to be looked at, see `person_blocks`.
    """
    size, half = frame.shape[0], source.shape[2]
    texels, width = texture.ravel(), np.uint32(texture.shape[1])
    limit = np.float32((texture.shape[0] - 1) * 256 - 1)
    line, below = np.empty((2, half), dtype=np.uint32), np.empty((2, half), dtype=np.uint32)
    between, places = np.empty((2, half), dtype=np.uint32), np.empty((2, 2, 2 * half), dtype=np.uint32)
    _fixed(line, source, 0, limit)
    for pair in range(size // 2):
        _fixed(below, source, pair + 1, limit)
        for k in range(2):
            for i in range(half):
                between[k, i] = np.uint32(line[k, i] + below[k, i]) >> _ONE
            _every_pixel(places[0, k], line[k])
            _every_pixel(places[1, k], between[k])
        x = 0
        while x < size:
            end = min(x + _RUN, size)
            if not _seen(line, x, end, person):
                x = end
                continue
            while end < size and _seen(line, end, min(end + _RUN, size), person):
                end = min(end + _RUN, size)
            for odd in range(2):
                y, across, down = 2 * pair + odd, places[odd, 0, x:end], places[odd, 1, x:end]
                _blend(frame[y, x:end], plate[y, x:end], across, down, texels, width)
            x = end
        line, below = below, line


@compiled
def _fixed(line: Words, source: Floats, row: int, limit: np.float32) -> None:
    """One row of the map in 256ths of a texel, within the texture."""
    for k in range(2):
        for i in range(line.shape[1]):
            place = source[k, row, i] * _FIXED + np.float32(0.5)
            line[k, i] = np.uint32(np.int32(min(max(place, np.float32(0.0)), limit)))


@compiled
def _every_pixel(places: Words, line: Words) -> None:
    """The places of all pixels of a row from those of every second."""
    for i in range(line.shape[0] - 1):
        places[2 * i] = line[i]
        places[2 * i + 1] = np.uint32(line[i] + line[i + 1]) >> _ONE


@compiled
def _seen(line: Words, first: int, end: int, person: NDArray[np.bool_]) -> bool:
    """Whether the person may lie at some of these pixels; it is asked at every eighth, blocks reach further."""
    for i in range(first // 2, end // 2 + 1, 4):
        if person[line[1, i] >> _BLOCK_SHIFT, line[0, i] >> _BLOCK_SHIFT]:
            return True
    return False


@compiled
def _blend(row: Words, plate: Words, across: Words, down: Words, texels: Words, width: np.uint32) -> None:
    """A run of pixels: four texels weighed, laid over the background by their matte.

    Every value is kept in 32 bits by its cast, for the compiler would widen it and halve the speed.
    """
    for k in range(row.shape[0]):
        u, v = fetch(across, k), fetch(down, k)
        at = np.uint32((v >> _EIGHT) * width + (u >> _EIGHT))
        a, b = fetch(texels, at), fetch(texels, np.uint32(at + _ONE))
        c, d = fetch(texels, np.uint32(at + width)), fetch(texels, np.uint32(at + width + _ONE))
        fx, fy = np.uint32(u & _FRACTION), np.uint32(v & _FRACTION)
        both = np.uint32(np.uint32(fx * fy) >> _EIGHT)
        wa, wb, wc = np.uint32(_WHOLE - fx - fy + both), np.uint32(fx - both), np.uint32(fy - both)
        red = np.uint32((a & _PAIR) * wa + (b & _PAIR) * wb + (c & _PAIR) * wc + (d & _PAIR) * both + _HALF)
        red = np.uint32(np.uint32(red >> _EIGHT) & _PAIR)
        a, b, c, d = np.uint32(a >> _EIGHT), np.uint32(b >> _EIGHT), np.uint32(c >> _EIGHT), np.uint32(d >> _EIGHT)
        green = np.uint32((a & _PAIR) * wa + (b & _PAIR) * wb + (c & _PAIR) * wc + (d & _PAIR) * both + _HALF)
        green = np.uint32(np.uint32(green >> _EIGHT) & _PAIR)
        alpha = np.uint32(green >> _SIXTEEN)
        share = np.uint32(alpha + np.uint32(alpha >> _SEVEN))
        green = np.uint32((green & _FRACTION) | _OPAQUE)
        rest, under = np.uint32(_WHOLE - share), fetch(plate, k)
        red = np.uint32(np.uint32((under & _PAIR) * rest + red * share + _HALF) >> _EIGHT)
        green = np.uint32(np.uint32(np.uint32(under >> _EIGHT) & _PAIR) * rest + green * share + _HALF)
        store(row, k, np.uint32((red & _PAIR) | (green & _UPPER)))
