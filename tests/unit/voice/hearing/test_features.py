"""The spectrogram is the one that Whisper was trained on."""

from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from avatar.voice.hearing.features import log_mel


@pytest.mark.parametrize("bands", [80, 128])
@pytest.mark.parametrize("samples", [16_000, 12_345])
def test_equals_the_reference(bands: int, samples: int) -> None:
    sound = np.random.default_rng(1).normal(0.0, 0.1, samples).astype(np.float32)
    expected = FeatureExtractor(feature_size=bands)(sound, padding=0)
    assert np.abs(log_mel(sound, bands) - expected).max() < 1e-4


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 161, 200, 201])
def test_short_sounds_have_as_many_frames_as_hops(samples: int) -> None:
    mel = log_mel(np.full(samples, 0.1, dtype=np.float32))
    assert mel.shape == (80, samples // 160)
    assert np.isfinite(mel).all()


def test_the_range_is_eight_decades_of_power_at_most() -> None:
    sound = np.zeros(16_000, dtype=np.float32)
    sound[:4_000] = np.random.default_rng(2).normal(0.0, 0.3, 4_000)
    assert np.ptp(log_mel(sound)) == pytest.approx(2.0, abs=1e-5)
