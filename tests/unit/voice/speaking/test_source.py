"""The hum that the generator shapes, against a plain sum of sines; in parts and whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE
from avatar.voice.speaking.source import FRAME, HARMONICS, HOP, Source
from avatar.voice.speaking.weights import Weights
from tests.unit.voice.devices import DEVICES

MIX = np.linspace(1.0, 0.1, HARMONICS, dtype=np.float32)
OFFSET = np.array([-0.03], dtype=np.float32)
Floats = NDArray[np.float32]


@pytest.fixture(scope="module", params=DEVICES)
def source(request: pytest.FixtureRequest) -> Source:
    stored = {"m_source.harmonics": MIX[:, None], "m_source.l_linear.bias": OFFSET}
    return Source(Weights(stored), torch.device(request.param))


def made(source: Source, f0: Floats, start: int = 0, end: int | None = None) -> Floats:
    return np.asarray(source(source.turns(f0), start, f0.size if end is None else end).cpu().numpy())


def test_a_steady_voice_is_nine_sines(source: Source) -> None:
    frames, hz = 12, 200.0
    times = np.arange(FRAME * frames) + 0.5 + FRAME / 2
    sines = [level * np.sin(2 * np.pi * hz * number * times / SPEECH_RATE) for number, level in enumerate(MIX, 1)]
    wave = np.tanh(0.1 * np.sum(sines, axis=0) + OFFSET)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(20) / 20)
    spectra = made(source, np.full(frames, hz, np.float32))
    assert spectra.shape == (60 * frames + 1, 22)
    for row in range(60, 60 * (frames - 1)):
        expected = np.fft.rfft(wave[HOP * row - 10 : HOP * row + 10] * window)
        assert np.allclose(spectra[row, :11], np.abs(expected), atol=1e-3)
        assert np.allclose(spectra[row, :3] * np.exp(1j * spectra[row, 11:14]), expected[:3], atol=2e-3)


def test_parts_fit_together(source: Source) -> None:
    f0 = np.where(np.arange(40) % 13 < 4, 0, 150 + np.arange(40)).astype(np.float32)
    whole = made(source, f0)
    for start, end in ((0, 9), (9, 10), (10, 31), (31, 40)):
        assert np.allclose(made(source, f0, start, end), whole[60 * start : 60 * end + 1], atol=1e-6)


def test_where_nothing_hums_the_spectrum_stands_still(source: Source) -> None:
    silent = made(source, np.full(4, 9.9, np.float32))
    assert np.array_equal(silent, np.broadcast_to(silent[0], silent.shape))
    assert silent[0, 0] == pytest.approx(10 * np.tanh(0.03), rel=1e-4)
    assert silent[0, 11] == pytest.approx(np.pi)
    assert np.abs(silent[0, 2:11]).max() < 1e-6
    assert np.ptp(silent[0, 13:]) > 1


def test_a_file_without_a_source() -> None:
    with pytest.raises(KeyError):
        Source(Weights({}), torch.device("cpu"))
