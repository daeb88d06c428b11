"""The network, its training with torch, and its export as ONNX."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from avatar.face.audio_visemes import BANDS, CLOSE, FEATURES, LOOKS, MEMORY, OPEN
from avatar.face.params import MOUTH
from avatar.face.visemes import VISEMES
from scripts.viseme.examples import Example

HIDDEN = 64
_WEIGHTS = torch.tensor([{"jaw": 4.0, "pucker": 2.0, "wide": 2.0}.get(name, 1.0) for name in MOUTH])
"""How much each weight of the mouth counts: what everybody sees before what few see."""

_OPENING, _SHUT, _NAMING, _RARE = 5.0, 2.0, 0.25, 2.5
"""What the losses of the opening, of the closing and of naming the viseme count; and a closed frame against an open."""

_KEPT = 0.99
"""What the running mean of the weights keeps at each step."""

_PACE = 1.5e-3
"""The largest step of the optimizer, for a network that is taught on; a new one may take 3e-3."""

BATCH = 16
_HOPS = 4
"""Looks from one frame to the next."""

Floats = NDArray[np.float32]
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


class Network(nn.Module):
    """Looks through three convolutions, which end in one column for each frame, and a memory, to the mouth's shape."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(BANDS, HIDDEN, 5)
        self.second = nn.Conv1d(HIDDEN, HIDDEN, 5, stride=2)
        self.third = nn.Conv1d(HIDDEN, MEMORY, (LOOKS - 8) // 2, stride=2)
        self.memory = nn.GRU(MEMORY, MEMORY, batch_first=True)
        self.last = nn.Linear(2 * MEMORY, len(MOUTH))
        self.naming = nn.Linear(2 * MEMORY, len(VISEMES))
        self.drop = nn.Dropout(0.3)

    def forward(self, looks: Tensor) -> tuple[Tensor, Tensor]:
        """Shapes [n, frames, len(MOUTH)], the closing as a logit, and the viseme's name as logits.

        Args:
            looks: float32 [n, 4 frames + LOOKS - 4, BANDS].
        """
        heard = torch.relu(self.first(looks.transpose(1, 2)))
        heard = torch.relu(self.third(torch.relu(self.second(heard)))).transpose(1, 2)
        held, _ = self.memory(self.drop(heard))
        both = self.drop(torch.cat([heard, held], dim=2))
        return self.last(both), self.naming(both)


def train(
    network: Network,
    draw: Callable[[], Sequence[Example]],
    rounds: int,
    tell: Callable[[int, float, Network], None],
    seed: int,
) -> Network:
    """Teach a network; gives the mean of its last weights.

    Args:
        network: a new one, or one to be taught on.
        draw: gives the examples of one round.
        tell: is told each round's mean loss, and the network with the mean of its last weights.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    network.train()
    kept = copy.deepcopy(network).eval()
    steps = torch.optim.AdamW(network.parameters(), lr=_PACE, weight_decay=1e-2)
    examples = list(draw())
    spread = torch.tensor(np.concatenate([one.shapes for one in examples]).std(axis=0) + 0.02)
    total = rounds * -(-len(examples) // BATCH)
    pace = torch.optim.lr_scheduler.OneCycleLR(steps, _PACE, total_steps=total + 1, pct_start=0.15)
    for number in range(rounds):
        losses = []
        for batch in _batches(examples, rng):
            steps.zero_grad()
            loss = _loss(network, batch, spread)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            steps.step()
            pace.step()
            _follow(kept, network, _KEPT)
            losses.append(float(loss.detach()))
        tell(number, float(np.mean(losses)), kept)
        examples = list(draw())
    return kept


def _follow(kept: Network, network: Network, share: float) -> None:
    """Move the running mean of the weights on."""
    with torch.no_grad():
        for mean, now in zip(kept.parameters(), network.parameters(), strict=True):
            mean.lerp_(now, 1 - share)


def _batches(examples: list[Example], rng: Generator) -> list[Batch]:
    """Looks, shapes, sounds, and which frames count; takes of about the same length together."""
    order = sorted(rng.permutation(len(examples)), key=lambda index: len(examples[index].shapes) // 20)
    groups = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    rng.shuffle(groups)
    return [_batch([examples[index] for index in group], rng) for group in groups]


def _batch(part: Sequence[Example], rng: Generator) -> Batch:
    longest = max(len(one.shapes) for one in part)
    looks = torch.full((len(part), _HOPS * longest + LOOKS - _HOPS, BANDS), -2.5)
    shapes, counts = torch.zeros(len(part), longest, len(MOUTH)), torch.zeros(len(part), longest)
    sounds = torch.zeros(len(part), longest, dtype=torch.int64)
    for row, one in enumerate(part):
        frames = len(one.shapes)
        looks[row, : len(one.looks)] = torch.from_numpy(_coloured(one.looks, rng))
        shapes[row, :frames], sounds[row, :frames] = torch.from_numpy(one.shapes), torch.from_numpy(one.sounds)
        counts[row, :frames] = 1.0
    return looks, shapes, sounds, counts


def _coloured(looks: Floats, rng: Generator) -> Floats:
    """As another microphone hears it: a slope and a wave over the bands, and now and then a gap in bands or in time."""
    place = np.linspace(-1, 1, BANDS)
    wave = np.sin(np.pi * (place * rng.uniform(0.5, 3) + rng.random()))
    colour = rng.normal(0, 0.15) * place + rng.normal(0, 0.1) * wave
    coloured = (looks + colour).astype(np.float32)
    if rng.random() < 0.5:
        low = int(rng.integers(0, BANDS))
        coloured[:, low : low + int(rng.integers(1, 5))] = 0.0
    if rng.random() < 0.5:
        start = int(rng.integers(0, len(looks)))
        coloured[start : start + int(rng.integers(1, 6))] = -1.0
    return coloured


def _loss(network: Network, batch: Batch, spread: Tensor) -> Tensor:
    """Squares in units of each weight's spread, and of the opening's; cross entropies of the closing and the viseme."""
    looks, meant, sounds, counts = batch
    made, named = network(looks)
    rest = [place for place in range(len(MOUTH)) if place != CLOSE]
    squares = (torch.square((made - meant) / spread) * _WEIGHTS)[..., rest].sum(-1) / float(_WEIGHTS[rest].sum())
    weight = 1.0 + _RARE * meant[..., CLOSE]
    shut = weight * functional.binary_cross_entropy_with_logits(made[..., CLOSE], meant[..., CLOSE], reduction="none")
    opening = made[..., OPEN] * (1 - torch.sigmoid(made[..., CLOSE]))
    wanted = meant[..., OPEN] * (1 - meant[..., CLOSE])
    opened = torch.square((opening - wanted) / spread[OPEN])
    naming = functional.cross_entropy(named.transpose(1, 2), sounds, reduction="none")
    return ((squares + _SHUT * shut + _OPENING * opened + _NAMING * naming) * counts).sum() / counts.sum()


def judged(network: Network, tests: Sequence[Example]) -> str:
    """How well the opening follows the exact phones', and how often lips touch, of all frames and where they must."""
    told, true = [], []
    for one in tests:
        with torch.no_grad():
            shapes, _ = network(torch.from_numpy(one.looks)[None])
        shapes[..., CLOSE] = torch.sigmoid(shapes[..., CLOSE])
        told.append(shapes[0].clamp(-1, 1).numpy())
        true.append(one.shapes)
    made, meant = np.concatenate(told), np.concatenate(true)
    opening, wanted = (shapes[:, OPEN] * (1 - shapes[:, CLOSE]) for shapes in (made, meant))
    shut, must = made[:, CLOSE] >= 0.5, meant[:, CLOSE] >= 0.95
    r = float(np.corrcoef(opening, wanted)[0, 1])
    return f"r {r:.3f}, lips touch in {shut.mean():.1%}, where they must in {shut[must].mean():.1%}"


def export(network: Network, path: Path) -> None:
    """Write the network for ONNX Runtime: `sound` [1, frames, FEATURES] and `memory` in, `shape` and `memory` out.

    The large weights are stored as int8, each row with a scale of its own, and become float32 when it is loaded.
    """
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}

    def gates(name: str) -> Floats:
        reset, update, new = np.split(weights[f"memory.{name}_l0"], 3)
        return np.concatenate([update, reset, new])[None]

    large = {f"{name}_w": weights[f"{name}.weight"] for name in ("first", "second", "third")}
    large |= {"gru_w": gates("weight_ih"), "gru_r": gates("weight_hh")}
    arrays: dict[str, NDArray[np.generic]] = {
        **{f"{name}_b": weights[f"{name}.bias"] for name in ("first", "second", "third")},
        "gru_b": np.concatenate([gates("bias_ih"), gates("bias_hh")], axis=1),
        "last_w": weights["last.weight"].T, "last_b": weights["last.bias"],
        "looks": np.array([-1, LOOKS, BANDS]), "columns": np.array([-1, 1, MEMORY]),
        "frames": np.array([1, -1, len(MOUTH)]),
        "open_end": np.array([CLOSE]), "start": np.array([0]), "end": np.array([len(MOUTH)]), "axis": np.array([2]),
        "directions": np.array([1]),
    }  # fmt: skip
    for name, array in large.items():
        arrays |= _small(name, array)
    nodes = [
        *(helper.make_node("Cast", [f"{name}_int8"], [f"{name}_float"], to=TensorProto.FLOAT) for name in large),
        *(helper.make_node("Mul", [f"{name}_float", f"{name}_scale"], [name]) for name in large),
        helper.make_node("Reshape", ["sound", "looks"], ["a"]),
        helper.make_node("Transpose", ["a"], ["b"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["b", "first_w", "first_b"], ["c"]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("Conv", ["d", "second_w", "second_b"], ["e"], strides=[2]),
        helper.make_node("Relu", ["e"], ["f"]),
        helper.make_node("Conv", ["f", "third_w", "third_b"], ["g"], strides=[2]),
        helper.make_node("Relu", ["g"], ["h"]),
        helper.make_node("Reshape", ["h", "columns"], ["heard"]),
        helper.make_node("GRU", ["heard", "gru_w", "gru_r", "gru_b", "", "memory"], ["i", "memory_out"],
                         hidden_size=MEMORY, linear_before_reset=1),
        helper.make_node("Squeeze", ["i", "directions"], ["held"]),
        helper.make_node("Concat", ["heard", "held"], ["both"], axis=2),
        helper.make_node("MatMul", ["both", "last_w"], ["j"]),
        helper.make_node("Add", ["j", "last_b"], ["k"]),
        helper.make_node("Reshape", ["k", "frames"], ["l"]),
        helper.make_node("Slice", ["l", "start", "open_end", "axis"], ["m"]),
        helper.make_node("Slice", ["l", "open_end", "end", "axis"], ["n"]),
        helper.make_node("Sigmoid", ["n"], ["o"]),
        helper.make_node("Concat", ["m", "o"], ["shape"], axis=2),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "audio-visemes",
        [
            helper.make_tensor_value_info("sound", TensorProto.FLOAT, [1, "frames", FEATURES]),
            helper.make_tensor_value_info("memory", TensorProto.FLOAT, [1, 1, MEMORY]),
        ],
        [
            helper.make_tensor_value_info("shape", TensorProto.FLOAT, [1, "frames", len(MOUTH)]),
            helper.make_tensor_value_info("memory_out", TensorProto.FLOAT, [1, 1, MEMORY]),
        ],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _small(name: str, array: Floats) -> dict[str, NDArray[np.generic]]:
    """Weights as int8 and the scale of each row; the rows lie along the first axis, for a GRU along the second."""
    across = tuple(range(2 if len(array) == 1 else 1, array.ndim))
    scale = np.maximum(np.abs(array).max(axis=across, keepdims=True), 1e-8) / 127.0
    return {f"{name}_int8": np.round(array / scale).astype(np.int8), f"{name}_scale": scale.astype(np.float32)}
