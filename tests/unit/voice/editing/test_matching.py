"""What a voice says is brought to a recording."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.editing.features import BANDS, HOP, POINTS, features, powers
from avatar.voice.editing.matching import (
    Same,
    background,
    filtered,
    likening,
    pace,
    pitch_factor,
    room_tone,
)
from avatar.voice.editing.texts import tokens
from tests.unit.voice.editing.talker import Talker, spoken
from tests.unit.voice.enrolment.sounds import noise

ROW = tokens("今天我们一起去公园", "zh")
SILENCE = np.zeros(POINTS // 2 + 1)


def pairs(hertz: float, speed: float) -> tuple[Samples, Samples, list[Same]]:
    there, spans = spoken(ROW, hertz, speed)
    phrase = Talker().say(ROW)
    return there, phrase.samples, [Same(*both) for both in zip(spans, phrase.spans, strict=True)]


def test_the_pace_is_the_recordings() -> None:
    assert pace(pairs(120, 1.25)[2]) == pytest.approx(1.25, abs=0.01)
    assert pace(pairs(120, 3.0)[2]) == 1.5
    assert pace([]) == 1.0


def test_the_pitch_is_the_recordings() -> None:
    there, _, same = pairs(150, 1.0)
    assert pitch_factor(there, Talker(120).say(ROW), same) == pytest.approx(1.25, abs=0.01)
    assert pitch_factor(np.zeros_like(there), Talker(120).say(ROW), same) == 1.0


def low_passed(sound: Samples, hertz: float) -> Samples:
    spectrum = np.fft.rfft(sound)
    spectrum[np.arange(spectrum.size) * SPEECH_RATE / sound.size > hertz] = 0
    return np.fft.irfft(spectrum, sound.size).astype(np.float32)


def test_level_and_spectrum_are_the_recordings() -> None:
    there, here, _ = pairs(120, 1.0)
    there = 0.3 * low_passed(there, 1500)
    way = np.arange(here.size // HOP + 1, dtype=np.float64)
    liken = likening(there, here, way, SILENCE)
    matched = filtered(here, liken(here))
    one, other = features(there), features(matched)
    assert other.loud == pytest.approx(one.loud, abs=2.0)
    high = slice(16, 24)
    before = features(here).power[:, high].mean() / features(here).power.mean()
    assert other.power[:, high].mean() / other.power.mean() < 0.05 * before


def test_what_stays_as_it_is_passes_the_filter_whole() -> None:
    here = pairs(120, 1.0)[1]
    assert np.allclose(filtered(here, np.zeros((here.size // HOP + 1, BANDS))), here, atol=1e-5)
    louder = filtered(here, np.full((here.size // HOP + 1, BANDS), 6.0206))
    assert np.allclose(louder, 2 * here, atol=1e-4)


def test_too_little_in_common_changes_nothing() -> None:
    here = pairs(120, 1.0)[1]
    liken = likening(here, here[: 10 * HOP], np.arange(11, dtype=np.float64), SILENCE)
    assert not liken(here).any()


def test_the_background_is_filled_in() -> None:
    sound, _ = spoken(ROW)
    quiet = np.zeros(SPEECH_RATE, dtype=np.float32)
    recorded = np.concatenate([quiet, sound, quiet])
    recorded = recorded + low_passed(noise(recorded.size / SPEECH_RATE, 0.004), 4000)
    found = background(recorded)
    tone = room_tone(found, SPEECH_RATE)
    assert tone.std() == pytest.approx(recorded[: SPEECH_RATE // 2].std(), rel=0.25)
    assert powers(tone)[:, 120:].mean() < 0.05 * powers(tone)[:, 5:60].mean()
    assert room_tone(found, 999).size == 999


def test_speech_without_pauses_has_no_background() -> None:
    assert not background(noise(1.0)).any()
    assert not room_tone(background(noise(1.0)), 100).any()
