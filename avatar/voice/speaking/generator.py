"""Kokoro's last part, from a latent to sound: an iSTFTNet generator in torch (Kaneko et al., iSTFTNet, 2022).

It is nine tenths of the work, so it runs in the arithmetic that the processor is quickest in: bfloat16 where there are
matrix units for it, else float32. Sound is kept as rows, one for each moment, its channels side by side; what lies
between two convolutions is done in one pass over them (`passes`).

The instance normalisations, which would otherwise see one window instead of the clause, take the running mean and
variance of what sounded before, weighted by `memory`, and give theirs back (docs/decisions/005-speaking.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from avatar.media import Samples
from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.speaking.passes import Compiled, Composed, Passes
from avatar.voice.speaking.rows import Conv, as_picture, as_rows, conv_of, on_device
from avatar.voice.speaking.styled import mixed_moments
from avatar.voice.speaking.weights import Weights, read_weights

Floats = NDArray[np.float32]

LENGTHS = (48, 72, 96, 144, 192)
"""On a CPU windows are padded to one of these many columns, or to a multiple of the last: oneDNN prepares itself anew,
for half a second, for every length that it has not seen. What is padded is not counted and sounds nowhere."""

_TIMBRE = 128
_DILATIONS = (1, 3, 5)
_SLOPE, _LAST_SLOPE = 0.1, 0.01
_HALF = 11
"""Magnitudes, and as many phases, of the last transform: 20 points."""
_HOP, _EDGE, _LOUDNESS = 5, 10, 4.0
_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class _Bend:
    """A normalisation that the style scales and shifts (AdaIN), and the snake x + sin²(ax)/a after it.

    Attributes:
        matrix, bias: from the style to scale and shift, float32 [128, 2 c] and [2 c].
        alpha: a for each channel, float32 [c].
        name: of the layer that the style goes through, in the decoder.
        place: of its channels among the statistics.
    """

    matrix: Floats
    bias: Floats
    alpha: Floats
    name: str
    place: slice


@dataclass(frozen=True, slots=True)
class _Pair:
    first: _Bend
    wide: Conv
    second: _Bend
    narrow: Conv


@dataclass(frozen=True, slots=True)
class _Stage:
    """One step up in rate: what the harmonic source adds, and three residual blocks whose mean goes on."""

    hum: Conv
    bright: tuple[_Pair, ...]
    raise_weight: Tensor
    raise_bias: Tensor
    rate: int
    reflect: int
    blocks: tuple[tuple[_Pair, ...], ...]


class Generator:
    """The network, safe to share between threads."""

    def __init__(self, weights: Path, device: str, threads: int, precision: torch.dtype | None = None) -> None:
        """
        Args:
            weights: the file that `graph.cut_model` makes.
            device: "cpu", "cuda" or "cuda:N".
            threads: that one call computes with on a CPU. In float32 they share each convolution; where that gains
                nothing, in bfloat16, a second one takes every third residual block.
            precision: of the convolutions; None takes the quickest here.

        Raises:
            OSError, ValueError, KeyError: the file is not one of ours.
            RuntimeError: the device is not there.
        """
        self._device = torch.device(device)
        self.precision = precision or quickest(self._device)
        self._threads = threads if self.precision == torch.float32 else 1
        shared = device == "cpu" and threads > 1 and self._threads == 1
        self._helper = ThreadPoolExecutor(1, "generator", torch.set_num_threads, (1,)) if shared else None
        self._passes: Passes = Compiled(self.precision) if device == "cpu" else Composed(self.precision, self._device)
        self.channels = 0
        stored = read_weights(weights)
        self._stages = tuple(self._stage(stored, level) for level in range(2))
        self._width = int(self._stages[0].raise_weight.shape[0])
        self._rate = self._stages[0].rate * self._stages[1].rate
        self._last = self._conv(stored, "conv_post", torch.float32)
        self._basis = on_device(stored.array("inverse_basis"), self._device)
        self._window = on_device(stored.array("window_sum"), self._device)

    def warm(self) -> None:
        """Prepare for windows of every length, so that the first clause is as quick as the second."""
        if self._device.type == "cpu":
            style, stats = np.zeros((1, 2 * _TIMBRE), np.float32), np.ones((2, self.channels, 1), np.float32)
            for columns in LENGTHS:
                latent, source = _zeros(self._width, columns), _zeros(2 * _HALF, self._rate * columns + 1)
                self(latent, source, style, stats, 1.0)

    @torch.inference_mode()
    def __call__(
        self, latent: Floats, source: Floats, style: Floats, stats: Floats, memory: float, deltas: Deltas = NO_DELTAS
    ) -> tuple[Samples, Floats]:
        """The sound of some columns.

        Args:
            latent: float32 [1, 512, n].
            source: float32 [1, 22, 60 n + 1], the harmonics of F0.
            style: float32 [1, 256].
            stats: float32 [2, channels, 1], mean and variance of each normalised channel so far.
            memory: 0..1, the weight of those statistics against these columns' own.
            deltas: the voice's own.

        Returns:
            float32 [300 n], and the statistics that it was normalised with.
        """
        torch.set_num_threads(self._threads)
        run = _Run(self._passes, style[0, :_TIMBRE], stats[:, :, 0], memory, deltas)
        valid = latent.shape[2]
        padded = _padded(valid) if self._device.type == "cpu" else valid
        sound = self._rows(latent, padded)
        hum = self._rows(source, padded * self._rate + 1).to(self.precision)
        for stage in self._stages:
            sound, valid = self._raised(stage, sound, valid, hum, run)
        sound = functional.leaky_relu(sound[:valid], _LAST_SLOPE)
        return self._waves(self._last(sound)), run.new[:, :, None]

    def _raised(self, stage: _Stage, sound: Tensor, valid: int, hum: Tensor, run: _Run) -> tuple[Tensor, int]:
        """One stage: rows [n, c], of which the first `valid` count, to rows of the next rate."""
        sound[valid:] = 0
        quiet = functional.leaky_relu(sound, _SLOPE).to(self.precision)
        raised = functional.conv_transpose2d(
            as_picture(quiet), stage.raise_weight, stage.raise_bias, (1, stage.rate), (0, stage.rate // 2)
        )
        rows = as_rows(raised).float()
        rows = torch.cat([rows[1 : 1 + stage.reflect], rows])
        valid = valid * stage.rate + stage.reflect
        bright = stage.hum(hum).float()
        bright = run.block(stage.bright, bright, run.passes.moments(bright, valid), valid)
        rows, moments = run.passes.absorb(rows, bright, valid)
        heavy = self._beside(run.block, stage.blocks[2], rows, moments, valid)
        light = [run.block(pairs, rows, moments, valid) for pairs in stage.blocks[:2]]
        return (light[0] + light[1] + heavy()) / len(stage.blocks), valid

    def _beside(self, block: Callable[..., Tensor], *args: Any) -> Callable[[], Tensor]:
        """What gives a block's rows, which are computed meanwhile where there is a thread for it."""
        if self._helper is None:
            return lambda: block(*args)
        return self._helper.submit(torch.inference_mode()(block), *args).result

    def _waves(self, shape: Tensor) -> Samples:
        """The inverse transform of rows [n, 22]: magnitudes and phases for every five samples."""
        size, phase = shape[:, :_HALF].exp(), shape[:, _HALF:].sin()
        parts = torch.cat([size * phase.cos(), size * phase.sin()], dim=1)
        waves = functional.conv_transpose1d(parts.t()[None], self._basis, stride=_HOP)[0, 0]
        start = waves[: len(self._window)]
        start /= torch.where(self._window > 0, self._window, 1.0)[: len(start)]
        return np.asarray((_LOUDNESS * waves[_EDGE:-_EDGE]).cpu().numpy(), dtype=np.float32)

    def _stage(self, stored: Weights, level: int) -> _Stage:
        weight, bias = stored.convolution(f"ups.{level}")
        rate = weight.shape[2] // 2
        fine = 1 if level else stored.convolution("ups.1")[0].shape[2] // 2
        places = iter(self._places(weight.shape[1]))
        bright = self._block(stored, f"noise_res.{level}", places)
        shared = next(places)
        blocks = [self._block(stored, f"resblocks.{3 * level + part}", chain([shared], places)) for part in range(3)]
        return _Stage(
            hum=self._conv(stored, f"noise_convs.{level}", self.precision, stride=fine, padding=fine // 2),
            bright=bright,
            raise_weight=on_device(weight[:, :, None], self._device).to(self.precision),
            raise_bias=on_device(bias, self._device).to(self.precision),
            rate=rate,
            reflect=level,
            blocks=tuple(blocks),
        )

    def _places(self, channels: int) -> Iterator[slice]:
        """Where the statistics of one normalisation after the other stand."""
        while True:
            self.channels += channels
            yield slice(self.channels - channels, self.channels)

    def _block(self, stored: Weights, name: str, places: Iterator[slice]) -> tuple[_Pair, ...]:
        return tuple(
            _Pair(
                first=_bend(stored, name, 1, part, next(places)),
                wide=self._conv(stored, f"{name}.convs1.{part}", self.precision, dilation=dilation),
                second=_bend(stored, name, 2, part, next(places)),
                narrow=self._conv(stored, f"{name}.convs2.{part}", self.precision),
            )
            for part, dilation in enumerate(_DILATIONS)
        )

    def _conv(
        self,
        stored: Weights,
        name: str,
        kind: torch.dtype,
        *,
        stride: int = 1,
        padding: int | None = None,
        dilation: int = 1,
    ) -> Conv:
        """A convolution that keeps the length where neither stride nor padding is given."""
        return conv_of(*stored.convolution(name), kind, self._device, stride=stride, padding=padding, dilation=dilation)

    def _rows(self, array: Floats, length: int) -> Tensor:
        """[1, c, n] as rows [length, c], silent at the end."""
        rows = np.zeros((length, array.shape[1]), dtype=np.float32)
        rows[: array.shape[2]] = array[0].T
        return torch.from_numpy(rows).to(self._device)


class _Run:
    """What one call carries through the network: the style, and the statistics before and after."""

    def __init__(self, passes: Passes, style: Floats, old: Floats, memory: float, deltas: Deltas) -> None:
        self.passes = passes
        self._deltas = deltas
        self.new = np.empty_like(old)
        self._style, self._old, self._memory = style, old, np.float32(memory)

    def block(self, pairs: Sequence[_Pair], sound: Tensor, moments: tuple[Floats, Floats], valid: int) -> Tensor:
        """A residual block over rows whose moments are known."""
        for pair in pairs:
            inner = pair.wide(self._bent(pair.first, sound, moments, valid))
            inner = pair.narrow(self._bent(pair.second, inner, self.passes.moments(inner, valid), valid))
            sound, moments = self.passes.absorb(sound, inner, valid)
        return sound

    def _bent(self, bend: _Bend, rows: Tensor, moments: tuple[Floats, Floats], valid: int) -> Tensor:
        mean, variance = self._mixed(bend.place, *moments)
        delta = self._deltas.get(bend.name)
        bias = bend.bias if delta is None else bend.bias + delta
        scale, shift = np.split(self._style @ bend.matrix + bias, 2)
        gain = (1 + scale) / np.sqrt(variance + np.float32(_EPSILON))
        return self.passes.bend(rows, gain, shift - mean * gain, bend.alpha, valid)

    def _mixed(self, place: slice, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
        common, mixed = mixed_moments((mean, variance), self._old[:, place], self._memory)
        self.new[0, place], self.new[1, place] = common, mixed
        return common, mixed


def quickest(device: torch.device) -> torch.dtype:
    """bfloat16 on processors and GPUs that compute in it, float32 elsewhere."""
    if device.type != "cpu":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("amx_bf16") or able.get("avx512_bf16") else torch.float32


def _padded(columns: int) -> int:
    longest = LENGTHS[-1]
    return next((length for length in LENGTHS if length >= columns), columns + -columns % longest)


def _bend(stored: Weights, block: str, half: int, part: int, place: slice) -> _Bend:
    layer = f"{block}.adain{half}.{part}.fc"
    matrix, bias = stored.linear(layer)
    alpha = stored.array(f"{block}.alpha{half}.{part}").reshape(-1)
    return _Bend(matrix, bias, alpha, f"generator.{layer}", place)


def _zeros(channels: int, length: int) -> Floats:
    return np.zeros((1, channels, length), dtype=np.float32)
