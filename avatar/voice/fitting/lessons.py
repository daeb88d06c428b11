"""What a fit learns from: a person's windows and the probe sentences, as the network takes them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples
from avatar.voice.enrolment.pitch import FRAMES_PER_SECOND, track
from avatar.voice.enrolment.windows import Window
from avatar.voice.fitting.alignment import loudness, token_units
from avatar.voice.fitting.studio import Studio
from avatar.voice.profiles import Style
from avatar.voice.speaking.acoustics import Encoded
from avatar.voice.speaking.graph import LATENT_HOP, SOURCE_HOP, UNIT
from avatar.voice.speaking.timeline import without_silence

Floats = NDArray[np.float32]

CROP = 80
"""Units in one step's sound: 2 s. Always as many: oneDNN prepares itself anew for every length."""

_HOPS = UNIT // SOURCE_HOP
_AUDIBLE = 0.01
_BEYOND = 0.3
"""By how much the energy curve may leave the range that the encoder gives it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A stretch of speech.

    Attributes:
        features: float32 [t, 512].
        curves: float32 [2 t, 2], F0 in Hz and energy.
        source: float32 [120 t + 1, 22].
        sound: float32 [600 t], what it shall sound like; None for a probe, which only shall have the voice.
    """

    features: Tensor
    curves: Tensor
    source: Tensor
    sound: Tensor | None

    @property
    def units(self) -> int:
        return int(self.features.shape[0])

    def to(self, device: torch.device) -> Lesson:
        """The same on a device."""
        sound = None if self.sound is None else self.sound.to(device)
        return Lesson(self.features.to(device), self.curves.to(device), self.source.to(device), sound)

    def crop(self, rng: np.random.Generator) -> Lesson:
        """CROP units of it, from anywhere."""
        start = int(rng.integers(0, self.units - CROP + 1))
        end = start + CROP
        return Lesson(
            self.features[start:end],
            self.curves[2 * start : 2 * end],
            self.source[start * _HOPS : end * _HOPS + 1],
            None if self.sound is None else self.sound[start * UNIT : end * UNIT],
        )


def probe(text: str, style: Style, language: Language, pitch: float, studio: Studio) -> Lesson:
    """A sentence as the engine would say it."""
    return _lesson(studio, _long_enough(studio.encoded(text, style, language, pitch)), None)


def lesson(window: Window, style: Style, studio: Studio) -> Lesson | None:
    """A window with its words' features where they sound in it, its F0 and its energy.

    Args:
        style: a stock voice's; it says the words for comparison, and its level is what the window is brought to.

    Returns:
        None where the words do not fit into the window.
    """
    whole, symbols = studio.synthesizer.encode(window.text, style, window.language)
    spoken = without_silence(whole)
    stock = studio.synthesizer.render(spoken)
    heard, starts = np.unique(whole.owners, return_index=True)
    columns = np.zeros((512, len(symbols) + 2), dtype=np.float32)
    columns[:, heard] = whole.features[0][:, starts]
    count = window.samples.size // UNIT
    sound = window.samples[: count * UNIT] * np.float32(_level(stock) / _level(window.samples))
    units = token_units(spoken.owners, len(symbols) + 2, stock, sound) if count else None
    if units is None:
        return None
    encoded = replace(
        spoken,
        owners=np.repeat(np.arange(units.size), units),
        features=np.ascontiguousarray(np.repeat(columns, units, axis=1)[None]),
        f0=_pitch_curve(sound)[None],
        energy=_energy_curve(sound, stock, spoken.energy[0])[None],
    )
    return _lesson(studio, _long_enough(encoded), _padded(sound, CROP * UNIT))


def _lesson(studio: Studio, encoded: Encoded, sound: Samples | None) -> Lesson:
    source = studio.synthesizer.decode(encoded).source[0].T
    return Lesson(
        torch.from_numpy(encoded.features[0].T.copy()),
        torch.from_numpy(np.stack([encoded.f0[0], encoded.energy[0]], axis=1)),
        torch.from_numpy(source.copy()),
        None if sound is None else torch.from_numpy(sound),
    )


def _long_enough(encoded: Encoded) -> Encoded:
    """As it is, or said again from its beginning until it has CROP units."""
    short = encoded.owners.size
    again = np.arange(max(short, CROP)) % short
    frames = (2 * again[:, None] + np.arange(2)).reshape(-1)
    return replace(
        encoded,
        owners=encoded.owners[again],
        features=np.ascontiguousarray(encoded.features[:, :, again]),
        f0=encoded.f0[:, frames],
        energy=encoded.energy[:, frames],
    )


def _padded(sound: Samples, least: int) -> Samples:
    return np.ascontiguousarray(np.resize(sound, max(least, sound.size)))


def _level(sound: Samples) -> float:
    loud = sound[np.abs(sound) > _AUDIBLE]
    return float(np.sqrt(np.mean(loud**2))) if loud.size else 1.0


def _pitch_curve(sound: Samples) -> Floats:
    """F0 in Hz every 12.5 ms, 0 where there is no voice: float32 [n // LATENT_HOP]."""
    hz = track(sound, SPEECH_RATE).hz
    times = (np.arange(sound.size // LATENT_HOP) + 0.5) * LATENT_HOP / SPEECH_RATE
    at = np.minimum((times * FRAMES_PER_SECOND).astype(np.int64), hz.size - 1)
    return np.asarray(hz[at], dtype=np.float32)


def _energy_curve(sound: Samples, stock: Samples, energy: Floats) -> Floats:
    """The encoder's energy for a recording, by what it is for a stock voice's loudness (a straight line)."""
    slope, offset = np.polyfit(loudness(stock), energy, 1)
    curve = slope * loudness(sound) + offset
    return np.asarray(np.clip(curve, energy.min() - _BEYOND, energy.max() + _BEYOND), dtype=np.float32)
