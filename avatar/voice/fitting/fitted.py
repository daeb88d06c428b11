"""What a fitting gives: a voice that the engine can speak with, what was done for it, and how well it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from avatar.errors import AvatarError
from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.profiles import Style

Step = Literal["nearest", "regression", "style", "biases", "kept_start"]
"""What was done: the nearest stock voice was taken; the style was computed from the speaker's embedding; the style was
fitted; the biases were; a fit did not win on new sentences, so what it started from was kept."""

Progress = Callable[[float], None]
"""Told the share that is done, 0..1, rising."""

Cancelled = Callable[[], bool]
"""Asked several times a second; True ends the fitting."""


class FittingStopped(AvatarError):  # noqa: N818 - nothing went wrong
    """Fitting ended because it was asked to."""

    code = "fitting_stopped"

    def __init__(self) -> None:
        super().__init__("The fitting was stopped.", "拟合已停止。")


@dataclass(frozen=True, slots=True)
class Fitted:
    """A voice made from somebody's recording.

    Attributes:
        style: float32 [510, 256], a pack like the stock ones: finite, the timbre within the range of theirs.
        deltas: empty where none were fitted; small otherwise (150 KB together). See `avatar.voice.deltas.packed`.
        pitch: factor on the pack's own fundamental frequency, 0.5..2.
        done: what was done, in order.
        scores: figures on sentences that nothing was fitted to. `similarity`: cosine of the speaker embeddings of
            clone and recording; after the second rung `similarity_before`, and `error` and `error_before`, the share
            of syllables or words that were not understood.
    """

    style: Style
    pitch: float
    done: tuple[Step, ...]
    deltas: Deltas = field(default_factory=lambda: NO_DELTAS)
    scores: Mapping[str, float] = field(default_factory=dict)
