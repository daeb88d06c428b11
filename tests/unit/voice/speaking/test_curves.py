"""The predictors of pitch and energy on tiny networks, against the same networks written plainly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from avatar.voice.speaking.curves import STEP, Curves
from avatar.voice.speaking.weights import Weights
from tests.unit.voice.devices import DEVICES
from tests.unit.voice.tiny import Arrays, layer, style

WIDE, NARROW = 8, 4
SIZES = ((WIDE, WIDE), (WIDE, NARROW), (NARROW, NARROW))


def tiny_weights() -> Arrays:
    rng = np.random.default_rng(6)
    weights: Arrays = {}
    for curve in ("F0", "N"):
        for part, (before, after) in enumerate(SIZES):
            name = f"{curve}.{part}"
            weights |= style(rng, f"{name}.norm1.fc", before)
            weights |= style(rng, f"{name}.norm2.fc", after)
            weights |= layer(rng, f"{name}.conv1", after, before, 3, out=after)
            weights |= layer(rng, f"{name}.conv2", after, after, 3, out=after)
        weights[f"{curve}.1.conv1x1.weight"] = rng.normal(0, 0.3, (NARROW, WIDE, 1)).astype(np.float32)
        weights |= layer(rng, f"{curve}.1.pool", WIDE, 1, 3, out=WIDE)
        weights |= layer(rng, f"{curve}_proj", 1, NARROW, 1, out=1)
    return weights


@pytest.fixture(scope="module")
def weights() -> Arrays:
    return tiny_weights()


def given(units: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(7)
    return rng.normal(0, 1, (units, WIDE)).astype(np.float32), rng.normal(0, 1, (1, 256)).astype(np.float32)


def plainly(weights: Arrays, curve: str, units: int) -> NDArray[np.float32]:
    """As its paper draws it: channels first, every layer by itself."""
    frames, style = (torch.from_numpy(each) for each in given(units))
    known = {name: torch.from_numpy(array) for name, array in weights.items()}

    def norm(name: str, sound: Tensor) -> Tensor:
        scale, shift = (style[:, 128:] @ known[f"{name}.fc.weight"] + known[f"{name}.fc.bias"]).chunk(2, dim=1)
        return functional.leaky_relu((1 + scale)[..., None] * functional.instance_norm(sound) + shift[..., None], 0.2)

    sound = frames.T[None]
    for part in range(3):
        name = f"{curve}.{part}"
        inner, short = norm(f"{name}.norm1", sound), sound
        if part == 1:
            pool = known[f"{name}.pool.weight"], known[f"{name}.pool.bias"]
            inner = functional.conv_transpose1d(inner, *pool, 2, 1, 1, groups=WIDE)
            short = functional.conv1d(sound.repeat_interleave(2, dim=2), known[f"{name}.conv1x1.weight"])
        for number, after in ((1, True), (2, False)):
            layer = f"{name}.conv{number}"
            inner = functional.conv1d(inner, known[f"{layer}.weight"], known[f"{layer}.bias"], padding=1)
            inner = norm(f"{name}.norm2", inner) if after else inner
        sound = (inner + short) / 2**0.5
    last = functional.conv1d(sound, known[f"{curve}_proj.weight"], known[f"{curve}_proj.bias"])
    return np.asarray(last[0, 0].numpy())


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("units", "threads"), [(2, 1), (STEP, 2), (STEP + 3, 1)])
def test_they_are_the_networks_that_they_are_said_to_be(weights: Arrays, units: int, threads: int, device: str) -> None:
    made = Curves(Weights(dict(weights)), torch.device(device), threads, torch.float32)(*given(units))
    for curve, name in zip(made, ("F0", "N"), strict=True):
        expected = plainly(weights, name, units)
        assert curve.shape == (2 * units,)
        assert np.allclose(curve, expected, atol=1e-4)
    assert not np.allclose(*made)


def test_a_file_without_predictors() -> None:
    with pytest.raises(KeyError):
        Curves(Weights({}), torch.device("cpu"), 1, torch.float32)
