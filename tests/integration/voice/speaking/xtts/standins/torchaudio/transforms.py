"""torchaudio.transforms, as far as XTTS needs it; its buffers have the names that they have in checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn


class Spectrogram(nn.Module):
    """The power of short spans of sound."""

    window: Tensor

    def __init__(self, n_fft: int, win_length: int, hop_length: int, window: Tensor) -> None:
        super().__init__()
        self._sizes = n_fft, hop_length, win_length
        self.register_buffer("window", window)

    def forward(self, waveform: Tensor) -> Tensor:
        size, hop, length = self._sizes
        spectrum = torch.stft(waveform, size, hop, length, self.window, center=True, return_complex=True)
        return spectrum.abs().square()


class MelScale(nn.Module):
    """Triangles on the mel scale."""

    fb: Tensor

    def __init__(self, triangles: Tensor) -> None:
        super().__init__()
        self.register_buffer("fb", triangles)

    def forward(self, spectrogram: Tensor) -> Tensor:
        return torch.matmul(spectrogram.transpose(-1, -2), self.fb).transpose(-1, -2)


class MelSpectrogram(nn.Module):
    """float [..., n] to float [..., n_mels, frames], with a power of 2."""

    def __init__(  # noqa: PLR0917 - torchaudio's
        self,
        sample_rate: int = 16000,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        f_min: float = 0.0,
        f_max: float | None = None,
        n_mels: int = 128,
        window_fn: Callable[[int], Tensor] = torch.hann_window,
        power: float = 2.0,
        normalized: bool = False,
        norm: str | None = None,
    ) -> None:
        super().__init__()
        assert (power, normalized) == (2, False), "no other is needed"
        length = win_length or n_fft
        self.spectrogram = Spectrogram(n_fft, length, hop_length or length // 2, window_fn(length))
        self.mel_scale = MelScale(_triangles(n_fft, sample_rate, n_mels, f_min, f_max or sample_rate / 2, norm))

    def forward(self, waveform: Tensor) -> Tensor:
        mel: Tensor = self.mel_scale(self.spectrogram(waveform))
        return mel


def _triangles(n_fft: int, rate: int, count: int, low: float, high: float, norm: str | None) -> Tensor:
    """[n_fft // 2 + 1, count], HTK's mel; of equal area for "slaney"."""
    frequencies = torch.linspace(0, rate / 2, n_fft // 2 + 1)
    bottom, top = (2595 * math.log10(1 + edge / 700) for edge in (low, high))
    mels = torch.linspace(bottom, top, count + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    rising = (frequencies[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return triangles * (2 / (edges[2:] - edges[:-2])) if norm == "slaney" else triangles
