"""Pixels into the planes of 4:2:0 video: BT.601 in the limited range, chroma averaged over two by two pixels.

The weights are those of ITU-R BT.601 for eight bits, in 65536ths; a chroma sample is centred among its four pixels, as
MPEG-1 and JPEG have it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.face.memory import fetch, store
from avatar.face.shading import compiled, kernel
from avatar.media import Pixels

Plane = NDArray[np.uint8]

_BYTE, _EIGHT, _SIXTEEN, _EIGHTEEN = np.int32(255), np.int32(8), np.int32(16), np.int32(18)
_LUMA = (np.int32(16829), np.int32(33039), np.int32(6416), np.int32((16 << 16) + (1 << 15)))
_BLUE = (np.int32(-9714), np.int32(-19070), np.int32(28784), np.int32((128 << 18) + (1 << 17)))
_RED = (np.int32(28784), np.int32(-24103), np.int32(-4681), np.int32((128 << 18) + (1 << 17)))


def to_planes(frame: Pixels, luma: Plane, blue: Plane, red: Plane) -> None:
    """Convert a frame.

    Args:
        frame: uint8 [height, width, 3] RGB, both sides even; the renderer's frames are read as they are, others are
            copied before.
        luma: uint8 [height, width], written.
        blue, red: uint8 [height / 2, width / 2], written: how much bluer and redder than grey.
    """
    _convert(_words(frame), luma, blue, red)


def _words(frame: Pixels) -> NDArray[np.int32]:
    """int32 [height, width]: red, green, blue and anything from the lowest byte up."""
    height, width = frame.shape[:2]
    whole = frame.base
    if (
        isinstance(whole, np.ndarray)
        and whole.dtype in (np.uint8, np.uint32)
        and whole.flags.c_contiguous
        and whole.nbytes == 4 * height * width
        and frame.strides == (4 * width, 4, 1)
        and whole.ctypes.data == frame.ctypes.data
    ):
        return whole.view(np.int32).reshape(height, width)
    words = np.empty((height, width), dtype=np.int32)
    _join(np.ascontiguousarray(frame), words)
    return words


@compiled
def _join(frame: Pixels, words: NDArray[np.int32]) -> None:
    for y in range(words.shape[0]):
        for x in range(words.shape[1]):
            red, green, blue = np.int32(frame[y, x, 0]), np.int32(frame[y, x, 1]), np.int32(frame[y, x, 2])
            words[y, x] = red | (green << _EIGHT) | (blue << _SIXTEEN)


@kernel
def _convert(words: NDArray[np.int32], luma: Plane, blue: Plane, red: Plane) -> None:
    """Two rows at a time."""
    sums = np.empty((3, words.shape[1]), dtype=np.int32)
    for pair in range(blue.shape[0]):
        upper, lower = words[2 * pair], words[2 * pair + 1]
        _luma(upper, luma[2 * pair])
        _luma(lower, luma[2 * pair + 1])
        _add(upper, lower, sums[0], sums[1], sums[2])
        _chroma(sums[0], sums[1], sums[2], blue[pair], red[pair])


@compiled
def _luma(words: NDArray[np.int32], row: Plane) -> None:
    for k in range(words.shape[0]):
        word = fetch(words, k)
        r, g, b = np.int32(word & _BYTE), np.int32((word >> _EIGHT) & _BYTE), np.int32((word >> _SIXTEEN) & _BYTE)
        value = np.int32(r * _LUMA[0] + g * _LUMA[1] + b * _LUMA[2] + _LUMA[3])
        store(row, k, np.uint8(np.int32(value >> _SIXTEEN)))


@compiled
def _add(
    upper: NDArray[np.int32],
    lower: NDArray[np.int32],
    reds: NDArray[np.int32],
    greens: NDArray[np.int32],
    blues: NDArray[np.int32],
) -> None:
    """The sums of the two rows, channel by channel."""
    for k in range(upper.shape[0]):
        a, b = fetch(upper, k), fetch(lower, k)
        store(reds, k, np.int32((a & _BYTE) + (b & _BYTE)))
        store(greens, k, np.int32(((a >> _EIGHT) & _BYTE) + ((b >> _EIGHT) & _BYTE)))
        store(blues, k, np.int32(((a >> _SIXTEEN) & _BYTE) + ((b >> _SIXTEEN) & _BYTE)))


@compiled
def _chroma(
    reds: NDArray[np.int32], greens: NDArray[np.int32], blues: NDArray[np.int32], blue: Plane, red: Plane
) -> None:
    for k in range(blue.shape[0]):
        r = np.int32(reds[2 * k] + reds[2 * k + 1])
        g = np.int32(greens[2 * k] + greens[2 * k + 1])
        b = np.int32(blues[2 * k] + blues[2 * k + 1])
        value = np.int32(r * _BLUE[0] + g * _BLUE[1] + b * _BLUE[2] + _BLUE[3])
        store(blue, k, np.uint8(np.int32(value >> _EIGHTEEN)))
        value = np.int32(r * _RED[0] + g * _RED[1] + b * _RED[2] + _RED[3])
        store(red, k, np.uint8(np.int32(value >> _EIGHTEEN)))
