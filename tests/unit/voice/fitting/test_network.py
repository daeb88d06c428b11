"""Gradients flow through the network, and what is added to a bias is as if the bias were another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from avatar.voice.fitting.bent import bent, composed
from avatar.voice.fitting.fitted import FittingStopped
from avatar.voice.fitting.inversion import Inversion, Plan, Recipe
from avatar.voice.fitting.lessons import CROP, Lesson
from avatar.voice.fitting.library import Space
from avatar.voice.fitting.network import Network
from avatar.voice.speaker import SpeakerNetwork
from avatar.voice.speaking.generator import Generator
from avatar.voice.speaking.passes import Compiled
from avatar.voice.speaking.weights import Weights
from tests.unit.voice.devices import DEVICES
from tests.unit.voice.fitting.tiny_decoder import FEATURES, tiny_arrays, tiny_weights
from tests.unit.voice.tiny import TIMBRE

UNITS = 12
LAYERS = (
    "encode.norm1.fc",
    "decode.3.norm2.fc",
    "generator.noise_res.0.adain1.1.fc",
    "generator.resblocks.5.adain2.2.fc",
)


@pytest.fixture(scope="module", params=DEVICES)
def network(request: pytest.FixtureRequest) -> Network:
    return Network(tiny_weights(), torch.float32, request.param)


def given(network: Network, units: int = UNITS, seed: int = 1) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    made = torch.Generator().manual_seed(seed)
    shapes = ((units, FEATURES), (2 * units, 2), (120 * units + 1, 22), (TIMBRE,))
    features, curves, source, style = (torch.randn(shape, generator=made).to(network.device) for shape in shapes)
    return features, curves, source, style


def test_a_second_of_units_is_a_second_of_sound(network: Network) -> None:
    with torch.no_grad():
        sound = network(*given(network), {})
    assert sound.shape == (600 * UNITS,)
    assert bool(torch.isfinite(sound).all())


def test_the_generator_is_the_engines(network: Network, tmp_path: Path) -> None:
    arrays = tiny_arrays()
    inner = {name.removeprefix("generator."): value for name, value in arrays.items()}
    np.savez(tmp_path / "generator.npz", allow_pickle=False, **inner)
    engine = Generator(tmp_path / "generator.npz", str(network.device), 1, torch.float32)
    _, _, source, style = given(network)
    latent = torch.randn(2 * UNITS, 12, generator=torch.Generator().manual_seed(5)).to(network.device)
    stats = np.zeros((2, engine.channels, 1), dtype=np.float32)
    delta = {"generator.resblocks.1.adain2.0.fc": np.linspace(-0.5, 0.5, 16, dtype=np.float32)}
    whole = np.zeros((1, 256), dtype=np.float32)
    whole[0, :TIMBRE] = style.cpu().numpy()
    sound, _ = engine(latent.cpu().numpy().T[None], source.cpu().numpy().T[None], whole, stats, 0.0, delta)
    from avatar.voice.fitting.network import _Run

    with torch.no_grad():
        biases = {layer: torch.from_numpy(value).to(network.device) for layer, value in delta.items()}
        mine = _Run(network, style, biases, lambda: None).generate(latent, source).cpu().numpy()
    assert np.allclose(sound[20:], mine[20:], atol=2e-4 * float(np.abs(mine).max()))


def test_a_delta_is_a_rewritten_bias(network: Network) -> None:
    arrays = tiny_arrays()
    deltas = {}
    for place, layer in enumerate(LAYERS):
        delta = np.random.default_rng(place).normal(0, 0.3, arrays[f"{layer}.bias"].shape).astype(np.float32)
        arrays[f"{layer}.bias"] = arrays[f"{layer}.bias"] + delta
        deltas[layer] = torch.from_numpy(delta).to(network.device)
    rewritten = Network(Weights(dict(arrays)), torch.float32, str(network.device))
    inputs = given(network)
    with torch.no_grad():
        plain, added, other = network(*inputs, {}), network(*inputs, deltas), rewritten(*inputs, {})
    scale = float(plain.abs().max())
    assert torch.allclose(added, other, atol=1e-4 * scale)
    assert float((added - plain).abs().max()) > 1e-2 * scale


@pytest.mark.parametrize("layer", LAYERS)
def test_gradients_reach_biases_of_every_depth(network: Network, layer: str) -> None:
    bias = torch.zeros(network.layers[layer], device=network.device, requires_grad=True)
    direction = torch.randn(bias.shape, generator=torch.Generator().manual_seed(2)).to(network.device)
    network(*given(network), {layer: bias}).square().mean().backward()  # type: ignore[no-untyped-call]
    assert bias.grad is not None
    with torch.no_grad():
        more, less = (
            network(*given(network), {layer: sign * 1e-2 * direction}).square().mean().double() for sign in (1.0, -1.0)
        )
    assert float(more - less) / 2e-2 == pytest.approx(float(bias.grad @ direction), rel=0.2)


def test_bending_has_the_gradient_of_its_formula() -> None:
    made = torch.Generator().manual_seed(4)
    rows = torch.randn(50, 6, generator=made).requires_grad_(True)
    scale, shift = (torch.randn(6, generator=made).requires_grad_(True) for _ in range(2))
    alpha = np.linspace(0.5, 3, 6, dtype=np.float32)
    weights = torch.randn(50, 6, generator=made)

    def plainly() -> Tensor:
        variance, mean = torch.var_mean(rows, dim=0, correction=0)
        even = (1 + scale) * (rows - mean) / torch.sqrt(variance + 1e-5) + shift
        return even + torch.sin(torch.from_numpy(alpha) * even).square() / torch.from_numpy(alpha)

    known = [rows, scale, shift]
    expected = torch.autograd.grad((plainly() * weights).sum(), known)
    for ours in (
        bent(rows, scale, shift, alpha, Compiled(torch.float32), lambda: None),
        composed(rows, scale, shift, torch.from_numpy(alpha), torch.float32, lambda: None),
    ):
        found = torch.autograd.grad((ours * weights).sum(), known)
        assert torch.allclose(ours, plainly(), atol=1e-5)
        for one, other in zip(found, expected, strict=True):
            assert torch.allclose(one, other, atol=1e-4)


def inversion(network: Network, recipe: Recipe) -> Inversion:
    torch.manual_seed(0)
    encoder = SpeakerNetwork().eval().requires_grad_(False)
    space = Space(np.zeros(TIMBRE, dtype=np.float32), np.eye(TIMBRE, dtype=np.float32))
    return Inversion(network, encoder, space, recipe)


def lessons(network: Network) -> list[Lesson]:
    features, curves, source, style = given(network, CROP, seed=9)
    with torch.no_grad():
        sound = network(features, curves, source, style, {})
    return [Lesson(features, curves, source, sound)]


def target() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.full(256, 1 / 16, dtype=np.float32)


def test_a_fit_makes_the_loss_smaller_and_stays_within_reach(network: Network) -> None:
    recipe = Recipe(style_steps=2, all_steps=5, likeness=0.0, style_rate=0.1, bias_rate=0.05)
    start = np.zeros(TIMBRE, dtype=np.float32)
    shares: list[float] = []
    found = inversion(network, recipe).run(lessons(network), [], start, target(), shares.append)
    assert found.losses[-1] < 0.9 * found.losses[0]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert np.isfinite(found.timbre).all()
    assert all(np.isfinite(delta).all() for delta in found.deltas.values())
    assert any(np.abs(delta).max() > 0 for delta in found.deltas.values())


@pytest.mark.parametrize("calls", [30, 90])
def test_a_fit_stops_in_the_middle_of_a_step(network: Network, calls: int) -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > calls

    with pytest.raises(FittingStopped):
        inversion(network, Recipe()).run(
            lessons(network), [], np.zeros(TIMBRE, np.float32), target(), cancelled=cancelled
        )
    assert len(asked) == calls + 1


def test_a_slow_machine_makes_fewer_steps() -> None:
    plan = Plan(Recipe(style_steps=20, all_steps=60, seconds=0.0))
    steps = 0
    while steps < plan.steps:
        plan.begin()
        plan.end(steps)
        steps += 1
    assert steps <= 12
    assert all(0 < plan.rate(step) <= 1 for step in range(steps))
