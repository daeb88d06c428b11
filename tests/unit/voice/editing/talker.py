"""Speech for the tests: every token is a buzz of a fifth of a second with resonances of its own."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples
from avatar.stages import HeardWord, HearingHints, Transcript
from avatar.voice.editing.phrases import PITCH_HOP, Phrase, Span
from avatar.voice.editing.texts import Token, tokens
from avatar.voice.speaker import Embedding

SYLLABLE_S = 0.2
GAP_S = 0.04
LEAD_S = 0.1


def syllable(name: str, hertz: float, seconds: float) -> Samples:
    """A buzz; the same name has the same resonances at any pitch."""
    seed = zlib.crc32(name.encode())
    resonances = (300 + seed % 500, 1000 + seed // 500 % 1500)
    time = np.arange(round(seconds * SPEECH_RATE)) / SPEECH_RATE
    sound = np.zeros(time.size)
    for harmonic in np.arange(1, int(5000 / hertz)) * hertz:
        weight = sum(np.exp(-(((harmonic - each) / 180) ** 2)) for each in resonances) + 0.02
        sound += weight * np.sin(2 * np.pi * harmonic * time)
    edge = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.02)
    return np.asarray(0.1 * sound * edge, dtype=np.float32)


def spoken(row: Sequence[Token], hertz: float = 120.0, speed: float = 1.0) -> tuple[Samples, tuple[Span, ...]]:
    """Tokens one after the other with short gaps, and when each sounds."""
    gap, lead = (
        np.zeros(round(GAP_S * SPEECH_RATE / speed), np.float32),
        np.zeros(round(LEAD_S * SPEECH_RATE), np.float32),
    )
    parts, spans, at = [lead], [], lead.size
    for token in row:
        sound = syllable(token.spoken, hertz, SYLLABLE_S / speed)
        spans.append((at, at + sound.size))
        parts += [sound, gap]
        at += sound.size + gap.size
    return np.concatenate([*parts, lead]), tuple(spans)


@dataclass
class Talker:
    """Implements `Speaker`."""

    hertz: float = 120.0
    calls: list[tuple[str, float, float]] = field(default_factory=list)

    def say(self, row: Sequence[Token], *, speed: float = 1.0, pitch: float = 1.0) -> Phrase:
        self.calls.append(("".join(token.text for token in row), speed, pitch))
        samples, spans = spoken(row, self.hertz * pitch, speed)
        track = np.zeros(samples.size // PITCH_HOP + 1, dtype=np.float32)
        for start, end in spans:
            track[start // PITCH_HOP : end // PITCH_HOP] = self.hertz * pitch
        return Phrase(samples, spans, track)


@dataclass
class TalkerVoice:
    """Implements `Voice`."""

    talker: Talker
    person: tuple[Embedding, ...] = ()

    def speaker(self, language: Language) -> Talker:
        return self.talker


@dataclass
class Ear:
    """Hears the texts it is given, one after the other, the last one ever after; the words share the time."""

    texts: list[str]
    language: Language = "zh"
    name: str = "fake"
    device: str = "cpu"

    def transcribe(self, samples: Samples, hints: HearingHints) -> Transcript:
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        row = tokens(text, self.language)
        step = SYLLABLE_S + GAP_S
        words = tuple(
            HeardWord(token.text, LEAD_S + at * step, LEAD_S + (at + 1) * step, 0.9) for at, token in enumerate(row)
        )
        return Transcript(text, self.language, words)


class OneVoice:
    """An encoder to which a pitch is a person."""

    def embed(self, samples: Samples, rate: int) -> Embedding:
        from avatar.voice.enrolment.pitch import track

        place = np.zeros(256, dtype=np.float32)
        place[int(track(samples, rate).median > 160.0)] = 1.0
        return place
