"""What all synthetic speech goes through on its way out, whichever engine made it: the mark, then the limiter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, cast

from avatar.errors import Language
from avatar.media import ClauseSpeech, Samples
from avatar.stages import Pronouncer, Synthesizer
from avatar.voice.limiter import Limiter
from avatar.voice.watermark import MarkNetwork, SteadyMarker


class _Stage(Protocol):
    """Takes sound in pieces and gives it back, as much in all."""

    def push(self, piece: Samples, /) -> Samples: ...

    def flush(self) -> Samples: ...


def outgoing(pieces: Iterator[Samples], network: MarkNetwork | None) -> Iterator[Samples]:
    """One stretch of speech as it goes out; as many samples in all, in pieces of other sizes.

    Args:
        pieces: float32 [n] at SPEECH_RATE each; closed when this is.
        network: marks; None leaves the speech unmarked.
    """
    stages: list[_Stage] = [*([SteadyMarker(network)] if network else []), Limiter()]
    try:
        for piece in pieces:
            yield from _through(stages, piece)
        for index, stage in enumerate(stages):
            yield from _through(stages[index + 1 :], stage.flush())
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def _through(stages: Sequence[_Stage], piece: Samples) -> Iterator[Samples]:
    for stage in stages:
        piece = stage.push(piece)
    if piece.size:
        yield piece


class OutgoingSynthesizer:
    """A synthesizer all of whose speech is marked and limited; it is the other's in everything else.

    Args:
        inner: the synthesizer.
        network: marks; None leaves its speech unmarked.
    """

    def __init__(self, inner: Synthesizer, network: MarkNetwork | None) -> None:
        self._inner = inner
        self._network = network

    @property
    def inner(self) -> Synthesizer:
        """The synthesizer itself, for what needs the voice as it is made: fitting."""
        return self._inner

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def device(self) -> str:
        return self._inner.device

    def warm(self, voices: Sequence[str] = ()) -> None:
        """Prepare voices, where the other can."""
        warm = getattr(self._inner, "warm", None)
        if warm is not None:
            warm(voices)

    def close(self) -> None:
        """Close what the other holds open."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            close()

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """See `avatar.stages.Synthesizer.speak`."""
        speech = self._inner.speak(clause, voice, language=language, speed=speed)
        return replace(speech, chunks=outgoing(speech.chunks, self._network))


class OutgoingPronouncer(OutgoingSynthesizer):
    """The same for a synthesizer that can be told how words are read."""

    def pronouncing(self, readings: Mapping[str, str]) -> Synthesizer:
        """See `avatar.stages.Pronouncer.pronouncing`."""
        return finished(cast(Pronouncer, self._inner).pronouncing(readings), self._network)


def finished(synthesizer: Synthesizer, network: MarkNetwork | None) -> Synthesizer:
    """A synthesizer whose speech may go out."""
    if isinstance(synthesizer, Pronouncer):
        return OutgoingPronouncer(synthesizer, network)
    return OutgoingSynthesizer(synthesizer, network)
