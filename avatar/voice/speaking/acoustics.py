"""Kokoro's parts in a row: tokens to durations and features (ONNX Runtime), these to a latent, the latent to sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from avatar.errors import EngineError
from avatar.media import SPEECH_RATE, Samples
from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.speaking.curves import Curves
from avatar.voice.speaking.decoder import LENGTHS as PART_LENGTHS
from avatar.voice.speaking.decoder import REACH, Decoder
from avatar.voice.speaking.generator import LENGTHS, Generator
from avatar.voice.speaking.graph import LATENT_HOP, SOURCE_HOP, Parts
from avatar.voice.speaking.level import joined
from avatar.voice.speaking.source import Source, Turns
from avatar.voice.speaking.weights import read_weights

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

PARTS = (PART_LENGTHS[-2] - REACH, PART_LENGTHS[-1] - 2 * REACH)
"""Units of the first part of a clause that is decoded, 2.75 s, and of all later ones, 3.5 s. The first clause of an
answer is nearly always one part, and then has no statistics but its own."""

LEAST_PART = 40
"""Units of the first part, at least."""

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


class Course(Protocol):
    """A stretch of speech whose encoding may still grow; what is known of it stays as it is."""

    @property
    def encoded(self) -> Encoded:
        """What is known of it so far."""

    @property
    def complete(self) -> bool:
        """Whether that is all."""

    def reach(self, units: int) -> None:
        """Let so many units be known, or all."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A stretch that was encoded at once."""

    encoded: Encoded
    complete: bool = True

    def reach(self, units: int) -> None:
        """All is known."""


@dataclass(frozen=True, slots=True)
class Latent:
    """What sound is made of: latent float32 [1, 512, t], source float32 [1, 22, 60 t + 1], style float32 [1, 256], the
    voice's deltas, and the statistics that the latent was normalised with, float32 [2, channels, 1]."""

    latent: Floats
    source: Floats
    style: Floats
    deltas: Deltas
    stats: Floats

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
    """The parts. Safe to share between threads."""

    def __init__(self, parts: Parts, device: str, threads: int, graphs_on: str | None = None) -> None:
        """
        Args:
            parts: the cut model's files.
            device: of all but the encoder: "cpu", "cuda" or "cuda:N".
            threads: that one call computes with.
            graphs_on: the device of the encoder; None takes the others'.

        Raises:
            EngineError: a file cannot be loaded, or the device is not there.
        """
        self.device = device
        self._encoder = _session(parts.encoder, graphs_on or device)
        self._generator = _loaded(lambda: Generator(parts.generator, device, threads), device)
        self._source = _loaded(lambda: Source(read_weights(parts.generator), torch.device(device)), device)
        weights, precision = _loaded(lambda: read_weights(parts.decoder), device), self._generator.precision
        self._curves = _loaded(lambda: Curves(weights, torch.device(device), threads, precision), device)
        self._decoder = _loaded(lambda: Decoder(weights, torch.device(device), threads, precision), device)
        self.no_stats: Floats = np.zeros((2, self._generator.channels, 1), dtype=np.float32)

    @property
    def stats_shape(self) -> tuple[int, ...]:
        """Of a voice's statistics: the generator's channels, then the decoder's."""
        return (2, self._generator.channels + self._decoder.channels, 1)

    @_reported
    def warm(self) -> None:
        """Prepare for parts and windows of every length."""
        self._decoder.warm()
        self._generator.warm()

    @_reported
    def encode(
        self,
        tokens: Sequence[int],
        style: Floats,
        *,
        speed: float,
        pitch: float,
        deltas: Deltas = NO_DELTAS,
        length: int | None = None,
    ) -> Encoded:
        """Durations, features, pitch and energy of a clause.

        Args:
            tokens: ids of Kokoro's vocabulary, [n], n <= MAX_TOKENS.
            style: float32 [510, 256]; rhythm and tune are those of the row for this length.
            speed: 2 is twice as fast.
            pitch: factor on F0.
            deltas: of the voice.
            length: tokens of the stretch that they are a piece of; None where they are all of it.
        """
        row = style[min(length or len(tokens), MAX_TOKENS) - 1][None].copy()
        row[:, :_TIMBRE] = style[TIMBRE_ROW, :_TIMBRE]
        units, features, frames = self._encoder.run(
            ["units", "features", "frames"],
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": row,
                "speed": np.array([speed], dtype=np.float32),
                "dur_scale": np.ones((1, len(tokens) + 2), dtype=np.float32),
            },
        )
        f0, energy = self._curves(frames[:, 0], row)
        owners = np.repeat(np.arange(units.size), units[0])
        return Encoded(owners, features, f0[None] * np.float32(pitch), energy[None], row, deltas)

    @_reported
    def decode(self, encoded: Encoded) -> Latent:
        """The latent and the harmonic source of a whole clause."""
        nothing = np.zeros((2, self._decoder.channels, 1), dtype=np.float32)
        columns = 2 * encoded.owners.size
        return _Decoding(self._decoder, self._source, Whole(encoded), nothing, whole=True).between(0, columns)

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

    def stream(self, course: Course, voice_stats: Floats, *, whole: bool = False) -> Iterator[Samples]:
        """The sound of a stretch of speech in windows that grow, without seams; 600 samples for each unit in all.

        Args:
            course: asked for more of the stretch as its sound needs it.
            voice_stats: the voice's own statistics, which the first window, too short to have any, rests on. A stretch
                of one window has its own and needs none.
            whole: in one window, however long the stretch is.
        """
        own, others = np.split(voice_stats, [self._generator.channels], axis=1)
        decoding = _Decoding(self._decoder, self._source, course, others, whole=whole)
        tail: Samples = np.zeros(0, dtype=np.float32)
        stats, seen = own, PRIOR
        for start, end in _whole(course) if whole else windows(course):
            columns = 2 * course.encoded.owners.size
            if start == 0 and end == columns and course.complete:
                stats, seen = self.no_stats, 0
            left, right = max(0, start - CONTEXT), min(columns, end + CONTEXT)
            latent = self._decoded(decoding, left, right)
            sound, stats = self.generate(latent, 0, right - left, stats, seen / (seen + right - left))
            seen += end - start
            sound = joined(tail, sound[(start - left) * LATENT_HOP :])
            length = (end - start) * LATENT_HOP
            tail = sound[length : length + FADE]
            yield sound[:length]

    @_reported
    def _decoded(self, decoding: _Decoding, start: int, end: int) -> Latent:
        return decoding.between(start, end)


class _Decoding:
    """A stretch's latent, made part by part as far as it is asked for; parts fit together as windows do."""

    def __init__(self, decoder: Decoder, source: Source, course: Course, stats: Floats, *, whole: bool) -> None:
        """
        Args:
            stats: the voice's own, on which a stretch of several parts rests.
            whole: in one part, however long the stretch is.
        """
        self._decoder, self._source, self._course = decoder, source, course
        self._parts = _whole(course, 1) if whole else parts(course)
        self._stats, self._seen = stats, PRIOR // 2
        self._rows = np.zeros((0, 0), dtype=np.float32)
        self._turns: Turns | None = None

    def between(self, start: int, end: int) -> Latent:
        """Some columns of it."""
        while len(self._rows) < end:
            made = self._next(*next(self._parts))
            self._rows = np.concatenate([self._rows, made]) if len(self._rows) else made
        encoded = self._course.encoded
        if self._turns is None or self._turns.voiced.size < encoded.f0.shape[1]:
            self._turns = self._source.turns(encoded.f0[0])
        hum = self._source(self._turns, start, end).cpu().numpy()
        return Latent(self._rows[start:end].T[None], hum.T[None], encoded.style, encoded.deltas, self._stats)

    def _next(self, start: int, end: int) -> Floats:
        """The rows of a part."""
        encoded = self._course.encoded
        units = encoded.owners.size
        if start == 0 and end == units and self._course.complete:
            self._seen = 0
        left, right = max(0, start - REACH), min(units, end + REACH)
        rows, self._stats = self._decoder(
            encoded.features[0, :, left:right],
            encoded.f0[0, 2 * left : 2 * right],
            encoded.energy[0, 2 * left : 2 * right],
            encoded.style,
            self._stats,
            self._seen / (self._seen + right - left),
            encoded.deltas,
        )
        self._seen += end - start
        return rows[2 * (start - left) : 2 * (end - left)]


def parts(course: Course) -> Iterator[tuple[int, int]]:
    """Where the decoding of a stretch is cut, in units. The first part takes what is known, so that sound can begin."""
    start = 0
    while not course.complete or start < course.encoded.owners.size:
        most = PARTS[min(start, 1)]
        course.reach(start + (most if start else LEAST_PART) + REACH)
        units, end = course.encoded.owners.size, start + most
        if not course.complete:
            end = min(end, units - REACH)
        elif units - end <= REACH:
            end = units
        yield start, end
        start = end


def windows(course: Course) -> Iterator[tuple[int, int]]:
    """Where a stretch is cut, in columns: short windows first, so that sound starts early, then longer ones, which
    cost less."""
    start, number = 0, 0
    while not course.complete or start < 2 * course.encoded.owners.size:
        end, short = start + WINDOWS[min(number, len(WINDOWS) - 1)], WINDOWS[0] // 2
        course.reach((end + short + 1) // 2)
        columns = 2 * course.encoded.owners.size
        if course.complete and columns - end < short:
            end = columns
        yield start, end
        start, number = end, number + 1


def _whole(course: Course, scale: int = 2) -> Iterator[tuple[int, int]]:
    """All of a stretch, in units of which each has so many."""
    while not course.complete:
        course.reach(course.encoded.owners.size + 1)
    yield 0, scale * course.encoded.owners.size


def _loaded(load: Callable[[], _R], device: str) -> _R:
    try:
        return load()
    except Exception as error:
        raise _not_loaded(device) from error


def _session(path: Path, device: str) -> Any:
    """A graph on one thread: a second one takes six tenths more core time for nothing."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
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
