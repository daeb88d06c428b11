"""Kokoro's decoder, from features, F0 and energy to the generator's latent, in torch (StyleTTS 2, Li et al., 2023).

It takes part of a clause as well as the whole: its normalisations take statistics from outside, as the generator's do,
and REACH units on each side of a part are all that its convolutions see of the rest
(docs/decisions/005-speaking.md).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.speaking.rows import Conv, conv_of
from avatar.voice.speaking.styled import Block, Run, read_block
from avatar.voice.speaking.weights import Weights

Floats = NDArray[np.float32]

REACH = 10
"""Units beside a part on which its latent depends."""

LENGTHS = (40, 60, 80, 120, 160)
"""On a CPU parts are padded to one of these many units, or to a multiple of the last: for a new length oneDNN prepares
itself for 40 ms."""

_BLOCKS = ("encode", "decode.0", "decode.1", "decode.2", "decode.3")
_TIMBRE = 128


class Decoder:
    """The network, safe to share between threads."""

    def __init__(self, weights: Weights, device: torch.device, threads: int, precision: torch.dtype) -> None:
        """
        Args:
            weights: of the decoder.
            threads: that one call computes with on a CPU.
            precision: of the wide convolutions.

        Raises:
            ValueError, KeyError: the weights are not those of a decoder.
        """
        self._device, self._threads = device, threads
        self._pitch = self._plain(weights, "F0_conv", "F0_conv", stride=2)
        self._energy = self._plain(weights, "N_conv", "N_conv", stride=2)
        self._residue = self._plain(weights, "asr_res.asr_res.0", "asr_res.0")
        self.channels = 0
        blocks: list[Block] = []
        for name in _BLOCKS:
            blocks.append(read_block(weights, name, self.channels, precision, device))
            self.channels = blocks[-1].second.place.stop
        self._blocks = tuple(blocks)

    def warm(self) -> None:
        """Prepare for parts of every length."""
        features = int(self._residue.weight.shape[1])
        stats, style = np.ones((2, self.channels, 1), np.float32), np.zeros((1, 2 * _TIMBRE), np.float32)
        for units in LENGTHS if self._device.type == "cpu" else ():
            curve = np.zeros(2 * units, np.float32)
            self(np.zeros((features, units), np.float32), curve, curve, style, stats, 1.0)

    @torch.inference_mode()
    def __call__(
        self,
        features: Floats,
        f0: Floats,
        energy: Floats,
        style: Floats,
        stats: Floats,
        memory: float,
        deltas: Deltas = NO_DELTAS,
    ) -> tuple[Floats, Floats]:
        """The latent of some units.

        Args:
            features: float32 [512, t].
            f0: float32 [2 t] in Hz.
            energy: float32 [2 t].
            style: float32 [1, 256].
            stats: float32 [2, channels, 1], mean and variance of each normalised channel so far.
            memory: 0..1, the weight of those statistics against these units' own.
            deltas: the voice's own.

        Returns:
            Rows float32 [2 t, 512], and the statistics that they were normalised with.
        """
        torch.set_num_threads(self._threads)
        valid = features.shape[1]
        padded = _padded(valid) if self._device.type == "cpu" else valid
        run = Run(style[0, :_TIMBRE], stats[:, :, 0], memory, deltas)
        rows = self._rows(features.T, padded)
        pitch = self._pitch(self._rows(f0[:, None], 2 * padded))
        loud = self._energy(self._rows(energy[:, None], 2 * padded))
        residue = self._residue(rows)
        rows, valid = run.through(self._blocks[0], torch.cat([rows, pitch, loud], dim=1), valid)
        for block in self._blocks[1:]:
            rows, valid = run.through(block, torch.cat([rows, residue, pitch, loud], dim=1), valid)
        return np.asarray(rows[:valid].cpu().numpy()), run.new[:, :, None]

    def _plain(self, weights: Weights, layer: str, bias: str, *, stride: int = 1) -> Conv:
        """A narrow convolution, always in float32."""
        weight = weights.weight(layer)
        edge = (weight.shape[2] - 1) // 2
        offset = weights.bias(bias, weight.shape[0])
        return conv_of(weight, offset, torch.float32, self._device, stride=stride, padding=edge)

    def _rows(self, array: Floats, length: int) -> Tensor:
        """Rows [n, c] as [length, c], zero at the end."""
        rows = np.zeros((length, array.shape[1]), dtype=np.float32)
        rows[: len(array)] = array
        return torch.from_numpy(rows).to(self._device)


def _padded(units: int) -> int:
    longest = LENGTHS[-1]
    return next((length for length in LENGTHS if length >= units), units + -units % longest)
