"""Loudness and edges."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.voice.limiter import Limiter
from avatar.voice.loudness import TARGET_LUFS, integrated
from avatar.voice.speaking import level
from avatar.voice.speaking.level import fade_out, joined


def energies(loud: float, seconds: float = 2.0) -> NDArray[np.float32]:
    """A syllable of 0.2 s and as much silence, over and over, as the encoder tells it."""
    columns = np.arange(int(seconds * 80))
    return np.where(columns // 16 % 2 == 0, loud, -9.5).astype(np.float32)


def test_more_energy_foretells_more_loudness_and_pauses_do_not_count() -> None:
    assert level.foretold(energies(9.0)) > level.foretold(energies(6.0)) + 2
    paused = np.concatenate([energies(8.0), np.full(160, -9.5, dtype=np.float32)])
    assert level.foretold(paused) == pytest.approx(level.foretold(energies(8.0)), abs=0.5)


def test_a_clause_of_a_single_syllable_has_a_loudness() -> None:
    assert np.isfinite(level.foretold(energies(8.0, 0.1)))


def test_the_gain_brings_speech_to_the_loudness_that_all_share() -> None:
    assert level.gain(TARGET_LUFS, 0.0) == pytest.approx(1.0)
    assert level.gain(TARGET_LUFS - 6, 0.0) == pytest.approx(10 ** (6 / 20))
    assert level.gain(TARGET_LUFS, -6.0) == pytest.approx(10 ** (-6 / 20))


def test_a_voice_of_high_peaks_is_raised_until_it_is_as_loud_behind_the_limiter() -> None:
    peaky = (0.03 * np.sin(np.arange(48_000) / 8)).astype(np.float32)
    peaky[::2400] = 0.4
    raised = peaky * level.gain(level.through_the_limiter(peaky), 0.0)
    limiter = Limiter()
    behind = np.concatenate([limiter.push(raised), limiter.flush()])
    assert integrated(behind) == pytest.approx(TARGET_LUFS, abs=0.3)
    assert level.through_the_limiter(peaky * 0) == -np.inf


def test_a_voice_without_sound_is_not_raised_without_end() -> None:
    assert level.gain(-np.inf, 0.0) == 1.0
    assert level.gain(-120.0, 0.0) <= 16.0


def test_the_end_is_silent_and_the_argument_untouched() -> None:
    ones = np.ones(2000, dtype=np.float32)
    faded = fade_out(ones)
    assert faded[-1] == 0.0
    assert faded[0] == 1.0
    assert ones[-1] == 1.0


def test_a_sound_shorter_than_the_fade() -> None:
    assert fade_out(np.ones(3, dtype=np.float32)).size == 3


def test_windows_that_agree_are_joined_without_a_trace() -> None:
    wave = np.sin(np.arange(2000) / 20).astype(np.float32)
    assert np.allclose(joined(wave[:240], wave), wave, atol=1e-6)


def test_windows_that_differ_are_crossed_smoothly() -> None:
    mixed = joined(np.ones(240, dtype=np.float32), np.zeros(1000, dtype=np.float32))
    assert np.abs(np.diff(np.concatenate([[1.0], mixed]))).max() < 0.02


def test_without_a_tail_the_head_is_unchanged() -> None:
    head = np.arange(5, dtype=np.float32)
    assert np.array_equal(joined(np.zeros(0, dtype=np.float32), head), head)
