"""The decoder on a tiny network, against the one that is fitted, which is written plainly; in parts and whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.fitting.network import Network, _Run
from avatar.voice.speaking.decoder import LENGTHS, REACH, Decoder
from tests.unit.voice.devices import DEVICES
from tests.unit.voice.fitting.tiny_decoder import FEATURES, tiny_weights
from tests.unit.voice.tiny import WIDE

UNITS = 50
Floats = NDArray[np.float32]


@pytest.fixture(scope="module", params=DEVICES)
def decoder(request: pytest.FixtureRequest) -> Decoder:
    return Decoder(tiny_weights(), torch.device(request.param), 1, torch.float32)


def given(units: int) -> tuple[Floats, Floats, Floats, Floats]:
    rng = np.random.default_rng(4)
    shapes = ((FEATURES, units), (2 * units,), (2 * units,), (1, 256))
    features, f0, energy, style = (rng.normal(0, 1, shape).astype(np.float32) for shape in shapes)
    return features, f0, energy, style


def run(
    decoder: Decoder,
    units: int,
    *,
    stats: Floats | None = None,
    memory: float = 0.0,
    deltas: Deltas = NO_DELTAS,
    span: slice = slice(None),
) -> tuple[Floats, Floats]:
    old = np.zeros((2, decoder.channels, 1), np.float32) if stats is None else stats
    features, f0, energy, style = given(units)
    units = features[:, span].shape[1]
    first = 2 * (span.start or 0)
    frames = slice(first, first + 2 * units)
    return decoder(features[:, span], f0[frames], energy[frames], style, old, memory, deltas)


@pytest.mark.parametrize("units", [1, UNITS, LENGTHS[0], LENGTHS[-1] + 1])
def test_it_is_the_network_that_it_is_said_to_be(decoder: Decoder, units: int) -> None:
    delta = {"decode.1.norm2.fc": np.linspace(-0.5, 0.5, 20, dtype=np.float32)}
    features, f0, energy, style = (torch.from_numpy(each) for each in given(units))
    plain = _Run(
        Network(tiny_weights(), torch.float32),
        style[0, :128],
        {name: torch.from_numpy(value) for name, value in delta.items()},
        lambda: None,
    )
    with torch.no_grad():
        expected = plain.decode(features.T.contiguous(), torch.stack([f0, energy], dim=1)).numpy()
    made, _ = run(decoder, units, deltas=delta)
    assert made.shape == (2 * units, WIDE)
    assert np.allclose(made, expected, atol=1e-4 * np.abs(expected).max())


def test_a_part_is_what_the_whole_has_there(decoder: Decoder) -> None:
    """With the same statistics, and as much beside it as the convolutions reach."""
    stats = np.random.default_rng(5).uniform(0.5, 2, (2, decoder.channels, 1)).astype(np.float32)
    whole, _ = run(decoder, UNITS, stats=stats, memory=1.0)
    start, end = 17, 33
    part, _ = run(decoder, UNITS, stats=stats, memory=1.0, span=slice(start - REACH, end + REACH))
    assert np.allclose(part[2 * REACH : -2 * REACH], whole[2 * start : 2 * end], atol=1e-4)
    short, _ = run(decoder, UNITS, stats=stats, memory=1.0, span=slice(start - REACH, end + 2))
    assert not np.allclose(short[2 * REACH : -4], whole[2 * start : 2 * end], atol=1e-4)


def test_with_some_memory_statistics_lie_between(decoder: Decoder) -> None:
    """Of the first normalisation, whose input does not depend on the memory."""
    _, own = run(decoder, UNITS)
    _, mixed = run(decoder, UNITS, stats=own + np.float32(1.0), memory=0.25)
    first = FEATURES + 2
    assert np.allclose(mixed[0, :first], own[0, :first] + 0.25, atol=1e-5)
    spread = own[1, :first] + 0.25 + 0.75 * 0.25
    assert np.allclose(mixed[1, :first], spread, atol=1e-4)


@pytest.mark.parametrize("device", DEVICES)
def test_in_half_the_bits_it_is_much_the_same(decoder: Decoder, device: str) -> None:
    exact, _ = run(decoder, UNITS)
    rough, _ = run(Decoder(tiny_weights(), torch.device(device), 1, torch.bfloat16), UNITS)
    assert not np.array_equal(rough, exact)
    assert np.sqrt(np.mean((rough - exact) ** 2)) < 0.02 * exact.std()


def test_it_is_warm_for_every_length(decoder: Decoder) -> None:
    before, _ = run(decoder, UNITS)
    decoder.warm()
    assert np.array_equal(run(decoder, UNITS)[0], before)
