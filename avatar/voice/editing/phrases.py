"""A phrase in a voice, with the time of every token: what the new words are cut from, and what the old are found by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar.errors import Language
from avatar.media import Samples, WordSpan
from avatar.voice.deltas import Deltas
from avatar.voice.editing.texts import Token, written
from avatar.voice.profiles import Style, VoiceProfile, Voices
from avatar.voice.speaking import normalise
from avatar.voice.speaking.kokoro import KokoroSynthesizer
from avatar.voice.speaking.timeline import without_silence, word_of_unit, word_spans

Span = tuple[int, int]
"""Samples at SPEECH_RATE; the end is exclusive."""

PITCH_HOP = 300
"""Samples between two values of a phrase's fundamental frequency."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as a voice says it.

    Attributes:
        samples: float32 [n] at SPEECH_RATE.
        spans: when each token sounds, in order.
        pitch: float32 [n // PITCH_HOP] in Hz, 0 where there is no voice.
    """

    samples: Samples
    spans: tuple[Span, ...]
    pitch: NDArray[np.float32]


class Speaker(Protocol):
    """A voice that says phrases for an edit."""

    def say(self, row: Sequence[Token], *, speed: float = 1.0, pitch: float = 1.0) -> Phrase:
        """A phrase, unmarked.

        Args:
            row: its tokens.
            speed: 2 is twice as fast as the voice's own.
            pitch: factor on the voice's own fundamental frequency.

        Raises:
            EngineError: the engine failed.
        """


class KokoroSpeaker:
    """Implements `Speaker` with the embedded synthesizer, in one piece: nothing is streamed here.

    Args:
        style: float32 [510, 256].
        deltas: of the voice.
        speed, pitch: the voice's own.
    """

    def __init__(
        self,
        synthesizer: KokoroSynthesizer,
        style: Style,
        deltas: Deltas,
        language: Language,
        speed: float = 1.0,
        pitch: float = 1.0,
    ) -> None:
        self._synthesizer = synthesizer
        self._style = style
        self._deltas = deltas
        self._language = language
        self._speed = speed
        self._pitch = pitch

    @classmethod
    def of(
        cls, profile: VoiceProfile, voices: Voices, synthesizer: KokoroSynthesizer, language: Language
    ) -> KokoroSpeaker:
        """The speaker of a profile."""
        style, deltas = voices.style(profile, language), voices.deltas(profile)
        return cls(synthesizer, style, deltas, language, profile.speed, profile.pitch)

    def say(self, row: Sequence[Token], *, speed: float = 1.0, pitch: float = 1.0) -> Phrase:
        """See `Speaker`."""
        text = written(row)
        encoded, symbols = self._synthesizer.encode(
            text, self._style, self._language, speed=speed * self._speed, pitch=pitch * self._pitch
        )
        encoded = without_silence(encoded)
        heard = word_of_unit(symbols, encoded)
        spoken = word_spans(normalise.words(text, self._language), heard)
        voiced = np.where(encoded.f0[0] > _VOICED_HZ, encoded.f0[0], 0.0).astype(np.float32)
        return Phrase(self._synthesizer.render(encoded, self._deltas), token_spans(row, spoken), voiced)


_VOICED_HZ = 40.0


def token_spans(row: Sequence[Token], words: Sequence[WordSpan]) -> tuple[Span, ...]:
    """When each token sounds, of words whose texts, joined, are the tokens' text; one without a sound of its own gets
    an empty span where it would be."""
    edges = np.cumsum([0, *(len(token.lead + token.text + token.tail) for token in row)])
    times: list[list[Span]] = [[] for _ in row]
    at = 0
    for word in words:
        middle = at + max(0, len(word.text) - 1) // 2
        owner = min(len(row) - 1, int(np.searchsorted(edges, middle, side="right")) - 1)
        times[owner].append((word.start, word.end))
        at += len(word.text)
    spans: list[Span] = []
    for own in times:
        last = spans[-1][1] if spans else 0
        spans.append((own[0][0], own[-1][1]) if own else (last, last))
    return tuple(spans)
