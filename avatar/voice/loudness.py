"""How loud speech is, and how high its peaks are between the samples (ITU-R BS.1770-5)."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples, resample

TARGET_LUFS = -16.0
"""What speech is brought to: common for spoken programmes that are heard on telephones and in browsers."""

TARGET_TRUE_PEAK = -1.0
"""dBTP, the most."""

SILENT_LUFS = -math.inf

_BLOCK = SPEECH_RATE * 400 // 1000
_STEP = _BLOCK // 4
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
OFFSET = -0.691
"""LUFS of the power 1, K-weighted."""

_OVERSAMPLING = 4
_TAIL = SPEECH_RATE // 4

Coefficients = NDArray[np.float64]


def integrated(samples: Samples) -> float:
    """Integrated loudness in LUFS of mono sound; -inf where it is silent or shorter than 0.4 s.

    Args:
        samples: float32 [n] at SPEECH_RATE.
    """
    if samples.size < _BLOCK:
        return SILENT_LUFS
    power = np.square(weighted(samples))
    sums = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, samples.size - _BLOCK + 1, _STEP)
    return gated((sums[starts + _BLOCK] - sums[starts]) / _BLOCK)


def gated(blocks: NDArray[np.float64]) -> float:
    """Integrated loudness in LUFS of the blocks that count; -inf where none does.

    Args:
        blocks: float64 [n], the mean power, K-weighted, of 0.4 s each, overlapping by three quarters.
    """
    heard = blocks[_lufs(blocks) > _ABSOLUTE_GATE]
    if not heard.size:
        return SILENT_LUFS
    loud = heard[_lufs(heard) > _lufs(heard.mean()) + _RELATIVE_GATE]
    return float(_lufs(loud.mean()))


def true_peak(samples: Samples) -> float:
    """The highest peak in dBTP, also between the samples; -inf for silence."""
    if not samples.size or not samples.any():
        return -math.inf
    return float(20 * np.log10(np.abs(resample(samples, SPEECH_RATE, _OVERSAMPLING * SPEECH_RATE)).max()))


def _lufs(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(OFFSET + 10 * np.log10(np.maximum(power, 1e-20)))


def weighted(samples: Samples) -> NDArray[np.float64]:
    """K-weighting: a shelf for the head, then a high-pass; by their frequency responses, with room for their tails."""
    size = 1 << (samples.size + _TAIL - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(samples, size) * _response(size), size)[: samples.size]


@lru_cache(maxsize=8)
def _response(size: int) -> NDArray[np.complex128]:
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    response: NDArray[np.complex128] = np.ones_like(turn)
    for numerator, denominator in (_shelf(), _high_pass()):
        response *= np.polyval(numerator[::-1], turn) / np.polyval(denominator[::-1], turn)
    return response


def _shelf() -> tuple[Coefficients, Coefficients]:
    """The first stage at our rate, from the analogue prototype behind the standard's table for 48 kHz."""
    gain_db, quality, centre = 3.999843853973347, 0.7071752369554196, 1681.974450955533
    tangent = math.tan(math.pi * centre / SPEECH_RATE)
    high = 10 ** (gain_db / 20)
    middle = high**0.4996667741545416
    scale = 1 + tangent / quality + tangent**2
    numerator = [
        high + middle * tangent / quality + tangent**2,
        2 * (tangent**2 - high),
        high - middle * tangent / quality + tangent**2,
    ]
    denominator = [scale, 2 * (tangent**2 - 1), 1 - tangent / quality + tangent**2]
    return np.array(numerator) / scale, np.array(denominator) / scale


def _high_pass() -> tuple[Coefficients, Coefficients]:
    """The second stage."""
    quality, corner = 0.5003270373238773, 38.13547087602444
    tangent = math.tan(math.pi * corner / SPEECH_RATE)
    scale = 1 + tangent / quality + tangent**2
    denominator = [scale, 2 * (tangent**2 - 1), 1 - tangent / quality + tangent**2]
    return np.array([1.0, -2.0, 1.0]), np.array(denominator) / scale
