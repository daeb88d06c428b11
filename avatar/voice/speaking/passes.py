"""What the generator does between two convolutions, in one pass over the rows: compiled on a CPU, composed on a GPU.

Rows are [n, c], one for each moment. Only the first `valid` count: what is padded behind them is left out of every
moment, and is zero where a convolution reads it, as if the sound had ended there.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from numba import njit, types
from numba.extending import overload
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float32]
Moments = tuple[Floats, Floats]
"""Mean and variance of each channel, float32 [c]."""

_BLOCK = 64
"""Rows whose sum is taken in single precision before it is added up in double."""


class Passes(Protocol):
    """The three passes. Rows are float32, or of the convolutions' precision where a convolution made or reads them."""

    def moments(self, rows: Tensor, valid: int) -> Moments:
        """Mean and variance over the rows that count."""
        ...

    def absorb(self, rows: Tensor, more: Tensor, valid: int) -> tuple[Tensor, Moments]:
        """The sum of both, float32, and its moments."""
        ...

    def bend(self, rows: Tensor, gain: Floats, shift: Floats, alpha: Floats, valid: int) -> Tensor:
        """y + sin²(alpha y) / alpha of y = gain * rows + shift, each float32 [c]; in the convolutions' precision."""
        ...


class Composed:
    """The passes by torch's own operations, on any device."""

    def __init__(self, precision: torch.dtype, device: torch.device) -> None:
        self._precision, self._device = precision, device

    def moments(self, rows: Tensor, valid: int) -> Moments:
        variance, mean = torch.var_mean(rows[:valid].float(), dim=0, correction=0)
        return np.asarray(mean.cpu().numpy()), np.asarray(variance.cpu().numpy())

    def absorb(self, rows: Tensor, more: Tensor, valid: int) -> tuple[Tensor, Moments]:
        total = rows + more
        return total, self.moments(total, valid)

    def bend(self, rows: Tensor, gain: Floats, shift: Floats, alpha: Floats, valid: int) -> Tensor:
        factor, offset, speed = (torch.from_numpy(each).to(self._device) for each in (gain, shift, alpha))
        even = torch.addcmul(offset, rows, factor)
        bent = torch.addcmul(even, torch.sin(even * speed).square_(), 1 / speed)
        bent[valid:] = 0
        return bent.to(self._precision)


class Compiled:
    """The passes as machine code, on the CPU; bfloat16 is read and written as it is, its bits as uint16."""

    def __init__(self, precision: torch.dtype) -> None:
        self._precision = precision

    def moments(self, rows: Tensor, valid: int) -> Moments:
        mean, variance = _moments(_bits(rows), valid)
        return np.asarray(mean), np.asarray(variance)

    def absorb(self, rows: Tensor, more: Tensor, valid: int) -> tuple[Tensor, Moments]:
        total = torch.empty_like(rows)
        mean, variance = _absorb(_bits(rows), _bits(more), total.numpy(), valid)
        return total, (np.asarray(mean), np.asarray(variance))

    def bend(self, rows: Tensor, gain: Floats, shift: Floats, alpha: Floats, valid: int) -> Tensor:
        bent = torch.empty(rows.shape, dtype=self._precision)
        _bend(_bits(rows), gain, shift, alpha, 1 / alpha, _bits(bent), valid)
        return bent


def _bits(rows: Tensor) -> NDArray[Any]:
    plain = rows.view(torch.uint16) if rows.dtype == torch.bfloat16 else rows
    return np.asarray(plain.contiguous().numpy())


compiled = njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
"""Compiled once for the machine; NaN and infinity keep their meaning."""

SINE = tuple(np.float32(each) for each in (0.999999983, -0.166666515, 0.00833296401, -0.000198047546, 2.59810891e-06))
"""sin(r) = r (s0 + s1 r² + … + s4 r⁸) for |r| <= π/2, fitted by least squares: off by 1e-8 at most."""

PI_HIGH, PI_LOW = np.float32(3.140625), np.float32(np.pi - 3.140625)
PER_PI = np.float32(1 / np.pi)


def _read(value: Any) -> Any:
    """A float32, or the bits of a bfloat16, as float32."""
    return value


def _write(target: Any, value: Any) -> Any:
    """What stands for a float32 in an array: itself, or the bits of the nearest bfloat16, ties to even."""
    return value


@overload(_read)
def _compile_read(value: Any) -> Any:
    def read_bits(value: Any) -> Any:
        return np.uint32(np.uint32(value) << np.uint32(16)).view(np.float32)

    def read(value: Any) -> Any:
        return value

    return read_bits if value == types.uint16 else read


@overload(_write)
def _compile_write(target: Any, value: Any) -> Any:
    def write_bits(target: Any, value: Any) -> Any:
        bits = np.float32(value).view(np.uint32)
        odd = (bits >> np.uint32(16)) & np.uint32(1)
        return np.uint16((bits + np.uint32(0x7FFF) + odd) >> np.uint32(16))

    def write(target: Any, value: Any) -> Any:
        return np.float32(value)

    return write_bits if target.dtype == types.uint16 else write


@compiled
def _moments(rows: Any, valid: int) -> Any:
    channels = rows.shape[1]
    total, squares = np.zeros(channels), np.zeros(channels)
    for start in range(0, valid, _BLOCK):
        part, part_squares = np.zeros(channels, np.float32), np.zeros(channels, np.float32)
        for row in range(start, min(valid, start + _BLOCK)):
            for channel in range(channels):
                value = _read(rows[row, channel])
                part[channel] += value
                part_squares[channel] += value * value
        for channel in range(channels):
            total[channel] += part[channel]
            squares[channel] += part_squares[channel]
    return _of_sums(total, squares, valid)


@compiled
def _absorb(rows: Any, more: Any, target: Any, valid: int) -> Any:
    channels = rows.shape[1]
    total, squares = np.zeros(channels), np.zeros(channels)
    for start in range(0, valid, _BLOCK):
        part, part_squares = np.zeros(channels, np.float32), np.zeros(channels, np.float32)
        for row in range(start, min(valid, start + _BLOCK)):
            for channel in range(channels):
                value = rows[row, channel] + _read(more[row, channel])
                target[row, channel] = value
                part[channel] += value
                part_squares[channel] += value * value
        for channel in range(channels):
            total[channel] += part[channel]
            squares[channel] += part_squares[channel]
    target[valid:] = 0
    return _of_sums(total, squares, valid)


@compiled
def _of_sums(total: Any, squares: Any, count: int) -> Any:
    mean = total / count
    variance = np.maximum(squares / count - mean * mean, 0.0)
    return mean.astype(np.float32), variance.astype(np.float32)


@compiled
def _bend(rows: Any, gain: Any, shift: Any, alpha: Any, inverse: Any, target: Any, valid: int) -> None:
    for row in range(valid):
        for channel in range(rows.shape[1]):
            even = _read(rows[row, channel]) * gain[channel] + shift[channel]
            turn = even * alpha[channel]
            whole = np.rint(turn * PER_PI)
            angle = (turn - whole * PI_HIGH) - whole * PI_LOW
            square = angle * angle
            series = SINE[3] + square * SINE[4]
            sine = angle * (SINE[0] + square * (SINE[1] + square * (SINE[2] + square * series)))
            target[row, channel] = _write(target, even + inverse[channel] * sine * sine)
    target[valid:] = 0
