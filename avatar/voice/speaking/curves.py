"""How a clause's pitch and energy run, from what the encoder says of each unit, in torch (StyleTTS 2, Li et al.)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray

from avatar.voice.speaking.rows import Product, product_of
from avatar.voice.speaking.styled import Block, Run, read_block
from avatar.voice.speaking.weights import Weights

Floats = NDArray[np.float32]

STEP = 40
"""Units. On a CPU clauses are padded to a multiple of so many: for a new length oneDNN prepares itself for 20 ms."""

_TIMBRE = 128


class Curves:
    """The two predictors, safe to share between threads. They see all that the encoder saw."""

    def __init__(self, weights: Weights, device: torch.device, threads: int, precision: torch.dtype) -> None:
        """
        Args:
            weights: of both predictors, under `F0` and `N`.
            threads: that one call computes with on a CPU; two compute a predictor each.
            precision: of the convolutions.

        Raises:
            ValueError, KeyError: the weights are not those of predictors.
        """
        self._device = device
        shared = device.type == "cpu" and threads > 1
        self._helper = ThreadPoolExecutor(1, "curves", torch.set_num_threads, (1,)) if shared else None
        self._pitch = self._read(weights, "F0", precision)
        self._energy = self._read(weights, "N", precision)

    def __call__(self, frames: Floats, style: Floats) -> tuple[Floats, Floats]:
        """F0 in Hz and energy, float32 [2 t] each.

        Args:
            frames: float32 [t, 512].
            style: float32 [1, 256].
        """
        torch.set_num_threads(1)
        valid = len(frames)
        padded = np.zeros((valid + -valid % STEP if self._device.type == "cpu" else valid, frames.shape[1]), np.float32)
        padded[:valid] = frames
        rows = torch.from_numpy(padded).to(self._device)
        if self._helper is None:
            return self._curve(*self._pitch, rows, valid, style), self._curve(*self._energy, rows, valid, style)
        f0 = self._helper.submit(self._curve, *self._pitch, rows, valid, style)
        energy = self._curve(*self._energy, rows, valid, style)
        return f0.result(), energy

    @torch.inference_mode()
    def _curve(self, blocks: tuple[Block, ...], last: Product, rows: torch.Tensor, valid: int, style: Floats) -> Floats:
        channels = blocks[-1].second.place.stop
        run = Run(style[0, _TIMBRE:], np.zeros((2, channels), np.float32), 0.0)
        for block in blocks:
            rows, valid = run.through(block, rows, valid)
        return np.asarray(last(rows)[:valid, 0].cpu().numpy())

    def _read(self, weights: Weights, name: str, precision: torch.dtype) -> tuple[tuple[Block, ...], Product]:
        blocks: list[Block] = []
        for part in range(3):
            before = blocks[-1].second.place.stop if blocks else 0
            blocks.append(read_block(weights, f"{name}.{part}", before, precision, self._device))
        last = product_of(*weights.convolution(f"{name}_proj"), torch.float32, self._device)
        return tuple(blocks), last
