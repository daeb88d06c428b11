"""A clause's gain, window by window."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.limiter import Limiter
from avatar.voice.loudness import TARGET_LUFS, integrated
from avatar.voice.speaking import level
from avatar.voice.speaking.levelling import Levelling

COLUMN = 300


def spoken(seconds: float, size: float) -> tuple[Samples, NDArray[np.float32]]:
    """Syllables of 0.2 s and pauses of 0.1 s, and their energy as the encoder would tell it."""
    columns = np.arange(round(seconds * 80))
    energy = np.where(columns // 8 % 3 == 2, -9.5, 8.0 + 0.5 * np.sin(columns / 9)).astype(np.float32)
    loud = np.repeat(np.sqrt(level.power(energy)), COLUMN)
    tone = np.sin(2 * np.pi * 220 * np.arange(loud.size) / SPEECH_RATE)
    return (size * tone * loud / loud.max()).astype(np.float32), energy


def voice_loudness(sound: Samples, energy: NDArray[np.float32]) -> float:
    return integrated(sound) - level.foretold(energy)


def windows(sound: Samples) -> list[Samples]:
    return np.split(sound, [COLUMN * 39, COLUMN * 93])


def levelled(sound: Samples, energy: NDArray[np.float32], loudness: float, wanted_db: float = 0.0) -> list[Samples]:
    levelling = Levelling(loudness, energy, wanted_db, 0)
    return [levelling.push(window) for window in windows(sound)]


def limited(sound: Samples) -> Samples:
    limiter = Limiter()
    return np.concatenate([limiter.push(sound), limiter.flush()])


@pytest.mark.parametrize("wrong_db", [-2.0, 0.0, 2.0])
def test_a_clause_has_its_loudness_however_wrong_it_was_foretold(wrong_db: float) -> None:
    sound, energy = spoken(3.0, 0.05)
    got = np.concatenate(levelled(sound, energy, voice_loudness(sound, energy) + wrong_db))
    assert integrated(got) == pytest.approx(TARGET_LUFS, abs=0.6)


def test_a_clause_of_one_window_is_known_before_it_goes_out() -> None:
    sound, energy = spoken(0.6, 0.05)
    got = Levelling(-40.0, energy, 0.0, 0).push(sound)
    assert integrated(got) == pytest.approx(TARGET_LUFS, abs=0.6)


def test_high_peaks_are_reckoned_with() -> None:
    sound, energy = spoken(3.0, 0.05)
    sound[:: SPEECH_RATE // 50] *= 6
    loudness = level.through_the_limiter(sound) - level.foretold(energy)
    got = limited(np.concatenate(levelled(sound, energy, loudness + 1.0)))
    assert integrated(got) == pytest.approx(TARGET_LUFS, abs=0.6)


def test_the_gain_never_jumps() -> None:
    sound, energy = spoken(3.0, 0.05)
    sound[COLUMN * 93 :] *= 4
    ones = Levelling(voice_loudness(sound, energy), energy, 0.0, 0)
    gains = []
    for window in windows(sound):
        got = ones.push(window)
        heard = np.abs(window) > 1e-4
        gains.append(got[heard] / window[heard])
    steps = 20 * np.log10(np.concatenate(gains)[1:] / np.concatenate(gains)[:-1])
    assert np.abs(steps).max() < 0.02
    assert abs(20 * math.log10(gains[2][-1] / gains[1][-1])) <= 1.5 + 1e-3


def test_a_voice_may_be_wanted_louder() -> None:
    sound, energy = spoken(3.0, 0.05)
    loudness = voice_loudness(sound, energy)
    plain, loud = (np.concatenate(levelled(sound, energy, loudness, wanted)) for wanted in (0.0, 3.0))
    assert integrated(loud) - integrated(plain) == pytest.approx(3.0, abs=0.3)


def test_a_voice_without_sound_stays_silent() -> None:
    sound, energy = spoken(1.0, 0.0)
    assert not np.concatenate(levelled(sound, energy, -math.inf)).any()
    assert not np.concatenate(levelled(sound, energy, -30.0)).any()


def test_a_single_syllable_is_not_raised_for_the_silence_after_it() -> None:
    sound, energy = spoken(0.2, 0.05)
    alone, before_a_pause = (Levelling(-30.0, energy, 0.0, pause).push(sound) for pause in (0, 24_000))
    louder_db = 10 * math.log10(float(np.square(before_a_pause).sum() / np.square(alone).sum()))
    assert 0 <= louder_db < 1.5


def test_a_clause_that_becomes_known_meanwhile_has_its_loudness() -> None:
    sound, energy = spoken(3.0, 0.05)
    levelling = Levelling(voice_loudness(sound, energy), energy[:150], 0.0, 0)
    got = [levelling.push(window) for window in windows(sound)[:2]]
    levelling.foresee(energy, 2400)
    got.append(levelling.push(windows(sound)[2]))
    assert integrated(np.concatenate(got)) == pytest.approx(TARGET_LUFS, abs=0.6)
