"""The figures of a recording follow what is done to it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.voice.enrolment.quality import quality
from avatar.voice.hearing.vad import WINDOW
from tests.unit.voice.enrolment.sounds import chords, echoed, noise, syllables


def speech_of(sound: Samples) -> NDArray[np.float32]:
    """Where the clean sound is loud, as a detector would tell it."""
    step = WINDOW * SPEECH_RATE // HEARING_RATE
    loud = np.abs(sound[: sound.size // step * step].reshape(-1, step)).max(axis=1) > 0.01
    return (np.convolve(loud, np.ones(3), mode="same") > 0).astype(np.float32)


CLEAN = syllables(8.0) + noise(8.0, 0.0002)
SPEECH = speech_of(syllables(8.0))


@pytest.mark.parametrize("level", [0.03, 0.01, 0.003])
def test_noise_is_measured(level: float) -> None:
    spoken = syllables(8.0)
    frames = np.repeat(SPEECH, WINDOW * SPEECH_RATE // HEARING_RATE)[: spoken.size] > 0.5
    truth = 10 * np.log10(np.mean(spoken[: frames.size][frames] ** 2) / level**2)
    assert quality(spoken + noise(8.0, level), SPEECH).snr_db == pytest.approx(truth, abs=2.0)


def test_clipping_is_seen_even_after_another_rate_and_a_lower_level() -> None:
    assert quality(CLEAN, SPEECH).clipped < 0.001
    clipped = np.clip(CLEAN * 6, -0.3, 0.3).astype(np.float32)
    assert quality(clipped, SPEECH).clipped > 0.005
    again = resample(resample(clipped, SPEECH_RATE, 44_100), 44_100, SPEECH_RATE)[: CLEAN.size] * 0.3
    assert quality(again.astype(np.float32), SPEECH).clipped > 0.002


def test_a_room_that_rings_is_heard() -> None:
    dry, wet = quality(CLEAN, SPEECH).decay_s, quality(echoed(CLEAN, 1.2) * 0.5, SPEECH).decay_s
    assert wet is not None
    assert wet > 0.65
    assert dry is None or dry < 0.5


def test_treble_that_is_missing() -> None:
    rough = CLEAN + np.diff(noise(8.0, 0.002, seed=5), append=0).astype(np.float32)
    assert quality(rough, SPEECH).bandwidth_hz > 9000
    narrow = resample(resample(rough, SPEECH_RATE, 8000), 8000, SPEECH_RATE)[: rough.size]
    assert 3000 < quality(narrow, SPEECH).bandwidth_hz < 4300


def test_music_is_told_from_speech() -> None:
    assert quality(CLEAN, SPEECH).music < 0.1
    assert quality(chords(8.0), SPEECH).music > 0.8
    assert quality(CLEAN + 0.5 * chords(8.0), SPEECH).music > 0.2


def test_what_is_nothing_has_no_figures() -> None:
    silence = np.zeros(2 * SPEECH_RATE, dtype=np.float32)
    found = quality(silence, np.zeros(63, dtype=np.float32))
    assert (found.snr_db, found.clipped, found.decay_s, found.bandwidth_hz, found.music) == (0.0, 0.0, None, 0.0, 0.0)
    short = quality(silence[:100], np.zeros(1, dtype=np.float32))
    assert short.music == 0.0


def test_the_memory_that_is_needed_does_not_grow_with_every_second() -> None:
    sound = noise(60.0, 0.1)
    tracemalloc.start()
    try:
        quality(sound, np.ones(sound.size // 768, dtype=np.float32))
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()
