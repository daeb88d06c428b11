"""Log-mel spectrograms as Whisper was trained on them; Smart Turn, built on Whisper's encoder, hears the same."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from avatar.media import HEARING_RATE, Samples

HOP = 160
"""Samples from one frame to the next: 10 ms."""

WINDOW = 400
"""Samples under one frame's Hann window: 25 ms."""

FRAMES_PER_SECOND = HEARING_RATE // HOP

LogMel = NDArray[np.float32]
"""float32 [bands, frames]: log10 of the mel power, at most 8 below the loudest, then (x + 4) / 4."""

RANGE = 8.0 / 4.0
"""From a spectrogram's loudest point down to its floor."""

_LINEAR_HZ = 200.0 / 3.0
_BREAK_MEL = 15.0
_LOG_STEP = np.log(6.4) / 27.0


def sane(samples: Samples) -> Samples:
    """The sound as float32 within -1..1; what is not a number becomes silence."""
    return np.clip(np.nan_to_num(samples, nan=0.0), -1.0, 1.0).astype(np.float32, copy=False)


def log_mel(samples: Samples, bands: int = 80) -> LogMel:
    """The spectrogram of a recording as in Radford et al., Robust Speech Recognition via
    Large-Scale Weak Supervision (2022).

    Args:
        samples: float32 [n] at HEARING_RATE.
        bands: 80 for Whisper up to large-v2 and for Smart Turn, 128 for large-v3.

    Returns:
        float32 [bands, n // 160]; no frames where there is less than one hop of sound.
    """
    frames = samples.size // HOP
    if frames == 0:
        return np.zeros((bands, 0), dtype=np.float32)
    edge = WINDOW // 2
    padded = np.pad(samples.astype(np.float32), edge, mode="reflect" if samples.size > edge else "constant")
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:frames]
    power = np.abs(np.fft.rfft(windows * _hann(), axis=1)) ** 2
    mel = np.log10(np.maximum(_filters(bands) @ power.T.astype(np.float32), 1e-10))
    mel = np.maximum(mel, mel.max() - 4.0 * RANGE)
    return np.asarray((mel + 4.0) / 4.0, dtype=np.float32)


@cache
def _hann() -> NDArray[np.float32]:
    """The periodic Hann window."""
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@cache
def _filters(bands: int) -> NDArray[np.float32]:
    """float32 [bands, 201]: triangles of equal area on Slaney's mel scale, 0..8000 Hz (Auditory Toolbox, 1998)."""
    bins = np.fft.rfftfreq(WINDOW, 1.0 / HEARING_RATE)
    edges = _hertz(np.linspace(0.0, _mel(HEARING_RATE / 2), bands + 2))
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)) * area[:, None], dtype=np.float32)


def _mel(hertz: float) -> float:
    """Slaney's scale above 1000 Hz, where it is logarithmic."""
    return float(_BREAK_MEL + np.log(hertz / 1000.0) / _LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of Slaney's scale: linear up to 1000 Hz, logarithmic above."""
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ, 1000.0 * np.exp(_LOG_STEP * (mel - _BREAK_MEL)))
