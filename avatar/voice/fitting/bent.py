"""Normalise, let the style scale and shift (AdaIN), and bend (snake): one step of the generator, with its gradients.

On a CPU it is the engine's own pass forward and two passes over the rows backward, compiled as well: composed of
torch's operations, as on a GPU, the same takes a dozen passes and most of the time of a fitting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avatar.voice.speaking.passes import PER_PI, PI_HIGH, PI_LOW, SINE, Compiled, compiled

Floats = NDArray[np.float32]

_EPSILON = 1e-5
_BLOCK = 64


def bent(
    rows: Tensor, scale: Tensor, shift: Tensor, alpha: Floats, passes: Compiled, watch: Callable[[], None]
) -> Tensor:
    """y + sin²(alpha y) / alpha of y = (1 + scale) norm(rows) + shift.

    Args:
        rows: [n, c], float32 or the convolutions' precision, contiguous.
        scale, shift: float32 [c].
        alpha: float32 [c].
        passes: the engine's; they fix the precision of the result.
        watch: called before the gradient is computed; what it raises ends the computation.

    Returns:
        [n, c] in the convolutions' precision. Gradients reach rows, scale and shift.
    """
    made: Tensor = _Bent.apply(rows, scale, shift, alpha, passes, watch)  # type: ignore[no-untyped-call]
    return made


def composed(
    rows: Tensor, scale: Tensor, shift: Tensor, alpha: Tensor, precision: torch.dtype, watch: Callable[[], None]
) -> Tensor:
    """The same of torch's own operations, on any device.

    Args:
        alpha: float32 [c], on the device of the rows.
        precision: of the result.
    """
    watch()
    plain = rows.float()
    variance, mean = torch.var_mean(plain, dim=0, correction=0)
    even = (plain - mean) * ((1 + scale) / torch.sqrt(variance + _EPSILON)) + shift
    return (even + torch.sin(alpha * even).square() / alpha).to(precision)


class _Bent(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, scale: Tensor, shift: Tensor, alpha: Floats, passes: Compiled, watch: Callable[[], None]
    ) -> Tensor:
        mean, variance = passes.moments(rows, rows.shape[0])
        slope = 1 / np.sqrt(variance + np.float32(_EPSILON))
        gain = (1 + scale.numpy()) * slope
        offset = shift.numpy() - mean * gain
        ctx.save_for_backward(rows)
        ctx.known = mean, slope, gain, offset, alpha, watch
        return passes.bend(rows, gain, offset, alpha, rows.shape[0])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None, None]:
        (rows,) = ctx.saved_tensors
        mean, slope, gain, offset, alpha, watch = ctx.known
        watch()
        plain, given = rows.float().contiguous().numpy(), gradient.float().contiguous().numpy()
        straight = np.empty_like(plain)
        sums, products = _straighten(plain, given, mean, gain, offset, alpha, straight)
        count = np.float32(rows.shape[0])
        _spread(plain, straight, mean, gain, sums / count, products * slope * slope / count)
        scaled = torch.from_numpy(products * slope)
        return torch.from_numpy(straight).to(rows.dtype), scaled, torch.from_numpy(sums), None, None, None


@compiled
def _straighten(rows: Any, given: Any, mean: Any, gain: Any, offset: Any, alpha: Any, straight: Any) -> Any:
    """The gradient before the bend, its sum for each channel, and its sum times the rows without their mean."""
    channels = rows.shape[1]
    total, weighted = np.zeros(channels), np.zeros(channels)
    for start in range(0, rows.shape[0], _BLOCK):
        part, part_weighted = np.zeros(channels, np.float32), np.zeros(channels, np.float32)
        for row in range(start, min(rows.shape[0], start + _BLOCK)):
            for channel in range(channels):
                turn = (rows[row, channel] * gain[channel] + offset[channel]) * alpha[channel]
                angle = (turn - np.rint(turn * PER_PI) * PI_HIGH) - np.rint(turn * PER_PI) * PI_LOW
                square = angle * angle
                sine = angle * (
                    SINE[0] + square * (SINE[1] + square * (SINE[2] + square * (SINE[3] + square * SINE[4])))
                )
                cosine = np.sqrt(max(np.float32(1) - sine * sine, np.float32(0)))
                value = given[row, channel] * (np.float32(1) + np.float32(2) * sine * cosine)
                straight[row, channel] = value
                part[channel] += value
                part_weighted[channel] += value * (rows[row, channel] - mean[channel])
        for channel in range(channels):
            total[channel] += part[channel]
            weighted[channel] += part_weighted[channel]
    return total.astype(np.float32), weighted.astype(np.float32)


@compiled
def _spread(rows: Any, straight: Any, mean: Any, gain: Any, common: Any, leaning: Any) -> None:
    """The gradient before the normalisation, in place."""
    for row in range(rows.shape[0]):
        for channel in range(rows.shape[1]):
            away = rows[row, channel] - mean[channel]
            straight[row, channel] = gain[channel] * (
                straight[row, channel] - common[channel] - away * leaning[channel]
            )
