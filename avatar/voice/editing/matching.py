"""Brings what a voice says to a recording: pace, pitch, level, spectrum and what is heard behind the words.

The voice has said the recording's own words as well, so that every comparison is of the same sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.editing.features import BANDS, HOP, POINTS, bank, centres, features, powers
from avatar.voice.editing.phrases import PITCH_HOP, Phrase, Span
from avatar.voice.enrolment.pitch import FRAMES_PER_SECOND, Pitch, track

Floats = NDArray[np.float64]

_PACES = (0.65, 1.5)
_PITCHES = (0.6, 1.7)
"""Factors beyond which the voice loses words."""

_BOOST_DB, _CUT_DB = 18.0, -36.0
"""What may be done to a band, beside the mean change of all bands."""

_PRESENT = 0.3
"""Frames with more presence tell what speech is like."""

_RIDGE = 150.0
"""Weight of the ridge, in dB² for each frame. Learnt on one half of seven recordings and heard on the other, a voice
was nearer by 0.04 of the speaker encoder's cosine than with the same change for all frames."""

_LEAST_SPEECH = 0.05
"""Share of a frame's power that is taken for speech, however much of it the background has."""

_FEWEST = 20
"""Frames that tell it: 0.1 s."""

_QUIET = 5
"""Percent of a recording's frames, the quietest, that are its background."""

_SURE_DB = 12.0
"""So far below the speech the quietest frames must lie to be background."""


@dataclass(frozen=True, slots=True)
class Same:
    """One token in the recording and in the voice's saying of the same text, in samples at SPEECH_RATE."""

    there: Span
    here: Span

    @property
    def lengths(self) -> tuple[int, int]:
        return self.there[1] - self.there[0], self.here[1] - self.here[0]


def pace(same: Sequence[Same]) -> float:
    """The speed at which the voice would take as long for these tokens as the recording does."""
    there = sum(each.lengths[0] for each in same)
    here = sum(each.lengths[1] for each in same)
    return float(np.clip(here / there, *_PACES)) if there and here else 1.0


def pitch_factor(recorded: Samples, phrase: Phrase, same: Sequence[Same]) -> float:
    """The factor that brings the voice's fundamental frequency to the recording's over these tokens."""
    theirs = _voiced(track(recorded), [each.there for each in same])
    parts = [phrase.pitch[start // PITCH_HOP : end // PITCH_HOP] for start, end in (each.here for each in same)]
    mine = np.concatenate([np.zeros(0, dtype=np.float32), *parts])
    mine = mine[mine > 0]
    if theirs.size < 5 or mine.size < 5:
        return 1.0
    return float(np.clip(np.median(theirs) / np.median(mine), *_PITCHES))


def _voiced(pitch: Pitch, spans: Sequence[Span]) -> Floats:
    scale = FRAMES_PER_SECOND / SPEECH_RATE
    parts = [pitch.hz[round(start * scale) : round(end * scale)] for start, end in spans]
    found = np.concatenate([np.zeros(0), *parts])
    return found[found > 0]


@dataclass(frozen=True, slots=True)
class Likening:
    """How the bands of a voice's frames become those of a recording's, in dB: a change that is the same for all frames,
    and one that depends on the frame, for a voice is not another one through a filter.

    Attributes:
        middle: float64 [BANDS], of the voice's frames.
        change: float64 [BANDS], what is added to every frame.
        slope: float64 [BANDS, BANDS], what is added for each dB by which a frame lies off the middle.
    """

    middle: Floats
    change: Floats
    slope: Floats

    def __call__(self, sound: Samples) -> Floats:
        """What is added to each frame of a sound: float64 [frames, BANDS]."""
        level = float(self.change.mean())
        wanted = self.change + (_decibels(features(sound).power) - self.middle) @ self.slope
        return np.asarray(np.clip(wanted, level + _CUT_DB, level + _BOOST_DB))


def likening(recorded: Samples, spoken: Samples, place: Floats, noise: Floats) -> Likening:
    """Learn from the same words, by ridge regression (Hoerl and Kennard, 1970) of what is added on the voice's bands.

    Args:
        recorded, spoken: float32 [n] at SPEECH_RATE.
        place: float64 [frames]: which frame of `recorded` each frame of `spoken` goes with.
        noise: float64 [POINTS // 2 + 1], as `background` gives it.
    """
    theirs, mine = features(recorded), features(spoken)
    row = np.clip(np.rint(place).astype(np.int64), 0, theirs.level.size - 1)[: mine.level.size]
    here = np.flatnonzero((mine.presence[: row.size] > _PRESENT) & (theirs.presence[row] > _PRESENT))
    if here.size < _FEWEST:
        return Likening(np.zeros(BANDS), np.zeros(BANDS), np.zeros((BANDS, BANDS)))
    power = theirs.power[row[here]].astype(np.float64)
    wanted = _decibels(np.maximum(power - bank() @ noise, _LEAST_SPEECH * power))
    given = _decibels(mine.power[here])
    middle, added = given.mean(axis=0), wanted - given
    centred = given - middle
    gram = centred.T @ centred + _RIDGE * here.size * np.eye(BANDS)
    return Likening(middle, added.mean(axis=0), np.linalg.solve(gram, centred.T @ (added - added.mean(axis=0))))


def _decibels(power: NDArray[np.floating]) -> Floats:
    return np.asarray(10 * np.log10(power.astype(np.float64) + 1e-9))


def filtered(sound: Samples, bands_db: Floats) -> Samples:
    """The sound with the bands of each frame changed; the filters have no phase, so nothing moves.

    Args:
        sound: float32 [n] at SPEECH_RATE.
        bands_db: float64 [frames, BANDS], a frame every HOP samples.
    """
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(POINTS) / POINTS))
    padded = np.pad(sound.astype(np.float64), (POINTS // 2, POINTS // 2 + HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, POINTS)[::HOP][: len(bands_db)]
    hertz = np.arange(POINTS // 2 + 1) * SPEECH_RATE / POINTS
    gains = np.stack([10 ** (np.interp(hertz, centres(), row) / 20) for row in bands_db[: len(frames)]])
    pieces = np.fft.irfft(np.fft.rfft(frames * window, axis=1) * gains, POINTS, axis=1) * window
    out, weight = np.zeros(padded.size), np.zeros(padded.size)
    for index, piece in enumerate(pieces):
        out[index * HOP : index * HOP + POINTS] += piece
        weight[index * HOP : index * HOP + POINTS] += window**2
    inside = slice(POINTS // 2, POINTS // 2 + sound.size)
    return (out[inside] / np.maximum(weight[inside], 1e-3)).astype(np.float32)


def background(recorded: Samples) -> Floats:
    """What is heard behind the words: mean power in each bin of a window, float64 [POINTS // 2 + 1]; zeros where the
    recording has no moment without speech."""
    power = powers(recorded)
    level = 10 * np.log10(power.sum(axis=1) + 1e-12)
    edge, loud = np.percentile(level, _QUIET), np.percentile(level, 85)
    if edge > loud - _SURE_DB:
        return np.zeros(POINTS // 2 + 1)
    return np.asarray(power[level <= edge].mean(axis=0), dtype=np.float64)


def room_tone(noise: Floats, size: int) -> Samples:
    """Such a background, float32 [size] at SPEECH_RATE, the same each time.

    Args:
        noise: as `background` gives it.
    """
    if size == 0 or not noise.any():
        return np.zeros(size, dtype=np.float32)
    white = np.random.default_rng(0).standard_normal(size + POINTS)
    spectrum = np.fft.rfft(white)
    bins = np.linspace(0, POINTS // 2, spectrum.size)
    amplitude = np.sqrt(np.interp(bins, np.arange(noise.size), noise) * (POINTS / 2))
    return np.fft.irfft(spectrum * amplitude, white.size)[:size].astype(np.float32)
