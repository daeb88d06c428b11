"""Brings what a voice says to a recording: pace, pitch, level, spectrum and what is heard behind the words.

The voice has said the recording's own words as well, so that every comparison is of the same sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.editing.features import BANDS, HOP, POINTS, centres, features, powers
from avatar.voice.editing.phrases import PITCH_HOP, Phrase, Span
from avatar.voice.enrolment.pitch import FRAMES_PER_SECOND, Pitch, track

Floats = NDArray[np.float64]

_PACES = (0.65, 1.5)
_PITCHES = (0.6, 1.7)
"""Factors beyond which the voice loses words."""

_BOOST_DB, _CUT_DB = 12.0, -36.0
"""What the equaliser may do to a band, beside the change of level."""

_HEARD_DB = 6.0
"""Above its noise: only such frames tell what speech is like."""

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


def equaliser(recorded: Samples, spoken: Samples, same: Sequence[Same], noise: Floats) -> Floats:
    """How much louder each band has to be, with the change of level: float64 [BANDS] in dB.

    Args:
        recorded, spoken: float32 [n] at SPEECH_RATE.
        same: where both say the same.
        noise: float64 [POINTS // 2 + 1], as `background` gives it.
    """
    from avatar.voice.editing.features import bank

    between = bank().astype(np.float64) @ noise
    theirs = _mean_power(recorded, [each.there for each in same])
    mine = _mean_power(spoken, [each.here for each in same])
    if theirs is None or mine is None:
        return np.zeros(BANDS)
    theirs = np.maximum(theirs - between, 0.05 * theirs)
    level = 10 * np.log10(theirs.sum() / mine.sum())
    bands = 10 * np.log10((theirs + 1e-12) / (mine + 1e-12))
    return np.asarray(level + np.clip(_smoothed(bands - level), _CUT_DB, _BOOST_DB))


def _mean_power(sound: Samples, spans: Sequence[Span]) -> Floats | None:
    """Of the frames in which something is said: float64 [BANDS]; None where those are too few."""
    known = features(sound)
    chosen = np.zeros(known.level.size, dtype=np.bool_)
    for start, end in spans:
        chosen[start // HOP : end // HOP] = True
    chosen &= known.level > max(known.floor + _HEARD_DB, known.loud - 30.0)
    if chosen.sum() < _FEWEST:
        return None
    return np.asarray(known.power[chosen].mean(axis=0), dtype=np.float64) + 1e-12


def _smoothed(bands: Floats) -> Floats:
    """Each band with a quarter of its neighbours."""
    wide = np.pad(bands, 1, mode="edge")
    return np.asarray(0.25 * wide[:-2] + 0.5 * wide[1:-1] + 0.25 * wide[2:])


def equalised(sound: Samples, bands_db: Floats) -> Samples:
    """The sound with its bands changed; the filter has no phase, so nothing moves.

    Args:
        sound: float32 [n] at SPEECH_RATE.
        bands_db: float64 [BANDS].
    """
    size = 1 << (sound.size + SPEECH_RATE // 10 - 1).bit_length()
    hertz = np.arange(size // 2 + 1) * SPEECH_RATE / size
    gain = 10 ** (np.interp(hertz, centres(), bands_db) / 20)
    return np.fft.irfft(np.fft.rfft(sound, size) * gain, size)[: sound.size].astype(np.float32)


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
