"""The sound as Wav2Lip's networks hear it: sixteen columns of 80 mel bands, 0.2 s from a frame's start on.

The parameters are those that were published with K. R. Prajwal and others, A Lip Sync Expert Is All You Need for Speech
to Lip Generation In the Wild, 2020: 16 kHz, pre-emphasis 0.97, Hann windows of 800 samples every 200, magnitudes, 80
bands of Slaney's scale from 55 to 7600 Hz with unit area, decibels above -100 with 20 dB taken off, mapped to -4..4.

Our speech has 24 kHz. A window of the same 50 ms has the same bins, 20 Hz apart, so the bins up to 8 kHz are taken
as they are, with the pre-emphasis of 16 kHz as a factor of each: no resampling, and columns that depend on nothing
but their own samples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.media import FPS, SPEECH_RATE, Samples

BANDS, COLUMNS = 80, 16
"""The size of what a network hears for one frame."""

_RATE, _FFT, _HOP = 16_000, 800, 200
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 7600.0
_PREEMPHASIS, _FLOOR_DB, _REFERENCE_DB, _MOST = 0.97, -100.0, 20.0, 4.0

HOP = _HOP * SPEECH_RATE // _RATE
LENGTH = _FFT * SPEECH_RATE // _RATE
"""Our samples between two columns, and in one."""

SPAN = (COLUMNS - 1) * HOP + LENGTH
"""Our samples in the columns of one frame: 237 ms."""

BEHIND = LENGTH // 2
"""How many of them lie before the first column's moment."""

Floats = NDArray[np.float32]


def first_sample(frame: int) -> int:
    """Where the SPAN of a frame begins: half a window before its first column, of which there are 80 a second."""
    return frame * (_RATE // _HOP) // FPS * HOP - BEHIND


def mel(span: Samples) -> Floats:
    """The columns of one frame.

    Args:
        span: float32 [SPAN] in -1..1 at SPEECH_RATE, from `first_sample` on; silence is zero.

    Returns:
        float32 [BANDS, COLUMNS] in -4..4.
    """
    windows = np.lib.stride_tricks.sliding_window_view(span, LENGTH)[::HOP] * _WINDOW
    magnitudes = np.abs(np.fft.rfft(windows, axis=1))[:, : _FFT // 2 + 1] * _EMPHASIS
    decibels = 20.0 * np.log10(np.maximum(10.0 ** (_FLOOR_DB / 20.0), magnitudes @ _BANDS)) - _REFERENCE_DB
    scaled = 2.0 * _MOST * (decibels - _FLOOR_DB) / -_FLOOR_DB - _MOST
    return np.ascontiguousarray(np.clip(scaled, -_MOST, _MOST).T, dtype=np.float32)


def _slaney(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's mel scale: even to 1 kHz, logarithmic above (Auditory Toolbox, 1998)."""
    above = 15.0 + 27.0 * np.log(np.maximum(hertz, 1.0) / 1000.0) / np.log(6.4)
    return np.where(hertz < 1000.0, hertz * 3.0 / 200.0, above)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < 15.0, mels * 200.0 / 3.0, 1000.0 * np.exp((mels - 15.0) * np.log(6.4) / 27.0))


def _filters() -> NDArray[np.float64]:
    """float64 [_FFT / 2 + 1, BANDS]: triangles of unit area."""
    low, high = _slaney(np.array([_LOWEST_HZ, _HIGHEST_HZ]))
    edges = _hertz(np.linspace(low, high, BANDS + 2))
    bins = np.arange(_FFT // 2 + 1)[:, None] * (_RATE / _FFT)
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.asarray(np.maximum(0.0, np.minimum(rise, fall)) * 2.0 / (edges[2:] - edges[:-2]))


_BANDS = _filters()
_WINDOW = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(LENGTH) / LENGTH)
_EMPHASIS = np.abs(1.0 - _PREEMPHASIS * np.exp(-2j * np.pi * np.arange(_FFT // 2 + 1) / _FFT)) * (_RATE / SPEECH_RATE)
