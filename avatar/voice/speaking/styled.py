"""Residual blocks whose normalisations a style scales and shifts (AdaIN), over rows (StyleTTS 2, Li et al., 2023).

The predictors of F0 and energy and the decoder are made of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.speaking.rows import Product, on_device, product_of
from avatar.voice.speaking.weights import Weights

Floats = NDArray[np.float32]

_SLOPE = 0.2
_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Norm:
    """A normalisation.

    Attributes:
        matrix, bias: from the style to scale and shift, float32 [128, 2 c] and [2 c].
        name: of the layer that the style goes through.
        place: of its channels among the statistics.
    """

    matrix: Floats
    bias: Floats
    name: str
    place: slice


@dataclass(frozen=True, slots=True)
class Block:
    """A block; `pool` doubles the rate where there is one (each channel's three taps [3, c], and bias [c]), `short` is
    there where the number of channels changes."""

    first: Norm
    pool: tuple[Tensor, Tensor] | None
    wide: Product
    second: Norm
    narrow: Product
    short: Product | None


def read_block(weights: Weights, name: str, channels: int, precision: torch.dtype, device: torch.device) -> Block:
    """A block of a network.

    Args:
        channels: how many normalised channels stand before its own among the statistics.
        precision: of the convolutions.

    Raises:
        KeyError: it is not among the weights.
    """

    def conv(layer: str) -> Product:
        weight = weights.weight(f"{name}.{layer}")
        return product_of(weight, weights.bias(f"{name}.{layer}", weight.shape[0]), precision, device)

    first = _norm(weights, f"{name}.norm1.fc", channels)
    return Block(
        first=first,
        pool=_pool(weights, f"{name}.pool", device) if weights.has(f"{name}.pool") else None,
        wide=conv("conv1"),
        second=_norm(weights, f"{name}.norm2.fc", first.place.stop),
        narrow=conv("conv2"),
        short=conv("conv1x1") if weights.has(f"{name}.conv1x1") else None,
    )


class Run:
    """What one call carries through its blocks: the style, and the statistics before and after."""

    def __init__(self, style: Floats, old: Floats, memory: float, deltas: Deltas = NO_DELTAS) -> None:
        """
        Args:
            style: float32 [128].
            old: float32 [2, channels], mean and variance of each normalised channel so far.
            memory: 0..1, the weight of those statistics against these rows' own.
            deltas: the voice's own.
        """
        self.new = np.empty_like(old)
        self._style, self._old, self._memory, self._deltas = style, old, np.float32(memory), deltas

    def through(self, block: Block, rows: Tensor, valid: int) -> tuple[Tensor, int]:
        """Rows float32 [n, c], of which the first `valid` count, after a block, and how many count then."""
        inner = self._normalised(block.first, rows, valid)
        short = block.short(rows) if block.short else rows
        if block.pool is not None:
            inner = _doubled(inner, *block.pool)
            short = short.repeat_interleave(2, dim=0)
            valid *= 2
            inner[valid:] = 0
        inner = self._normalised(block.second, block.wide(inner), valid)
        return (block.narrow(inner) + short) / 2**0.5, valid

    def _normalised(self, norm: Norm, rows: Tensor, valid: int) -> Tensor:
        """The rows normalised, scaled and shifted, and without most of what is below zero; zero where none count."""
        middle = rows[:valid].mean(dim=0)
        spread = (rows[:valid] - middle).square_().mean(dim=0)
        mean, variance = self._mixed(norm.place, middle.cpu().numpy(), spread.cpu().numpy())
        delta = self._deltas.get(norm.name)
        bias = norm.bias if delta is None else norm.bias + delta
        scale, shift = np.split(self._style @ norm.matrix + bias, 2)
        gain = (1 + scale) / np.sqrt(variance + np.float32(_EPSILON))
        factor, offset = (torch.from_numpy(each).to(rows.device) for each in (gain, shift - mean * gain))
        even = functional.leaky_relu_(torch.addcmul(offset, rows, factor), _SLOPE)
        even[valid:] = 0
        return even

    def _mixed(self, place: slice, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        common, mixed = mixed_moments((mean, variance), self._old[:, place], self._memory)
        self.new[0, place], self.new[1, place] = common, mixed
        return common, mixed


def mixed_moments(
    own: tuple[Floats, Floats], old: Floats, memory: np.float32
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The moments of what was before and of these rows together; both variances are about the common mean."""
    mean, variance = own
    old_mean, old_variance = old
    common = mean + (old_mean - mean) * memory
    here = variance + (mean - common) ** 2
    return common, here + (old_variance + (old_mean - common) ** 2 - here) * memory


def _norm(weights: Weights, layer: str, channels: int) -> Norm:
    matrix, bias = weights.linear(layer)
    return Norm(matrix, bias, layer, slice(channels, channels + bias.size // 2))


def _pool(weights: Weights, layer: str, device: torch.device) -> tuple[Tensor, Tensor]:
    weight, bias = weights.convolution(layer)
    return on_device(weight[:, 0].T, device), on_device(bias, device)


def _doubled(rows: Tensor, taps: Tensor, bias: Tensor) -> Tensor:
    """Each channel by itself at twice the rate, [2 n, c]: a transposed convolution of three taps."""
    even = rows * taps[1]
    odd = rows * taps[2]
    odd[:-1] += rows[1:] * taps[0]
    return torch.stack([even, odd], dim=1).reshape(2 * len(rows), -1) + bias
