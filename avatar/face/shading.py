"""Small compiled functions on colours, which the painting kernels are written with.

A colour is a tuple of three floats, red, green, blue, in 0..255; the compiler keeps it in registers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Colour = tuple[float, float, float]
Floats = NDArray[np.float32]

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compiled once for the machine, kept beside the source, run without the interpreter's lock."""
    return cast(Function, njit(cache=True, nogil=True, fastmath=True)(function))


def compiled(function: Function) -> Function:
    """The same for what makes no arrays: it becomes a part of any compiled function that calls it.

    It counts no references to the arrays that it is given. Counting them for every pixel took nine tenths of the time
    in which an eye was painted.
    """
    options: dict[str, Any] = {"forceinline": True, "_nrt": False}
    return cast(Function, njit(cache=True, nogil=True, fastmath=True, **options)(function))


@compiled
def ramp(low: float, high: float, value: float) -> float:
    """0 below low, 1 above high, a straight line between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)


@compiled
def step(low: float, high: float, value: float) -> float:
    """0 below low, 1 above high, smooth between."""
    x = min(max((value - low) / (high - low), 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


@compiled
def bump(value: float, width: float) -> float:
    """1 at zero, falling like a bell of the given width."""
    return math.exp(-(value * value) / (width * width))


@compiled
def mix(a: Colour, b: Colour, share: float) -> Colour:
    """From a at 0 to b at 1."""
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2]))


@compiled
def scaled(a: Colour, factor: float) -> Colour:
    """A colour made lighter or darker."""
    return (a[0] * factor, a[1] * factor, a[2] * factor)


@compiled
def darker(a: Colour, b: Colour) -> Colour:
    """The darker of two colours, channel by channel."""
    return (min(a[0], b[0]), min(a[1], b[1]), min(a[2], b[2]))


@compiled
def texel(picture: Floats, row: int, column: int) -> Colour:
    """One texel of float32 [height, width, 3]."""
    return (picture[row, column, 0], picture[row, column, 1], picture[row, column, 2])


@compiled
def sample(picture: Floats, x: float, y: float) -> Colour:
    """A picture, float32 [height, width, 3], between its texels; beyond the border, the border."""
    x = min(max(x, 0.0), picture.shape[1] - 1.001)
    y = min(max(y, 0.0), picture.shape[0] - 1.001)
    column, row = int(x), int(y)
    fx, fy = x - column, y - row
    above = mix(texel(picture, row, column), texel(picture, row, column + 1), fx)
    below = mix(texel(picture, row + 1, column), texel(picture, row + 1, column + 1), fx)
    return mix(above, below, fy)


@compiled
def lookup(table: Floats, place: float) -> float:
    """A table, float32 [n], at a place in 0..1, between its entries."""
    place = min(max(place, 0.0), 1.0) * (table.shape[0] - 1)
    left = min(int(place), table.shape[0] - 2)
    part = place - left
    return float(table[left] * (1.0 - part) + table[left + 1] * part)


@compiled
def put(picture: NDArray[np.uint8], row: int, column: int, colour: Colour) -> None:
    """Write a colour into uint8 [height, width, 3 or more]."""
    picture[row, column, 0] = np.uint8(min(max(colour[0] + 0.5, 0.0), 255.0))
    picture[row, column, 1] = np.uint8(min(max(colour[1] + 0.5, 0.0), 255.0))
    picture[row, column, 2] = np.uint8(min(max(colour[2] + 0.5, 0.0), 255.0))
