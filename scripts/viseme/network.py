"""The network, its training with torch, and its export as ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.random import Generator
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from avatar.face.audio_visemes import BANDS, CLOSE, FEATURES, LOOKS, MEMORY
from avatar.face.params import MOUTH
from scripts.viseme.examples import Example

HIDDEN = 96
_WEIGHTS = torch.tensor([{"jaw": 4.0, "pucker": 2.0, "wide": 2.0}.get(name, 1.0) for name in MOUTH])
"""How much each weight of the mouth counts: what everybody sees before what few see."""

BATCH = 10


class Network(nn.Module):
    """Bands of one frame, through a layer and a memory, to the shape of the mouth."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(FEATURES, HIDDEN)
        self.memory = nn.GRU(HIDDEN, MEMORY, batch_first=True)
        self.last = nn.Linear(MEMORY, len(MOUTH))
        self.straight = nn.Linear(FEATURES, len(MOUTH), bias=False)
        self.drop = nn.Dropout(0.1)

    def forward(self, sound: Tensor) -> Tensor:
        """float32 [n, frames, len(MOUTH)] from [n, frames, FEATURES]; the closing as a logit."""
        held, _ = self.memory(self.drop(torch.relu(self.first(sound))))
        return self.last(self.drop(held)) + self.straight(sound)  # type: ignore[no-any-return]

    def begin_with(self, examples: Sequence[Example]) -> None:
        """Start from the best that a linear map can do (ridge regression), so that the memory learns the rest."""
        sound, shape = (np.concatenate([pair[part] for pair in examples]).astype(np.float64) for part in (0, 1))
        shape[:, CLOSE] = 4.0 * shape[:, CLOSE] - 2.0  # about the logit
        known = np.column_stack([sound, np.ones(len(sound))])
        found = np.linalg.solve(known.T @ known + 30.0 * np.eye(known.shape[1]), known.T @ shape)
        with torch.no_grad():
            self.straight.weight.copy_(torch.tensor(found[:-1].T))
            self.straight.weight.requires_grad_(False)
            self.last.weight.mul_(0.3)
            self.last.bias.copy_(torch.tensor(found[-1]))


def train(draw: Callable[[], Sequence[Example]], rounds: int, tell: Callable[[int, float], None], seed: int) -> Network:
    """Teach a network.

    Args:
        draw: gives the examples of one round.
        tell: is told each round's mean loss.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    network = Network()
    steps = torch.optim.AdamW([part for part in network.parameters() if part.requires_grad], lr=3e-3, weight_decay=1e-3)
    pace = torch.optim.lr_scheduler.CosineAnnealingLR(steps, rounds)
    first = draw()
    network.begin_with(first)
    spread = torch.tensor(np.concatenate([shape for _, shape in first]).std(axis=0) + 0.02)
    for number in range(rounds):
        losses = []
        examples = list(draw())
        for batch in _batches(examples, rng):
            steps.zero_grad()
            loss = _loss(network(_masked(batch[0], rng)), batch[1], batch[2], spread)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            steps.step()
            losses.append(float(loss.detach()))
        pace.step()
        tell(number, float(np.mean(losses)))
    return network.eval()


def _batches(examples: list[Example], rng: Generator) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Sound, shapes, and which frames count."""
    order = rng.permutation(len(examples))
    made = []
    for start in range(0, len(order), BATCH):
        part = [examples[index] for index in order[start : start + BATCH]]
        longest = max(len(sound) for sound, _ in part)
        sound, shape, counts = (torch.zeros(len(part), longest, width) for width in (FEATURES, len(MOUTH), 1))
        for row, (one, other) in enumerate(part):
            sound[row, : len(one)], shape[row, : len(one)] = torch.tensor(one), torch.tensor(other)
            counts[row, : len(one)] = 1.0
        made.append((sound, shape, counts))
    return made


def _masked(sound: Tensor, rng: Generator) -> Tensor:
    """A few neighbouring bands left out, as colouring of rooms and microphones does."""
    masked = sound.clone().view(*sound.shape[:2], LOOKS, BANDS)
    for row in range(len(masked)):
        low = int(rng.integers(0, BANDS))
        masked[row, :, :, low : low + int(rng.integers(0, 5))] = 0.0
    return masked.view_as(sound)


def _loss(made: Tensor, meant: Tensor, counts: Tensor, spread: Tensor) -> Tensor:
    """Squares in units of each weight's spread; for the closing, the cross entropy."""
    squares = torch.square((made - meant) / spread) * counts * _WEIGHTS
    shut = nn.functional.binary_cross_entropy_with_logits(made[..., CLOSE], meant[..., CLOSE], reduction="none")
    rest = [place for place in range(len(MOUTH)) if place != CLOSE]
    return (squares[..., rest].sum() / float(_WEIGHTS[rest].sum()) + 3.0 * (shut * counts[..., 0]).sum()) / counts.sum()


def export(network: Network, path: Path) -> None:
    """Write the network for ONNX Runtime: `sound` [1, frames, FEATURES] and `memory` in, `shape` and `memory` out."""
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}

    def gates(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        reset, update, new = np.split(weights[f"memory.{name}_l0"], 3)
        return np.concatenate([update, reset, new])[None]

    arrays = {
        "first_w": weights["first.weight"].T, "first_b": weights["first.bias"],
        "gru_w": gates("weight_ih"), "gru_r": gates("weight_hh"),
        "gru_b": np.concatenate([gates("bias_ih"), gates("bias_hh")], axis=1),
        "last_w": weights["last.weight"].T, "last_b": weights["last.bias"],
        "straight_w": weights["straight.weight"].T,
        "open_end": np.array([CLOSE]), "start": np.array([0]), "end": np.array([len(MOUTH)]), "axis": np.array([2]),
        "directions": np.array([1]),
    }  # fmt: skip
    nodes = [
        helper.make_node("MatMul", ["sound", "first_w"], ["a"]),
        helper.make_node("Add", ["a", "first_b"], ["b"]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Transpose", ["c"], ["d"], perm=[1, 0, 2]),
        helper.make_node("GRU", ["d", "gru_w", "gru_r", "gru_b", "", "memory"], ["e", "memory_out"],
                         hidden_size=MEMORY, linear_before_reset=1),
        helper.make_node("Squeeze", ["e", "directions"], ["f"]),
        helper.make_node("Transpose", ["f"], ["g"], perm=[1, 0, 2]),
        helper.make_node("MatMul", ["g", "last_w"], ["h"]),
        helper.make_node("Add", ["h", "last_b"], ["i"]),
        helper.make_node("MatMul", ["sound", "straight_w"], ["m"]),
        helper.make_node("Add", ["i", "m"], ["n"]),
        helper.make_node("Slice", ["n", "start", "open_end", "axis"], ["j"]),
        helper.make_node("Slice", ["n", "open_end", "end", "axis"], ["k"]),
        helper.make_node("Sigmoid", ["k"], ["l"]),
        helper.make_node("Concat", ["j", "l"], ["shape"], axis=2),
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
