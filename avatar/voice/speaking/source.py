"""The hum that the generator shapes: nine harmonics of F0 as one wave, and that wave's short spectra.

The angle of each harmonic is added up over the clause, so any part of the hum can be made by itself and goes on where
the part before it ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avatar.media import SPEECH_RATE
from avatar.voice.speaking.rows import on_device
from avatar.voice.speaking.weights import Weights

Floats = NDArray[np.float32]

HARMONICS = 9
FRAME = 300
"""Samples for each value of F0."""

HOP = 5
_POINTS, _HALF = 20, 11
_EDGE = _POINTS // 2
_VOICED_HZ, _LOUDNESS = 10.0, 0.1

_SILENT_PHASES = (math.pi, 0.0, 2.4904, -2.1254, 0.7935, -2.1292, 0.1730, 2.9268, -1.3449, 2.7360, -1.5468)
"""Phases where nothing hums. The spectrum of the constant that is left has but two points; at the others the published
model's transform finds these phases in its own rounding, and its sound, as we have measured it, is made with them."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The angle of each harmonic in the middle of each frame, float32 [t + 2, 9], the first and the last said twice.
    And whether a frame hums, bool [t]."""

    angles: Floats
    voiced: NDArray[np.bool_]


class Source:
    """The hum, safe to share between threads."""

    def __init__(self, weights: Weights, device: torch.device) -> None:
        """
        Args:
            weights: of the generator.

        Raises:
            KeyError: those of the source are not among them.
        """
        self._device = device
        self._mix = on_device(weights.array("m_source.harmonics").reshape(HARMONICS, 1), device)
        self._offset = float(weights.array("m_source.l_linear.bias").item())
        turn = 2 * np.pi * np.outer(np.arange(_POINTS), np.arange(_HALF)) / _POINTS
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_POINTS) / _POINTS)
        basis = window[:, None] * np.concatenate([np.cos(turn), -np.sin(turn)], axis=1)
        self._basis = torch.from_numpy(basis.astype(np.float32)).to(device)
        self._silent = torch.tensor(_SILENT_PHASES, device=device)

    def turns(self, f0: Floats) -> Turns:
        """The course of a clause's harmonics.

        Args:
            f0: float32 [t] in Hz, below 10 where nothing hums.
        """
        each = f0[:, None] * np.arange(1, HARMONICS + 1, dtype=np.float32) / np.float32(SPEECH_RATE)
        turned = np.cumsum(each - np.floor(each), axis=0, dtype=np.float32)
        angles = turned * np.float32(2) * np.float32(np.pi) * np.float32(FRAME)
        return Turns(np.pad(angles, ((1, 1), (0, 0)), mode="edge"), f0 > _VOICED_HZ)

    @torch.inference_mode()
    def __call__(self, turns: Turns, start: int, end: int) -> Tensor:
        """The spectra over some frames, each 20 samples wide and 5 from the next: magnitudes and phases, float32
        [60 (end - start) + 1, 22]. Beyond the ends of the clause its wave is mirrored."""
        first, last = max(0, start - 1), min(turns.voiced.size, end + 1)
        wave = self._wave(turns, first, last)
        before, after = _EDGE if start == 0 else 0, _EDGE if end == turns.voiced.size else 0
        wave = torch.nn.functional.pad(wave[None], (before, after), mode="reflect")[0]
        from_here = 0 if start == 0 else FRAME - _EDGE
        frames = wave[from_here : from_here + FRAME * (end - start) + 2 * _EDGE].unfold(0, _POINTS, HOP)
        parts = frames @ self._basis
        real, imaginary = parts[:, :_HALF], parts[:, _HALF:] + 0.0
        phases = torch.atan2(imaginary, real)
        constant = (frames == frames[:, :1]).all(dim=1, keepdim=True)
        return torch.cat([torch.hypot(real, imaginary), torch.where(constant, self._silent, phases)], dim=1)

    def _wave(self, turns: Turns, first: int, last: int) -> Tensor:
        """The samples of some frames, float32 [300 (last - first)]."""
        angles = torch.from_numpy(turns.angles[first : last + 2, None]).to(self._device)
        half = FRAME // 2
        share = (torch.arange(half, device=self._device) + 0.5)[:, None] / FRAME
        early = angles[:-2] * (0.5 - share) + angles[1:-1] * (0.5 + share)
        late = angles[1:-1] * (1 - share) + angles[2:] * share
        angle = torch.cat([early, late], dim=1)
        voiced = torch.from_numpy(turns.voiced[first:last]).to(self._device)
        hum = (_LOUDNESS * torch.sin(angle)) * voiced[:, None, None]
        return torch.tanh(hum @ self._mix + self._offset).reshape(-1)
