"""Perth's networks (Resemble AI's implicit watermark, MIT): one tells how to mark a spectrum, one whether it is marked.

Both see the lowest 2 kHz of a spectrogram: 128 bins of 15.6 Hz, a frame each 10 ms. Perth computes at 32 kHz with
windows of 2048; windows of 1536 at our 24 kHz have the same bins and the same frames, so speech is never resampled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from avatar.errors import WeightsError
from avatar.media import Samples

WINDOW = 1536
"""Samples of a window: 64 ms."""

HOP = 240
"""Samples between frames: 10 ms."""

BINS = 128
"""Bins that are marked: below 2 kHz."""

REACH = 15
"""Frames on each side that a frame's mark depends on: five convolutions of seven taps."""

LEVEL_SPAN_DB = 195.0
"""A level of 0 is -180 dB and 1 is 15 dB, as the network was trained."""

_FLOOR = 1e-9
_TRAINED_WINDOW = 2048
_WINDOW = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_TAPS = 7
_SLOPE = 0.01
_SPEEDS = {"slow": 1.25, "normal": 1.0, "fast": 0.75}
_QUIET = 0.05
"""Frames whose levels add up to less than this part of the loudest frame's are not judged."""

Layers = list[tuple[torch.Tensor, torch.Tensor]]
"""Weight [out, taps * in] and bias [out] of each convolution."""

Spectrum = NDArray[np.complex64]
"""complex64 [frames, WINDOW // 2 + 1]."""

Levels = NDArray[np.float32]
"""float32 [frames, BINS]: decibels, brought to 0..1."""


class MarkNetwork:
    """The two networks. Safe to share."""

    def __init__(self, state: Mapping[str, torch.Tensor]) -> None:
        """
        Args:
            state: the tensors of Perth's checkpoint, by name.

        Raises:
            WeightsError: one of them is missing or has another shape.
        """
        try:
            self._mark = _layers(state, "encoder.layers", BINS)
            self._judges = {name: _layers(state, f"decoder.{name}_layers", 2) for name in _SPEEDS}
        except (KeyError, ValueError, RuntimeError) as error:
            raise _damaged() from error

    @classmethod
    def load(cls, path: Path) -> MarkNetwork:
        """From the catalog's file.

        Raises:
            WeightsError: it is missing or is none of Perth's.
        """
        try:
            return cls(torch.load(path, map_location="cpu", weights_only=True)["model"])
        except (OSError, EOFError, KeyError, TypeError, RuntimeError, ValueError, UnpicklingError) as error:
            raise _damaged() from error

    def residual(self, levels: Levels) -> Levels:
        """What is added to the levels of a spectrogram to mark it, float32 [frames, BINS]."""
        with torch.inference_mode():
            return _run(self._mark, torch.from_numpy(levels)).numpy()

    def score(self, levels: Levels) -> float:
        """How surely a spectrogram is marked: 0 is no, 1 is yes; 0 where it is silent.

        Args:
            levels: at least one frame.
        """
        loudness = torch.from_numpy(levels.sum(axis=1))
        audible = (loudness > _QUIET * loudness.max()).float()
        if not audible.any():
            return 0.0
        with torch.inference_mode():
            found = torch.stack([self._judged(name, torch.from_numpy(levels), audible) for name in _SPEEDS])
            sure = torch.softmax(found[:, 0], dim=0)
            return min(1.0, max(0.0, float((found[:, 1] * sure).sum())))

    def _judged(self, name: str, levels: torch.Tensor, audible: torch.Tensor) -> torch.Tensor:
        """Confidence and mark [2] as seen at one of three speeds, which withstands a change of tempo."""
        frames = max(1, int(len(levels) * _SPEEDS[name]))
        seen = functional.interpolate(levels.T[None], size=frames, mode="linear", align_corners=True)[0].T
        weight = functional.interpolate(audible[None, None], size=frames, mode="nearest")[0, 0]
        return (_run(self._judges[name], seen) * weight[:, None]).sum(dim=0) / weight.sum().clamp_min(1.0)


def spectrum(samples: Samples) -> Spectrum:
    """The frames of a stretch of sound, the first from its first sample on; what fills no window is left out."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    return np.fft.rfft(frames * _WINDOW, axis=1).astype(np.complex64)


def levels_of(frames: Spectrum) -> Levels:
    """What the networks see of a spectrum."""
    size = np.maximum(np.abs(frames[:, :BINS]) * (_TRAINED_WINDOW / WINDOW), _FLOOR)
    floor = 20 * math.log10(_FLOOR)
    return ((20 * np.log10(size) - floor) / LEVEL_SPAN_DB).astype(np.float32)


def overlapped(frames: Spectrum) -> Samples:
    """The sound of consecutive frames of a spectrum, float32 [(frames - 1) * HOP + WINDOW], each windowed again."""
    pieces = np.fft.irfft(frames, n=WINDOW, axis=1) * (_WINDOW / _OVERLAP)
    sound = np.zeros((len(frames) - 1) * HOP + WINDOW, dtype=np.float64)
    for index, piece in enumerate(pieces):
        sound[index * HOP : index * HOP + WINDOW] += piece
    return sound.astype(np.float32)


_OVERLAP = float((_WINDOW**2).sum() / HOP)
"""What overlapping squared windows add up to: 2.4."""


def _layers(state: Mapping[str, torch.Tensor], name: str, outputs: int) -> Layers:
    """The convolutions of one stack, each as a matrix over its taps."""
    sizes = [1, *[_TAPS] * (REACH // (_TAPS // 2)), 1]
    found: Layers = []
    for index, taps in enumerate(sizes):
        weight = state[f"{name}.{index}.conv.weight"].float()
        bias = state[f"{name}.{index}.conv.bias"].float()
        inputs = BINS if index == 0 else found[-1][1].numel()
        if weight.shape != (bias.numel(), inputs, taps):
            raise ValueError(f"{name}.{index}: {tuple(weight.shape)}")
        found.append((weight.permute(0, 2, 1).reshape(bias.numel(), -1).contiguous(), bias))
    if found[-1][1].numel() != outputs:
        raise ValueError(f"{name}: {found[-1][1].numel()} outputs")
    return found


def _run(layers: Layers, rows: torch.Tensor) -> torch.Tensor:
    """A stack over frames, [frames, in] to [frames, out]; beyond the ends there is nothing."""
    for index, (weight, bias) in enumerate(layers):
        taps = weight.shape[1] // rows.shape[1]
        if taps > 1:
            padded = functional.pad(rows, (0, 0, taps // 2, taps // 2))
            rows = padded.unfold(0, taps, 1).permute(0, 2, 1).reshape(len(rows), -1)
        rows = functional.linear(rows, weight, bias)
        if index < len(layers) - 1:
            rows = functional.leaky_relu(rows, _SLOPE)
    return rows


def _damaged() -> WeightsError:
    return WeightsError(
        "The watermark's weights are missing or damaged. Run `avatar models pull perth`.",
        "水印模型的权重缺失或损坏。请运行 `avatar models pull perth`。",
    )
