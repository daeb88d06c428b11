"""Style inversion by gradient: the timbre, and then the biases it goes through, are moved until the network says a
person's words as the person does (the idea of Abdal et al., Image2StyleGAN, 2019, with a voice in place of a face).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avatar.voice.deltas import Deltas
from avatar.voice.fitting.ears import difference, spectra, voice_of
from avatar.voice.fitting.fitted import Cancelled, FittingStopped, Progress
from avatar.voice.fitting.lessons import Lesson
from avatar.voice.fitting.library import Space
from avatar.voice.fitting.network import Network
from avatar.voice.speaker import Embedding, SpeakerNetwork

Floats = NDArray[np.float32]

PROBE_EVERY = 3
"""Every third step is a probe sentence: without them the voice holds only for the words of the recording."""

_BETAS = (0.8, 0.95)
_WARM_UP = 5
_LOWEST = 0.1
_TIMED = (5, 9)
"""The steps whose time tells how many more there can be; before them the libraries prepare themselves."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a fit is made.

    Attributes:
        style_steps: at first, in which only the timbre moves.
        all_steps: after them, in which the biases move as well.
        likeness: weight of 1 - cosine of the speaker embeddings, against nepers of spectral difference.
        near: weight of the timbre's squared Mahalanobis distance from where it began, for each of its 128 numbers.
        small: weight of the biases' squares, each hundred of them.
        style_rate, bias_rate: the largest steps.
        seconds: of one core's time, or of a GPU's, at most; on a slow machine there are fewer steps.
        seed: of the crops.
    """

    style_steps: int = 30
    all_steps: int = 90
    likeness: float = 3.0
    near: float = 0.02
    small: float = 0.02
    style_rate: float = 0.02
    bias_rate: float = 0.008
    seconds: float = 170.0
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Inverted:
    """What was found: timbre, float32 [128], and deltas; and the loss of each step that had a recording."""

    timbre: Floats
    deltas: Deltas
    losses: tuple[float, ...]


class Inversion:
    """One fit."""

    def __init__(self, network: Network, encoder: SpeakerNetwork, space: Space, recipe: Recipe) -> None:
        self._network, self._space, self._recipe = network, space, recipe
        on_gpu = network.device.type != "cpu"
        self._encoder = copy.deepcopy(encoder).to(network.device).train() if on_gpu else encoder
        self._precision = torch.from_numpy(space.precision).to(network.device)
        self._clock = time.perf_counter if on_gpu else time.thread_time

    def run(
        self,
        lessons: Sequence[Lesson],
        probes: Sequence[Lesson],
        start: Floats,
        target: Embedding,
        progress: Progress = lambda share: None,
        cancelled: Cancelled = lambda: False,
    ) -> Inverted:
        """Fit.

        Args:
            lessons: of the person; at least one.
            probes: sentences that the voice says by itself.
            start: the timbre to begin with, float32 [128].
            target: the person's embedding.

        Raises:
            FittingStopped: `cancelled` said so; it is asked before each layer and after it.
        """
        recipe = self._recipe
        device = self._network.device
        style = torch.from_numpy(start.copy()).to(device).requires_grad_(True)
        biases = {
            layer: torch.zeros(size, device=device, requires_grad=True) for layer, size in self._network.layers.items()
        }
        optimizer = torch.optim.Adam(
            [{"params": [style], "lr": 0.0}, {"params": list(biases.values()), "lr": 0.0}], betas=_BETAS
        )
        rng = np.random.default_rng(recipe.seed)
        wanted, origin = torch.from_numpy(target).to(device), torch.from_numpy(start).to(device)
        lessons, probes = [each.to(device) for each in lessons], [each.to(device) for each in probes]
        watch = _watch(cancelled)
        losses: list[float] = []
        plan, step = Plan(recipe, self._clock), 0
        while step < plan.steps:
            plan.begin()
            source = probes if probes and step % PROBE_EVERY == PROBE_EVERY - 1 else lessons
            part = source[int(rng.integers(len(source)))].crop(rng)
            free = biases if step >= plan.style_steps else {}
            loss = self._loss(part, style, free, origin, wanted, watch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            if part.sound is not None:
                losses.append(loss.item())
            if _finite(style, free):
                optimizer.param_groups[0]["lr"] = recipe.style_rate * plan.rate(step)
                optimizer.param_groups[1]["lr"] = recipe.bias_rate * plan.rate(step)
                optimizer.step()
            with torch.no_grad():
                style.copy_(torch.from_numpy(self._space.within(style.cpu().numpy())))
            plan.end(step)
            step += 1
            progress(step / plan.steps)
        found = {layer: np.array(bias.detach().cpu().numpy()) for layer, bias in biases.items()}
        return Inverted(np.array(style.detach().cpu().numpy()), found, tuple(losses))

    def _loss(
        self,
        part: Lesson,
        style: Tensor,
        biases: dict[str, Tensor],
        origin: Tensor,
        wanted: Tensor,
        watch: Callable[[], None],
    ) -> Tensor:
        recipe = self._recipe
        made = self._network(part.features, part.curves, part.source, style, biases, watch)
        away = style - origin
        loss = recipe.likeness * (1 - voice_of(made, self._encoder) @ wanted)
        loss = loss + recipe.near * (away @ self._precision @ away) / away.shape[0]
        if biases:
            loss = loss + recipe.small * torch.stack([bias.square().sum() for bias in biases.values()]).sum() / 100
        if part.sound is not None:
            loss = loss + difference(spectra(made), spectra(part.sound))
        return loss


class Plan:
    """How many steps there are, when the time they take is known, and how large each is.

    Args:
        recipe: how many there may be.
        clock: tells seconds: the thread's own on a CPU, which others may share, and the wall's on a GPU.
    """

    def __init__(self, recipe: Recipe, clock: Callable[[], float] = time.thread_time) -> None:
        self._recipe, self._clock = recipe, clock
        self.steps, self.style_steps = recipe.style_steps + recipe.all_steps, recipe.style_steps
        self._began = self._before = clock()
        self._taken: list[float] = []

    def begin(self) -> None:
        self._before = self._clock()

    def end(self, step: int) -> None:
        """A step is over; after a few the number of steps is settled."""
        if _TIMED[0] <= step < _TIMED[1]:
            self._taken.append(self._clock() - self._before)
        if step == _TIMED[1] - 1:
            left = self._recipe.seconds - (self._clock() - self._began)
            possible = step + 1 + int(left / max(1e-6, float(np.median(self._taken))))
            share = min(1.0, max(0.0, possible / self.steps))
            self.style_steps = max(min(self.style_steps, step + 1), round(self.style_steps * share))
            self.steps = max(self.style_steps, round(self.steps * share))

    def rate(self, step: int) -> float:
        """0..1: a short rise, then half a cosine down to a tenth, in each of the two parts."""
        first = step < self.style_steps
        place, length = (step, self.style_steps) if first else (step - self.style_steps, self.steps - self.style_steps)
        falling = _LOWEST + (1 - _LOWEST) * 0.5 * (1 + math.cos(math.pi * place / max(1, length)))
        return min(1.0, (place + 1) / _WARM_UP) * falling


def _watch(cancelled: Cancelled) -> Callable[[], None]:
    def look() -> None:
        if cancelled():
            raise FittingStopped

    return look


def _finite(style: Tensor, biases: dict[str, Tensor]) -> bool:
    """Whether every gradient is a number; a step that has none is left out."""
    gradients = [each.grad for each in (style, *biases.values()) if each.grad is not None]
    return bool(torch.stack([torch.isfinite(gradient).all() for gradient in gradients]).all())
