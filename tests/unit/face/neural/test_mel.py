"""The network's hearing: the bands, the scale and the moments of Wav2Lip's published parameters."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.face.neural.mel import BANDS, BEHIND, COLUMNS, HOP, LENGTH, SPAN, first_sample, mel
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, Samples


def tone(hertz: float, level: float = 0.5, samples: int = SPAN) -> Samples:
    return np.asarray(level * np.sin(2 * np.pi * hertz * np.arange(samples) / SPEECH_RATE), dtype=np.float32)


def slaney(hertz: float) -> float:
    return hertz * 0.015 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)


def test_silence_is_the_lowest_value() -> None:
    assert mel(np.zeros(SPAN, dtype=np.float32)).shape == (BANDS, COLUMNS)
    assert (mel(np.zeros(SPAN, dtype=np.float32)) == -4.0).all()


@pytest.mark.parametrize("hertz", [200.0, 440.0, 1000.0, 2500.0, 6000.0])
def test_a_tone_sounds_in_its_band(hertz: float) -> None:
    edges = np.linspace(slaney(55), slaney(7600), BANDS + 2)
    band = int(np.argmax(mel(tone(hertz)).mean(axis=1)))
    assert edges[band] - 0.6 <= slaney(hertz) <= edges[band + 2] + 0.6


def test_the_scale_is_that_of_a_16_khz_spectrogram_done_the_long_way() -> None:
    rng = np.random.default_rng(1)
    sparse = sum(tone(200.0 * k, 0.05 * rng.random()) for k in range(1, 20))
    slow = np.interp(np.arange(0, SPAN, 1.5), np.arange(SPAN), sparse)
    even = np.fft.irfft(np.fft.rfft(sparse, 5700)[: 5700 // 3 + 1], 3800) * (3800 / 5700)
    assert np.abs(even - slow).max() < 0.1
    emphasised = np.append(even[0], even[1:] - 0.97 * even[:-1])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(800) / 800)
    spectrum = np.abs(np.fft.rfft(emphasised[1600:2400] * hann))
    edges = np.array([slaney(55) + k * (slaney(7600) - slaney(55)) / 81 for k in range(82)])
    hertz = np.where(edges < 15, edges * 200 / 3, 1000 * np.exp((edges - 15) * np.log(6.4) / 27))
    bins = np.arange(401) * 20.0
    expected = []
    for low, middle, high in zip(hertz, hertz[1:], hertz[2:], strict=False):
        weights = np.clip(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0, None)
        decibels = 20 * np.log10(max(1e-5, float(spectrum @ weights) * 2 / (high - low))) - 20
        expected.append(np.clip(8 * (decibels + 100) / 100 - 4, -4, 4))
    ours = mel(np.asarray(sparse, dtype=np.float32))[:, 8]
    assert np.abs(ours - np.array(expected))[2:70].max() < 0.12


def test_louder_is_more_and_never_beyond_the_range() -> None:
    soft, loud = mel(tone(440, 0.01)), mel(tone(440, 0.5))
    assert loud.max() > soft.max() + 1.5
    assert np.abs(mel(tone(440, 1.0) * 1000)).max() <= 4.0


def test_a_frame_hears_the_fifth_of_a_second_from_its_start_on() -> None:
    assert (HOP, LENGTH, SPAN) == (300, 1200, 5700)
    for frame in range(200):
        start = first_sample(frame) + BEHIND
        assert start <= frame * SAMPLES_PER_FRAME < start + HOP
        assert start % HOP == 0


def test_a_click_is_heard_in_the_columns_around_it() -> None:
    span = np.zeros(SPAN, dtype=np.float32)
    span[BEHIND + 6 * HOP] = 1.0
    heard = mel(span).mean(axis=0)
    assert int(np.argmax(heard)) == 6
    assert (heard[:4] == -4.0).all()
