"""Makes recorded speech clean without changing the voice: rumble cut, steady noise lowered, levels alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples

Floats = NDArray[np.float64]

LEVEL_DB = -24.0
"""Root mean square of a cleaned window, in dB of full scale."""

_PEAK = 0.95

_RUMBLE_HZ = (45.0, 75.0)
"""Below the first nothing is left, above the second all; no voice speaks there."""

_FFT = 1024
_HOP = 256
_FLOOR = 10 ** (-12 / 20)
"""Noise is lowered by 12 dB and no more: what is taken away whole leaves chirps behind."""

_SMOOTHING = 0.96
"""Of the a-priori signal-to-noise ratio from frame to frame (Ephraim & Malah 1984)."""


def high_passed(samples: Samples) -> Samples:
    """The sound without rumble, in its place: float32 [n]. The filter has no phase.

    Args:
        samples: float32 [n] at SPEECH_RATE.
    """
    size = 1 << int(np.ceil(np.log2(samples.size + SPEECH_RATE // 4)))
    spectrum = np.fft.rfft(samples.astype(np.float64), size)
    hertz = np.arange(spectrum.size) * SPEECH_RATE / size
    low, high = _RUMBLE_HZ
    gain = 0.5 - 0.5 * np.cos(np.pi * np.clip((hertz - low) / (high - low), 0.0, 1.0))
    return np.fft.irfft(spectrum * gain, size)[: samples.size].astype(np.float32)


def noise_spectrum(pauses: Samples) -> Floats | None:
    """The mean power of what is heard between the words: float64 [_FFT // 2 + 1]; None where that is too short.

    Args:
        pauses: float32 [n] at SPEECH_RATE, the pauses joined.
    """
    if pauses.size < 8 * _FFT:
        return None
    powers = np.abs(_spectra(pauses)) ** 2
    return np.asarray(powers.mean(axis=0))


def denoised(samples: Samples, noise: Floats) -> Samples:
    """The sound with steady noise lowered: a Wiener filter whose estimate follows the speech (decision-directed).

    Args:
        samples: float32 [n] at SPEECH_RATE.
        noise: as `noise_spectrum` gives it.
    """
    spectra = _spectra(samples)
    ratios = np.abs(spectra) ** 2 / np.maximum(noise, 1e-12)
    gain = np.empty(ratios.shape)
    before = np.ones(ratios.shape[1])
    for index, ratio in enumerate(ratios):
        prior = _SMOOTHING * before + (1 - _SMOOTHING) * np.maximum(ratio - 1.0, 0.0)
        gain[index] = np.maximum(prior / (1.0 + prior), _FLOOR)
        before = gain[index] ** 2 * ratio
    return _joined(spectra * gain, samples.size)


def levelled(samples: Samples) -> Samples:
    """The sound at LEVEL_DB, its peaks within the scale."""
    level = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    gain = 10 ** (LEVEL_DB / 20) / max(level, 1e-6)
    peak = float(np.abs(samples).max()) * gain
    return np.asarray(samples * (gain if peak <= _PEAK else gain * _PEAK / peak), dtype=np.float32)


def _spectra(samples: Samples) -> NDArray[np.complex128]:
    """complex128 [frames, _FFT // 2 + 1], under square roots of Hann windows."""
    padded = np.pad(samples.astype(np.float64), (_FFT, _FFT + -samples.size % _HOP))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP]
    return np.fft.rfft(windows * _window(), axis=1)


def _joined(spectra: NDArray[np.complex128], length: int) -> Samples:
    """The sound of spectra, float32 [length]."""
    frames = np.fft.irfft(spectra, _FFT, axis=1) * _window()
    sound = np.zeros((len(frames) - 1) * _HOP + _FFT)
    for index, frame in enumerate(frames):
        sound[index * _HOP : index * _HOP + _FFT] += frame
    return (sound[_FFT : _FFT + length] * (2 * _HOP / _FFT)).astype(np.float32)


def _window() -> Floats:
    """Its squares, _HOP apart, add up to _FFT / (2 * _HOP)."""
    return np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT) / _FFT))
