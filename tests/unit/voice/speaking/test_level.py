"""Loudness and edges."""

from __future__ import annotations

import numpy as np

from avatar.voice.speaking.level import CEILING, fade_out, joined, levelled


def test_nothing_passes_the_ceiling() -> None:
    loud = np.linspace(-8, 8, 1001).astype(np.float32)
    assert np.abs(levelled(loud, 12.0)).max() <= CEILING


def test_what_is_quiet_is_only_scaled() -> None:
    quiet = np.linspace(-0.3, 0.3, 101).astype(np.float32)
    assert np.allclose(levelled(quiet, 6.0), quiet * 10 ** (6 / 20))


def test_louder_stays_louder() -> None:
    rising = np.linspace(0, 3, 500).astype(np.float32)
    assert (np.diff(levelled(rising, 0.0)) >= 0).all()


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
