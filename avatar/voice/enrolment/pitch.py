"""The fundamental frequency of speech: YIN's candidates (de Cheveigné & Kawahara 2002), and the likeliest path through
them, as pYIN takes it (Mauch & Dixon 2014), so that octave errors and breaths do not show in the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample

Floats = NDArray[np.float64]

FRAMES_PER_SECOND = 100

LOWEST_HZ = 55.0
HIGHEST_HZ = 520.0
"""Speech of adults and children; song goes beyond."""

_HOP = HEARING_RATE // FRAMES_PER_SECOND
_WINDOW = 512
_LONGEST = int(HEARING_RATE / LOWEST_HZ) + 2
_SHORTEST = int(HEARING_RATE / HIGHEST_HZ)
_CANDIDATES = 5

_UNVOICED = 0.32
"""What it costs to call a frame unvoiced; a voiced frame costs YIN's aperiodicity, 0 for a perfect period."""

_QUIET = 10 ** (-40 / 20)
"""A frame so far below the loud ones is not voiced."""

_SWITCH = 0.25
"""What it costs to begin or end a voice."""

_LEAP = 2.0
"""What it costs to move by an octave from one frame to the next."""

_LONG = 0.04
"""What each octave towards longer periods costs: a period's multiples fit as well as itself."""

_FRAMES_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Pitch:
    """A track.

    Attributes:
        hz: float64 [frames], FRAMES_PER_SECOND of them each second; 0 where there is no voice.
    """

    hz: Floats

    @property
    def voiced(self) -> Floats:
        """The frequencies of the voiced frames, in order."""
        return self.hz[self.hz > 0]

    @property
    def median(self) -> float:
        """Of the voiced frames, in Hz; 0 where nothing is voiced."""
        voiced = self.voiced
        return float(np.median(voiced)) if voiced.size else 0.0


def track(samples: Samples, rate: int = SPEECH_RATE) -> Pitch:
    """The fundamental frequency through a recording.

    Args:
        samples: float32 [n] at rate, mono speech.
        rate: Hz.
    """
    sound = resample(samples, rate, HEARING_RATE).astype(np.float64)
    frames = sound.size // _HOP
    if frames == 0:
        return Pitch(np.zeros(0))
    padded = np.pad(sound, (_WINDOW // 2, _WINDOW + _LONGEST))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW + _LONGEST)[::_HOP][:frames]
    loud = np.sqrt(np.mean(windows[:, :_WINDOW] ** 2, axis=1))
    blocks = [_candidates(windows[at : at + _FRAMES_AT_ONCE]) for at in range(0, frames, _FRAMES_AT_ONCE)]
    periods = np.concatenate([block[0] for block in blocks])
    costs = np.concatenate([block[1] for block in blocks])
    costs[loud < _QUIET * np.percentile(loud, 95)] += 1.0
    return Pitch(_path(periods, costs))


def _candidates(windows: Floats) -> tuple[Floats, Floats]:
    """The best periods of each frame, in samples, and what each costs; both float64 [frames, _CANDIDATES]."""
    aperiodicity = _aperiodicity(windows)
    middle = aperiodicity[:, 1:-1]
    dips = (middle <= aperiodicity[:, :-2]) & (middle < aperiodicity[:, 2:])
    dips[:, : _SHORTEST - 1] = False
    lags = np.arange(1, aperiodicity.shape[1] - 1)
    wanted = np.where(dips, middle + _LONG * np.log2(lags / _SHORTEST), np.inf)
    best = np.argpartition(wanted, _CANDIDATES, axis=1)[:, :_CANDIDATES]
    rows = np.arange(best.shape[0])[:, None]
    left, here, right = (aperiodicity[rows, best + shift] for shift in (0, 1, 2))
    bend = left - 2 * here + right
    shift = np.where(bend > 1e-12, 0.5 * (left - right) / np.maximum(bend, 1e-12), 0.0)
    return best + 1 + np.clip(shift, -0.5, 0.5), wanted[rows, best]


def _aperiodicity(windows: Floats) -> Floats:
    """YIN's cumulative mean normalised difference: float64 [frames, _LONGEST], 1 at lag 0."""
    size = 1 << int(np.ceil(np.log2(2 * _WINDOW + _LONGEST)))
    head = np.fft.rfft(windows[:, :_WINDOW], size, axis=1)
    whole = np.fft.rfft(windows, size, axis=1)
    product = np.fft.irfft(np.conj(head) * whole, size, axis=1)[:, :_LONGEST]
    energy = np.cumsum(np.pad(windows**2, ((0, 0), (1, 0))), axis=1)
    later = energy[:, _WINDOW : _WINDOW + _LONGEST] - energy[:, :_LONGEST]
    difference = np.maximum(later[:, :1] + later - 2 * product, 0.0)
    sums = np.cumsum(difference[:, 1:], axis=1)
    steps = np.arange(1, _LONGEST)
    normalised = difference[:, 1:] * steps / np.maximum(sums, 1e-12)
    return np.concatenate([np.ones((windows.shape[0], 1)), np.where(sums > 1e-9, normalised, 1.0)], axis=1)


def _path(periods: Floats, costs: Floats) -> Floats:
    """The cheapest path through the candidates and the unvoiced state, as frequencies (Viterbi)."""
    frames, count = periods.shape
    octaves = np.log2(np.maximum(periods, 1.0))
    local = np.concatenate([np.where(np.isfinite(costs), costs, 9.0), np.full((frames, 1), _UNVOICED)], axis=1)
    move = np.zeros((count + 1, count + 1))
    move[:count, count] = move[count, :count] = _SWITCH
    total, back = local[0], np.zeros((frames, count + 1), dtype=np.int64)
    for frame in range(1, frames):
        move[:count, :count] = _LEAP * np.abs(octaves[frame - 1][:, None] - octaves[frame])
        ways = total[:, None] + move
        back[frame] = ways.argmin(axis=0)
        total = ways[back[frame], np.arange(count + 1)] + local[frame]
    states = np.zeros(frames, dtype=np.int64)
    states[-1] = int(total.argmin())
    for frame in range(frames - 1, 0, -1):
        states[frame - 1] = back[frame, states[frame]]
    voiced = states < count
    chosen = periods[np.arange(frames), np.minimum(states, count - 1)]
    return np.where(voiced, HEARING_RATE / np.maximum(chosen, 1.0), 0.0)
