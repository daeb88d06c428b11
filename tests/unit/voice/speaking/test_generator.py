"""The generator on a tiny network, against the same network written plainly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from avatar.voice.speaking.generator import LENGTHS, Generator, quickest
from avatar.voice.speaking.passes import Compiled, Composed
from tests.unit.voice.devices import DEVICES
from tests.unit.voice.tiny import MIDDLE, RATES, WIDE, Arrays
from tests.unit.voice.tiny import generator as tiny_generator

COLUMNS = 30


def tiny_weights() -> Arrays:
    rng = np.random.default_rng(3)
    drawn = tiny_generator(rng)
    window_sum = np.concatenate([np.zeros(1), rng.uniform(0.5, 2, 19)]).astype(np.float32)
    return {**drawn, "window_sum": window_sum}


@pytest.fixture(scope="module")
def weights() -> Arrays:
    return tiny_weights()


@pytest.fixture(scope="module")
def path(weights: Arrays, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("generator") / "generator.npz"
    np.savez(target, allow_pickle=False, **weights)
    return target


@pytest.fixture(scope="module", params=DEVICES)
def generator(path: Path, request: pytest.FixtureRequest) -> Generator:
    return Generator(path, request.param, 1, torch.float32)


def given(columns: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    shapes = ((1, WIDE, columns), (1, 22, 60 * columns + 1), (1, 256))
    latent, source, style = (rng.normal(0, 1, shape).astype(np.float32) for shape in shapes)
    return latent, source, style


def run(
    generator: Generator, columns: int, *, stats: NDArray[np.float32] | None = None, memory: float = 0.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    old = np.zeros((2, generator.channels, 1), np.float32) if stats is None else stats
    latent, source, style = given(columns)
    return generator(latent, source, style, old, memory)


def plainly(weights: Arrays, columns: int) -> NDArray[np.float32]:
    """The network as its paper draws it: channels first, every layer by itself, each normalised on its own."""
    latent, source, style = (torch.from_numpy(each) for each in given(columns))
    known = {name: torch.from_numpy(array) for name, array in weights.items()}

    def conv(name: str, sound: Tensor, **how: Any) -> Tensor:
        return functional.conv1d(sound, known[f"{name}.weight"], known[f"{name}.bias"], **how)

    def block(name: str, sound: Tensor) -> Tensor:
        for part, dilation in enumerate((1, 3, 5)):
            inner = sound
            for half, spread in ((1, dilation), (2, 1)):
                bend = f"{name}.adain{half}.{part}.fc"
                scale, shift = (style[:, :128] @ known[f"{bend}.weight"] + known[f"{bend}.bias"]).chunk(2, dim=1)
                inner = (1 + scale)[..., None] * functional.instance_norm(inner) + shift[..., None]
                alpha = known[f"{name}.alpha{half}.{part}"]
                inner = inner + torch.sin(alpha * inner) ** 2 / alpha
                layer = f"{name}.convs{half}.{part}"
                width = known[f"{layer}.weight"].shape[2]
                inner = conv(layer, inner, padding=spread * (width - 1) // 2, dilation=spread)
            sound = sound + inner
        return sound

    sound = latent
    for level, (stride, edge) in enumerate(((6, 3), (1, 0))):
        bright = block(f"noise_res.{level}", conv(f"noise_convs.{level}", source, stride=stride, padding=edge))
        sound = functional.conv_transpose1d(
            functional.leaky_relu(sound, 0.1),
            known[f"ups.{level}.weight"],
            known[f"ups.{level}.bias"],
            stride=RATES[level],
            padding=RATES[level] // 2,
        )
        if level == 1:
            sound = functional.pad(sound, (1, 0), mode="reflect")
        sound = sound + bright
        sound = sum(block(f"resblocks.{3 * level + part}", sound) for part in range(3)) / torch.tensor(3.0)
    shape = conv("conv_post", functional.leaky_relu(sound, 0.01), padding=3)
    size, phase = shape[:, :11].exp(), shape[:, 11:].sin()
    parts = torch.cat([size * phase.cos(), size * phase.sin()], dim=1)
    waves = functional.conv_transpose1d(parts, known["inverse_basis"], stride=5)[0, 0]
    waves[1:20] /= known["window_sum"][1:]
    return np.asarray((4 * waves[10:-10]).numpy())


@pytest.mark.parametrize("columns", [1, COLUMNS, LENGTHS[0], LENGTHS[-1] + 1])
def test_it_is_the_network_that_it_is_said_to_be(generator: Generator, weights: Arrays, columns: int) -> None:
    sound, _ = run(generator, columns)
    expected = plainly(weights, columns)
    assert sound.shape == (300 * columns,)
    assert np.allclose(sound, expected, atol=2e-4 * np.abs(expected).max())


@pytest.mark.parametrize("device", DEVICES)
def test_in_half_the_bits_it_sounds_the_same(path: Path, generator: Generator, device: str) -> None:
    exact, _ = run(generator, COLUMNS)
    rough, _ = run(Generator(path, device, 1, torch.bfloat16), COLUMNS)
    assert not np.array_equal(rough, exact)
    assert np.sqrt(np.mean((rough - exact) ** 2)) < 0.05 * exact.std()


def test_a_second_thread_changes_nothing(path: Path) -> None:
    alone, beside = (Generator(path, "cpu", threads, torch.bfloat16) for threads in (1, 2))
    for columns in (COLUMNS, LENGTHS[-1] + 1):
        for one, other in zip(run(alone, columns), run(beside, columns), strict=True):
            assert np.array_equal(one, other)


def test_it_is_warm_for_every_length(generator: Generator) -> None:
    generator.warm()
    before, _ = run(generator, COLUMNS)
    generator.warm()
    assert np.array_equal(run(generator, COLUMNS)[0], before)


def test_with_full_memory_the_statistics_are_those_given(generator: Generator) -> None:
    stats = np.random.default_rng(1).uniform(0.5, 2, (2, generator.channels, 1)).astype(np.float32)
    sound, new = run(generator, COLUMNS, stats=stats, memory=1.0)
    assert np.allclose(new, stats, atol=1e-5)
    assert not np.allclose(sound, run(generator, COLUMNS)[0])


def test_with_some_memory_they_lie_between(generator: Generator) -> None:
    """Of the first normalisation, whose input does not depend on the memory."""
    _, own = run(generator, COLUMNS)
    old = own + np.float32(1.0)
    _, mixed = run(generator, COLUMNS, stats=old, memory=0.25)
    assert np.allclose(mixed[0, :MIDDLE], own[0, :MIDDLE] + 0.25, atol=1e-5)
    spread = 0.75 * own[1, :MIDDLE] + 0.25 * old[1, :MIDDLE] + 0.75 * 0.25 * 1.0
    assert np.allclose(mixed[1, :MIDDLE], spread, atol=1e-4)


def test_a_voice_is_heard(generator: Generator) -> None:
    latent, source, style = given(COLUMNS)
    stats = np.zeros((2, generator.channels, 1), np.float32)
    assert not np.allclose(generator(latent, source, -style, stats, 0.0)[0], run(generator, COLUMNS)[0])


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    target = tmp_path / "generator.npz"
    np.savez(target, allow_pickle=False, anything=np.zeros(3))
    with pytest.raises(KeyError):
        Generator(target, "cpu", 1)


def test_the_precision_is_one_that_the_processor_has() -> None:
    able = torch.cpu.get_capabilities()
    half = able.get("amx_bf16", False) or able.get("avx512_bf16", False)
    assert quickest(torch.device("cpu")) is (torch.bfloat16 if half else torch.float32)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_both_ways_to_pass_over_rows_agree(precision: torch.dtype, device: str) -> None:
    rng = np.random.default_rng(2)
    rows = torch.from_numpy(rng.normal(1, 3, (200, 16)).astype(np.float32))
    more = torch.from_numpy(rng.normal(0, 1, (200, 16)).astype(np.float32)).to(precision)
    gain, shift = (rng.normal(0, 2, 16).astype(np.float32) for _ in range(2))
    alpha = rng.uniform(0.1, 9, 16).astype(np.float32)
    compiled, composed = Compiled(precision), Composed(precision, torch.device(device))
    rows_there, more_there = rows.to(device), more.to(device)
    for one, other in zip(compiled.moments(more, 150), composed.moments(more_there, 150), strict=True):
        assert np.allclose(one, other, atol=1e-5)
    one_sum, one_moments = compiled.absorb(rows, more, 150)
    other_sum, other_moments = composed.absorb(rows_there, more_there, 150)
    assert torch.equal(one_sum[:150], other_sum[:150].cpu())
    assert all(np.allclose(one, other, atol=1e-4) for one, other in zip(one_moments, other_moments, strict=True))
    one_bent = compiled.bend(rows, gain, shift, alpha, 150)
    other_bent = composed.bend(rows_there, gain, shift, alpha, 150).cpu()
    assert one_bent.dtype == other_bent.dtype == precision
    assert torch.allclose(
        one_bent.float(), other_bent.float(), rtol=1e-2 if precision == torch.bfloat16 else 1e-4, atol=1e-4
    )
    assert not one_bent[150:].any()
    assert not other_bent[150:].any()
