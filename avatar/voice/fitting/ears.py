"""What a fit listens with: the spectrum at three resolutions, and the speaker encoder, both with gradients."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from avatar.media import HEARING_RATE, SPEECH_RATE
from avatar.voice.speaker import FRAME, HOP, LEVEL, PARTIAL, SpeakerNetwork, mel_bank

_RESOLUTIONS = ((512, 40), (1024, 80), (2048, 100))
"""Points of a transform, and bands; a quarter of the points from one to the next."""

_FLOOR = 1e-5
"""Amplitude, for each point of a transform, below which nothing is compared: about 60 dB below loud speech."""

_RATIO = SPEECH_RATE / HEARING_RATE
_WIDE, _STEP = int(FRAME * _RATIO), int(HOP * _RATIO)
"""The speaker encoder's frames at SPEECH_RATE: bins as far apart as at its own rate, so that nothing is resampled."""


def spectra(sound: Tensor) -> list[Tensor]:
    """Logarithmic mel spectra at three resolutions, each float32 [bands, frames].

    Args:
        sound: float32 [n] at SPEECH_RATE.
    """
    found = []
    for size, bands in _RESOLUTIONS:
        window, bank = torch.hann_window(size, device=sound.device), _bank(size, bands, sound.device)
        waves = torch.stft(sound, size, size // 4, window=window, return_complex=True)
        power = waves.real.square() + waves.imag.square()
        found.append(torch.log(torch.sqrt(bank @ power + (_FLOOR * size) ** 2)))
    return found


def difference(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """The mean absolute difference of two sounds' spectra, in nepers."""
    parts = [functional.l1_loss(mine, theirs) for mine, theirs in zip(one, other, strict=True)]
    return torch.stack(parts).mean()


def voice_of(sound: Tensor, encoder: SpeakerNetwork) -> Tensor:
    """The embedding of a sound of at least 1.6 s, float32 [256] of length 1: the mean of its first and last look.

    Args:
        sound: float32 [n] at SPEECH_RATE.
        encoder: on the device of the sound; in training mode on a GPU, whose recurrent layers give no gradient else.
    """
    level = torch.sqrt(sound.square().mean() + 1e-9)
    window = torch.hann_window(_WIDE, device=sound.device)
    waves = torch.stft(
        sound * (LEVEL / level), _WIDE, _STEP, window=window, center=True, pad_mode="constant", return_complex=True
    )
    power = (waves.real.square() + waves.imag.square())[: FRAME // 2 + 1] / _RATIO**2
    mels = (torch.from_numpy(mel_bank()).to(sound.device) @ power).t()
    looks = encoder(torch.stack([mels[:PARTIAL], mels[-PARTIAL:]]))
    return functional.normalize(looks.mean(dim=0), dim=0)


@cache
def _bank(size: int, bands: int, device: torch.device) -> Tensor:
    """float32 [bands, size // 2 + 1]: triangles that add up to 1, even on the mel scale 2595 log10(1 + f/700)."""
    top = 2595 * np.log10(1 + SPEECH_RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    bins = np.linspace(0, SPEECH_RATE / 2, size // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    bank: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    total = np.maximum(bank.sum(axis=1, keepdims=True), 1e-3)
    return torch.from_numpy((bank / total).astype(np.float32)).to(device)
