"""What a recording is like: how loud its noise, whether it clips, rings, lacks its treble or has music in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.voice.hearing.vad import WINDOW

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FRAME = 480
"""20 ms at SPEECH_RATE."""

_FFT = 2048
_HOP = 512
_ROWS = 500
_MAX_SNR = 60.0
_DIGITAL_SILENCE = 1e-5

_NEAR_PEAK = 0.97
_TRACK_S = 0.45
"""A tone that stands still for so long is an instrument's; a vowel glides, and syllables are shorter."""


@dataclass(frozen=True, slots=True)
class Quality:
    """See `avatar.voice.enrolment.windows.Report` for what each figure is."""

    snr_db: float
    clipped: float
    decay_s: float | None
    bandwidth_hz: float
    music: float


def quality(samples: Samples, speech: NDArray[np.float32]) -> Quality:
    """Measure a recording.

    Args:
        samples: float32 [n] at SPEECH_RATE.
        speech: float32 [windows]: Silero's probabilities for the recording at HEARING_RATE.
    """
    if samples.size < _FFT:
        return Quality(0.0, 0.0, None, 0.0, 0.0)
    talking = speech_frames(speech, samples.size // _FRAME)
    power = np.mean(samples[: talking.size * _FRAME].reshape(-1, _FRAME).astype(np.float64) ** 2, axis=1)
    return Quality(
        snr_db=_snr(power, talking),
        clipped=_clipped(samples, talking),
        decay_s=_decay(power, talking),
        bandwidth_hz=_bandwidth(samples, talking),
        music=_music(samples),
    )


def speech_frames(speech: NDArray[np.float32], frames: int, threshold: float = 0.5) -> Flags:
    """Which frames of 20 ms have speech: bool [frames]."""
    windows = np.arange(frames) * 0.02 * HEARING_RATE / WINDOW
    return np.asarray(speech[np.minimum(windows.astype(int), max(speech.size - 1, 0))] >= threshold)


def _snr(power: Floats, talking: Flags) -> float:
    """The mean power of the speech over that between it, less the noise that is in both, in dB.

    Where hardly anything lies between, the quietest twentieth of all frames stands in.
    """
    between = power[~_widened(talking, 5)]
    between = between[between > _DIGITAL_SILENCE**2]
    sounding = power[power > _DIGITAL_SILENCE**2]
    if not talking.any() or not sounding.size:
        return 0.0
    noise = float(np.median(between)) if between.size >= 15 else float(np.percentile(sounding, 5))
    signal = max(float(power[talking].mean()) - noise, 1e-12)
    return float(min(_MAX_SNR, 10 * np.log10(signal / max(noise, 1e-12))))


def _clipped(samples: Samples, talking: Flags) -> float:
    """The share of the speech's samples that lie next to the highest value there is, on the side that has more.

    Natural speech has one in ten thousand there; a file that was cut off, even before it was compressed, many.
    """
    spoken = samples[: talking.size * _FRAME].reshape(-1, _FRAME)[talking].reshape(-1)
    if not spoken.size:
        return 0.0
    sides = (float(np.mean(spoken > _NEAR_PEAK * spoken.max())), float(np.mean(spoken < _NEAR_PEAK * spoken.min())))
    return max(sides)


def _decay(power: Floats, talking: Flags) -> float | None:
    """Seconds to fall by 60 dB, from the steepest stretch of 100 ms after each loud sound, the median of the slower
    half; None where the recording has too few ends, or its noise hides them."""
    levels = 10 * np.log10(np.maximum(power, 1e-12))
    if levels.size < 50 or not talking.any():
        return None
    floor, loud = np.percentile(levels, 5), np.percentile(levels[talking], 70)
    slopes = []
    for start in np.flatnonzero((levels[:-1] >= loud) & (levels[1:] < loud)):
        fall = levels[start : start + 30]
        rising = np.flatnonzero(np.diff(fall) > 1.5)
        fall = fall[: rising[0] + 1] if rising.size else fall
        fall = fall[fall > floor + 6]
        if fall.size >= 6 and fall[0] - fall[-1] >= 10:
            slopes.append(-np.polyfit(np.arange(fall.size) * 0.02, fall, 1)[0])
    if len(slopes) < 3:
        return None
    return float(60.0 / max(float(np.percentile(slopes, 60)), 1.0))


def _bandwidth(samples: Samples, talking: Flags) -> float:
    """Up to where the speech's mean spectrum stays within 55 dB of its strongest third of an octave, in Hz."""
    spectrum = _powers(samples)
    frames = np.minimum((np.arange(spectrum.shape[0]) * _HOP + _FFT // 2) // _FRAME, max(talking.size - 1, 0))
    spoken = spectrum[talking[frames]] if talking.size else spectrum
    if not spoken.shape[0]:
        return 0.0
    mean = np.convolve(spoken.mean(axis=0), np.ones(9) / 9, mode="same")
    above = np.flatnonzero(10 * np.log10(np.maximum(mean / max(mean.max(), 1e-12), 1e-12)) > -55)
    return float(above[-1] * SPEECH_RATE / _FFT) if above.size else 0.0


def _music(samples: Samples) -> float:
    """The share of seconds through which three tones or more stand still, as a chord's do and speech's do not."""
    low = resample(samples, SPEECH_RATE, 8000)
    size, hop = 1024, 200
    if low.size < 8000:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(low, size)[::hop]
    levels = _in_blocks(
        windows, lambda some: 10 * np.log10(np.abs(np.fft.rfft(some * np.hanning(size), axis=1)) ** 2 + 1e-10)
    )
    peaks = np.zeros(levels.shape, dtype=bool)
    peaks[:, 8:-1] = (levels[:, 8:-1] > levels[:, 7:-2]) & (levels[:, 8:-1] >= levels[:, 9:])
    around = _in_blocks(levels, _medians)
    peaks &= (levels > around + 15) & (levels > np.percentile(levels.max(axis=1), 90) - 45)
    held = _held(peaks, round(_TRACK_S * 8000 / hop)).sum(axis=1) >= 3
    seconds = [held[at : at + 8000 // hop].mean() > 0.4 for at in range(0, held.size, 8000 // hop)]
    return float(np.mean(seconds))


def _medians(levels: Floats) -> Floats:
    """Of the 41 bins around each bin."""
    padded = np.pad(levels, ((0, 0), (20, 20)), "edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 41, 1), 2))


def _in_blocks(rows: NDArray[Any], work: Callable[[NDArray[Any]], Floats]) -> Floats:
    """What `work` makes of rows, some at a time: ten minutes at once would take gigabytes."""
    return np.concatenate([work(rows[at : at + _ROWS]) for at in range(0, len(rows), _ROWS)])


def _held(peaks: Flags, frames: int) -> Flags:
    """The peaks that stay in their place for so many frames, gaps of one frame allowed."""
    closed = peaks.copy()
    closed[1:-1] |= peaks[:-2] & peaks[2:]
    run = np.zeros(closed.shape[1], dtype=np.int64)
    held = np.zeros(closed.shape, dtype=bool)
    for index, row in enumerate(closed):
        run = np.where(row, run + 1, 0)
        held[max(0, index - frames + 1) : index + 1, run >= frames] = True
    return held


def _powers(samples: Samples) -> Floats:
    """float64 [frames, _FFT // 2 + 1]."""
    windows = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), _FFT)[::_HOP]
    return _in_blocks(windows, lambda some: np.abs(np.fft.rfft(some * np.hanning(_FFT), axis=1)) ** 2)


def _widened(flags: Flags, frames: int) -> Flags:
    """The flags, and so many frames on either side."""
    return np.convolve(flags, np.ones(2 * frames + 1), mode="same") > 0
