"""Kokoro's three parts: tokens to durations and features, features to a latent (ONNX Runtime), the latent to sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from avatar.errors import EngineError
from avatar.media import SPEECH_RATE, Samples
from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.speaking.generator import LENGTHS, Generator
from avatar.voice.speaking.graph import LATENT_HOP, SOURCE_HOP, Parts
from avatar.voice.speaking.level import joined

Floats = NDArray[np.float32]

MAX_TOKENS = 510
"""The longest clause the model takes."""

CONTEXT = 9
"""Latent columns (12.5 ms) rendered and thrown away at each side of a window: the generator's receptive field."""

FADE = SPEECH_RATE // 100
"""Samples over which two windows are cross-faded: 10 ms."""

WINDOWS = (LENGTHS[0] - CONTEXT, *(length - 2 * CONTEXT for length in LENGTHS[1:4]))
"""Latent columns of a clause's first windows, 0.49, 0.68, 0.98 and 1.6 s; all that follow have as many as the last.
Each must be made while the one before it sounds, beside a face and a language model."""

PRIOR = 480
"""Latent columns (6 s) that the voice's own statistics weigh against those of the clause at hand."""

TIMBRE_ROW = 59
"""The row of a pack whose timbre is taken for clauses of every length; rhythm and tune come from the clause's own row.

With rows of their own, short clauses are much quieter than long ones and have other statistics: the same voice said
嗯 at a fifth of the loudness of a sentence."""

_TIMBRE = 128
"""The first columns of a style: what the decoder and the generator hear."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the encoder knows of a clause, on a grid of units of 25 ms.

    Attributes:
        owners: int64 [t], rising: the token that sounds in each unit, 1..n; 0 is the border before, n + 1 after them.
        features: float32 [1, 512, t].
        f0: float32 [1, 2 t] in Hz; below 10 where unvoiced.
        energy: float32 [1, 2 t], about -9.5 in silence and 10 in a loud vowel.
        style: float32 [1, 256].
        deltas: of the voice.
    """

    owners: NDArray[np.int64]
    features: Floats
    f0: Floats
    energy: Floats
    style: Floats
    deltas: Deltas = field(default_factory=lambda: NO_DELTAS)


@dataclass(frozen=True, slots=True)
class Latent:
    """What sound is made of: latent float32 [1, 512, t], source float32 [1, 22, 60 t + 1], style float32 [1, 256], and
    the voice's deltas."""

    latent: Floats
    source: Floats
    style: Floats
    deltas: Deltas = field(default_factory=lambda: NO_DELTAS)

    @property
    def columns(self) -> int:
        return int(self.latent.shape[2])


_P = ParamSpec("_P")
_R = TypeVar("_R")


def _reported(
    method: Callable[Concatenate[Acoustics, _P], _R],
) -> Callable[Concatenate[Acoustics, _P], _R]:
    """The many exceptions of ONNX Runtime and torch as the one of ours."""

    def call(self: Acoustics, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            raise EngineError(
                f"The speech engine failed on {self.device} ({type(error).__name__}).",
                f"语音合成引擎在 {self.device} 上出错({type(error).__name__})。",
            ) from error

    return call


class Acoustics:
    """The three parts. Safe to share between threads."""

    def __init__(self, parts: Parts, device: str, threads: int, graphs_on: str | None = None) -> None:
        """
        Args:
            parts: the cut model's files.
            device: of the generator: "cpu", "cuda" or "cuda:N".
            threads: that one call computes with.
            graphs_on: the device of the encoder and the decoder; None takes the generator's.

        Raises:
            EngineError: a file cannot be loaded, or the device is not there.
        """
        self.device = device
        self._encoder, self._decoder = (
            _session(path, graphs_on or device, threads) for path in (parts.encoder, parts.decoder)
        )
        self._open = {item.name for item in self._decoder.get_overridable_initializers()}
        self._generator = _generator(parts.generator, device, threads)
        self.no_stats: Floats = np.zeros((2, self._generator.channels, 1), dtype=np.float32)

    @_reported
    def warm(self) -> None:
        """Prepare for windows of every length."""
        self._generator.warm()

    @_reported
    def encode(
        self, tokens: Sequence[int], style: Floats, *, speed: float, pitch: float, deltas: Deltas = NO_DELTAS
    ) -> Encoded:
        """Durations, features, pitch and energy of a clause.

        Args:
            tokens: ids of Kokoro's vocabulary, [n], n <= MAX_TOKENS.
            style: float32 [510, 256]; rhythm and tune are those of the row for this length.
            speed: 2 is twice as fast.
            pitch: factor on F0.
            deltas: of the voice.
        """
        row = style[min(len(tokens), MAX_TOKENS) - 1][None].copy()
        row[:, :_TIMBRE] = style[TIMBRE_ROW, :_TIMBRE]
        units, features, f0, energy = self._encoder.run(
            ["units", "features", "f0", "energy"],
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": row,
                "speed": np.array([speed], dtype=np.float32),
                "dur_scale": np.ones((1, len(tokens) + 2), dtype=np.float32),
                "f0_scale": np.array([pitch], dtype=np.float32),
                "f0_shift": np.zeros(1, dtype=np.float32),
            },
        )
        return Encoded(np.repeat(np.arange(units.size), units[0]), features, f0, energy, row, deltas)

    @_reported
    def decode(self, encoded: Encoded) -> Latent:
        """The latent and the harmonic source of a whole clause."""
        latent, source = self._decoder.run(
            ["latent", "source"],
            {
                "features": encoded.features,
                "f0": encoded.f0,
                "energy": encoded.energy,
                "style": encoded.style,
                **{layer: delta for layer, delta in encoded.deltas.items() if layer in self._open},
            },
        )
        return Latent(latent, source, encoded.style, encoded.deltas)

    @_reported
    def generate(self, latent: Latent, start: int, end: int, stats: Floats, memory: float) -> tuple[Samples, Floats]:
        """The sound of some columns, float32 [300 * (end - start)], and the statistics it was normalised with.

        Args:
            stats: float32 [2, channels, 1], mean and variance of each normalised channel so far.
            memory: 0..1, the weight of those statistics against this window's own.
        """
        hops = LATENT_HOP // SOURCE_HOP
        return self._generator(
            latent.latent[:, :, start:end],
            latent.source[:, :, start * hops : end * hops + 1],
            latent.style,
            stats,
            memory,
            latent.deltas,
        )

    def stream(self, latent: Latent, voice_stats: Floats, *, whole: bool = False) -> Iterator[Samples]:
        """The sound of a clause in windows that grow, without seams; 300 samples for each column in all.

        Args:
            voice_stats: the voice's own statistics, which the first window, too short to have any, rests on. A clause
                of one window has its own and needs none.
            whole: in one window, however long the clause is.
        """
        spans = [(0, latent.columns)] if whole else windows(latent.columns)
        stats, seen = (voice_stats, PRIOR) if len(spans) > 1 else (self.no_stats, 0)
        tail: Samples = np.zeros(0, dtype=np.float32)
        for start, end in spans:
            left, right = max(0, start - CONTEXT), min(latent.columns, end + CONTEXT)
            sound, stats = self.generate(latent, left, right, stats, seen / (seen + right - left))
            seen += end - start
            sound = joined(tail, sound[(start - left) * LATENT_HOP :])
            length = (end - start) * LATENT_HOP
            tail = sound[length : length + FADE]
            yield sound[:length]


def windows(columns: int) -> list[tuple[int, int]]:
    """Where a clause is cut: short windows first, so that sound starts early, then longer ones, which cost less."""
    spans: list[tuple[int, int]] = []
    start = 0
    while start < columns:
        end = start + WINDOWS[min(len(spans), len(WINDOWS) - 1)]
        if columns - end < WINDOWS[0] // 2:
            end = columns
        spans.append((start, end))
        start = end
    return spans


def _generator(path: Path, device: str, threads: int) -> Generator:
    try:
        return Generator(path, device, threads)
    except Exception as error:
        raise _not_loaded(device) from error


def _session(path: Path, device: str, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=_providers(device))
    except Exception as error:
        raise _not_loaded(device) from error


def _not_loaded(device: str) -> EngineError:
    return EngineError(
        f"The speech model cannot be loaded on {device}. Run `avatar doctor`.",
        f"无法在 {device} 上加载语音模型。请运行 `avatar doctor`。",
    )


def _providers(device: str) -> list[Any]:
    """ONNX Runtime's names; it would take the CPU without a word where a GPU is asked for and absent."""
    import onnxruntime

    if device == "cpu":
        return ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise ValueError("onnxruntime was built without CUDA")
    _, _, number = device.partition(":")
    return [("CUDAExecutionProvider", {"device_id": int(number or 0)}), "CPUExecutionProvider"]
