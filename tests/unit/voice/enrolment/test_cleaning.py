"""Cleaning takes away what is no voice, and leaves the voice."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.enrolment.cleaning import LEVEL_DB, denoised, high_passed, levelled, noise_spectrum
from tests.unit.voice.enrolment.sounds import buzz, noise, syllables


def level(sound: Samples) -> float:
    return float(10 * np.log10(np.mean(sound.astype(np.float64) ** 2)))


def test_rumble_goes_and_a_deep_voice_stays_in_its_place() -> None:
    voice = buzz(90.0, 2.0)
    rumble = (0.2 * np.sin(2 * np.pi * 30 * np.arange(voice.size) / SPEECH_RATE)).astype(np.float32)
    clean = high_passed(voice + rumble)
    middle = slice(SPEECH_RATE // 2, -SPEECH_RATE // 2)
    assert clean.size == voice.size
    assert level((clean - voice)[middle]) < level(voice) - 25


def test_noise_is_lowered_and_speech_is_not() -> None:
    voice, hiss = syllables(6.0), noise(6.0, 0.005)
    spectrum = noise_spectrum(noise(2.0, 0.005, seed=9))
    assert spectrum is not None
    clean = denoised(voice + hiss, spectrum)
    assert clean.shape == voice.shape
    assert -14 < level(denoised(hiss, spectrum)) - level(hiss) < -9
    assert level(clean - voice) < level(hiss) - 5
    assert level(clean) == pytest.approx(level(voice), abs=0.5)


def test_without_noise_nothing_is_changed() -> None:
    voice = syllables(3.0)
    same = denoised(voice, np.zeros(513))
    assert np.abs(same - voice).max() < 1e-4


def test_too_short_a_pause_tells_nothing() -> None:
    assert noise_spectrum(noise(0.1)) is None


def test_levels_are_alike_and_peaks_stay_within_the_scale() -> None:
    assert level(levelled(syllables(2.0) * 0.01)) == pytest.approx(LEVEL_DB, abs=0.1)
    spiky = noise(1.0, 0.001)
    spiky[100] = 1.0
    assert np.abs(levelled(spiky)).max() <= 0.951
