"""The fundamental frequency of sounds whose own is known."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.media import SPEECH_RATE, resample
from avatar.voice.enrolment.pitch import FRAMES_PER_SECOND, track
from tests.unit.voice.enrolment.sounds import buzz, glide, noise, syllables


@pytest.mark.parametrize("hertz", [60.0, 85.0, 120.0, 200.0, 330.0, 500.0])
def test_a_steady_voice(hertz: float) -> None:
    found = track(buzz(hertz, 1.0))
    assert found.hz.size == FRAMES_PER_SECOND
    assert (found.hz > 0).all()
    assert found.median == pytest.approx(hertz, rel=0.005)
    assert np.abs(found.voiced / hertz - 1).max() < 0.02


def test_a_gliding_voice_is_followed_without_leaps() -> None:
    hertz = 120 * 2 ** (0.6 * np.sin(2 * np.pi * 1.5 * np.arange(2 * SPEECH_RATE) / SPEECH_RATE))
    found = track(glide(hertz))
    truth = hertz[:: SPEECH_RATE // FRAMES_PER_SECOND][: found.hz.size]
    assert np.abs(found.hz / truth - 1).max() < 0.08
    assert np.median(np.abs(found.hz / truth - 1)) < 0.02


def test_a_missing_fundamental_is_heard() -> None:
    full = buzz(110.0, 1.0)
    time = np.arange(full.size) / SPEECH_RATE
    assert track((full - 0.1 * np.sin(2 * np.pi * 110 * time)).astype(np.float32)).median == pytest.approx(
        110, rel=0.01
    )


def test_noise_and_silence_have_no_pitch() -> None:
    assert (track(noise(1.0)).hz > 0).mean() < 0.02
    assert track(np.zeros(SPEECH_RATE, dtype=np.float32)).median == 0.0
    assert track(np.zeros(10, dtype=np.float32)).hz.size == 0


def test_a_voice_in_noise_at_another_rate() -> None:
    sound = buzz(180.0, 1.0) + noise(1.0, 0.02)
    assert track(resample(sound, SPEECH_RATE, 44_100), 44_100).median == pytest.approx(180, rel=0.01)


def test_pauses_are_unvoiced() -> None:
    sound = syllables(4.0)
    found = track(sound + noise(4.0, 0.0005))
    assert 0.3 < (found.hz > 0).mean() < 0.8
    assert 85 < found.median < 170
