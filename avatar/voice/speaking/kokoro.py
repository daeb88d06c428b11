"""The voice on this machine: Kokoro-82M, streaming inside a clause.

`speak` runs the encoder only, so phones, words and the exact length stand after about a tenth of a second; the sound is
made as the iterator is pulled, in windows that begin short.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from avatar.errors import EngineError, Language
from avatar.media import SPEECH_RATE, ClauseSpeech, PhoneSpan, Samples
from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.profiles import Style, VoiceProfile, Voices
from avatar.voice.speaking import level, marks, normalise
from avatar.voice.speaking.acoustics import MAX_TOKENS, Acoustics, Encoded, Floats, Latent
from avatar.voice.speaking.delivery import DELIVERIES, Delivery
from avatar.voice.speaking.emphasis import emphasised
from avatar.voice.speaking.g2p import MODIFIERS, PAUSES, PHONES, STRESS, Phonetics
from avatar.voice.speaking.graph import UNIT, cut_model
from avatar.voice.speaking.levelling import Levelling
from avatar.voice.speaking.lexicon import EMPTY
from avatar.voice.speaking.pauses import PAUSE_MS, pause_ms
from avatar.voice.speaking.statistics import Measured, VoiceStatistics
from avatar.voice.speaking.timeline import SILENCE, phone_spans, without_silence, word_of_unit, word_spans
from avatar.voice.speaking.words import Symbol, Word

_SAMPLES: dict[Language, tuple[str, ...]] = {
    "zh": ("今天天气很好，我们一起去公园里走一走吧。", "窗外下着小雨。", "这件事情我还要再想一想。"),
    "en": (
        "The weather is fine today, so let us take a walk in the park.",
        "A light rain is falling.",
        "I shall have to think about this.",
    ),
}
"""What a voice is measured on."""


FAIR_TOKENS = 240
"""Tokens (about fifty hanzi) beyond which a clause is made in several pieces, if it has marks. The encoder sees a whole
piece before anything is known; several are encoded side by side."""


@dataclass(frozen=True, slots=True)
class _Take:
    """A stretch of speech that the model makes in one piece, and the samples of silence before it, whole units."""

    encoded: Encoded
    symbols: tuple[Symbol, ...]
    before: int = 0

    @property
    def sounding(self) -> int:
        return self.encoded.owners.size * UNIT

    @property
    def length(self) -> int:
        return self.before + self.sounding


class KokoroSynthesizer:
    """Mandarin and English speech on a CPU, in real time and faster. Safe to share between threads."""

    name = "kokoro"

    def __init__(
        self,
        model: Path,
        vocab: Path,
        voices: Voices,
        cache: Path,
        device: str = "cpu",
        threads: int = 2,
        *,
        graphs_on: str | None = None,
    ) -> None:
        """
        Args:
            model: kokoro-v1.0.int8.onnx.
            vocab: its vocab.json.
            voices: the profiles that can be spoken with.
            cache: a folder for what is made from the model once; it may be emptied at any time.
            device: of what torch computes, which is most of the work: "cpu", "cuda" or "cuda:N".
            threads: that one call computes with.
            graphs_on: the device of the encoder, which ONNX Runtime computes; it may know no GPU where torch does. None
                takes the other's.

        Raises:
            EngineError: the model or its vocabulary cannot be used, or the device is not there.
        """
        self._voices = voices
        self._vocabulary = _read_vocabulary(vocab)
        self._phonetics = Phonetics()
        self._lexicon = EMPTY
        self._whole = False
        self._threads = threads
        parts = cut_model(model, cache)
        self._acoustics = Acoustics(parts, device, threads, graphs_on or device)
        self._statistics = VoiceStatistics(self._measure, parts.encoder.parent / "voices", self._acoustics.stats_shape)

    @property
    def device(self) -> str:
        return self._acoustics.device

    def warm(self, voices: Sequence[str] = ()) -> None:
        """Load the dictionaries and prepare voices, so that the first clause is as quick as the second.

        Raises:
            NotFoundError: there is no such voice.
        """
        self._phonetics.warm()
        self._acoustics.warm()
        for voice in voices:
            profile = self._voices.get(voice)
            for language in profile.languages:
                for _ in self.speak(_SAMPLES[language][0], voice, language=language).chunks:
                    pass

    def pronouncing(self, readings: Mapping[str, str]) -> KokoroSynthesizer:
        """See `avatar.stages.Pronouncer.pronouncing`. Both share everything else."""
        other = copy.copy(self)
        other._lexicon = self._lexicon.extended(readings)
        return other

    def in_one_piece(self) -> KokoroSynthesizer:
        """This synthesizer without windows: what windows are compared with. Both share everything else."""
        other = copy.copy(self)
        other._whole = True
        return other

    def speaking_with(self, voices: Voices) -> KokoroSynthesizer:
        """This synthesizer with other voices. Both share everything else."""
        other = copy.copy(self)
        other._voices = voices
        return other

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """See `avatar.stages.Synthesizer.speak`. Marks (`speaking.marks`) are heeded; what is told has none.

        A clause in which nothing can be said (empty, only signs) has length 0.
        """
        profile = self._voices.get(voice)
        marked = marks.parse(clause)
        words = normalise.words(marked.text, language, self._lexicon, marked.marks)
        symbols = self._phonetics.symbols(words, profile.accent)
        if all(symbol.text in PAUSES for symbol in symbols):
            return _silence(marked.text, sum(_samples(word.pause_ms) for word in words))
        main = _main_language(words, language)
        style, deltas = self._voices.style(profile, main), self._voices.deltas(profile)
        pace = min(4.0, max(0.25, speed * profile.speed))
        delivery = DELIVERIES[marked.style or "calm"]

        def take(piece: tuple[int, Sequence[Symbol]]) -> _Take:
            made = self._take(piece[1], words, style, pace, profile.pitch, deltas, delivery)
            return replace(made, before=piece[0])

        takes = self._beside(take, pieces(symbols, words, pace))
        last = max(take.symbols[-1].word for take in takes)
        pause = _pause(symbols, pace) + sum(_samples(word.pause_ms) for word in words[last + 1 :])
        heard = [
            index for take in takes for index in [-1] * (take.before // UNIT) + word_of_unit(take.symbols, take.encoded)
        ]
        return ClauseSpeech(
            text=marked.text,
            phones=_phones(takes, pause),
            words=word_spans(words, heard),
            length=sum(take.length for take in takes) + pause,
            chunks=self._render(takes, profile, style, main, pause),
        )

    def _beside(
        self, take: Callable[[tuple[int, Sequence[Symbol]]], _Take], found: list[tuple[int, Sequence[Symbol]]]
    ) -> list[_Take]:
        """The takes of a clause; where there are several, each thread makes one after the other."""
        if len(found) == 1 or self._threads == 1:
            return [take(piece) for piece in found]
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(take, found))

    def encode(
        self, text: str, style: Style, language: Language, *, speed: float = 1.0, pitch: float = 1.0
    ) -> tuple[Encoded, tuple[Symbol, ...]]:
        """A sentence as the encoder gives it, silences and all, and the tokens it owns; for fitting a voice.

        Args:
            text: at most MAX_TOKENS tokens of it are taken.
            style: float32 [510, 256].
        """
        words = normalise.words(text, language, self._lexicon)
        symbols = tuple(self._phonetics.symbols(words, "en-us")[:MAX_TOKENS])
        tokens = [self._vocabulary[symbol.text] for symbol in symbols]
        return self._acoustics.encode(tokens, style, speed=speed, pitch=pitch), symbols

    def render(self, encoded: Encoded, deltas: Deltas = NO_DELTAS) -> Samples:
        """The sound of what `encode` gave, in one piece and at the voice's own level: float32 [600 t]."""
        latent = self.decode(encoded, deltas)
        return self._acoustics.generate(latent, 0, latent.columns, self._acoustics.no_stats, 0.0)[0]

    def decode(self, encoded: Encoded, deltas: Deltas = NO_DELTAS) -> Latent:
        """What the sound of what `encode` gave is made of."""
        return self._acoustics.decode(replace(encoded, deltas=deltas))

    def _take(
        self,
        symbols: Sequence[Symbol],
        words: Sequence[Word],
        style: Style,
        speed: float,
        pitch: float,
        deltas: Deltas = NO_DELTAS,
        delivery: Delivery = DELIVERIES["calm"],
    ) -> _Take:
        tokens = [self._vocabulary[symbol.text] for symbol in symbols]
        encoded = self._acoustics.encode(tokens, style, speed=speed, pitch=pitch, deltas=deltas)
        sounding = delivery.shaped(without_silence(encoded))
        return _Take(emphasised(sounding, symbols, words), tuple(symbols))

    def _render(
        self, takes: Sequence[_Take], profile: VoiceProfile, style: Style, language: Language, pause: int
    ) -> Iterator[Samples]:
        known = self._statistics.of(style, language, takes[0].encoded.deltas)
        energy = np.concatenate([take.encoded.energy.ravel() for take in takes])
        levelling = Levelling(known.loudness, energy, profile.gain_db, pause)
        for take in takes:
            if take.before:
                yield np.zeros(take.before, dtype=np.float32)
            rest = take.sounding
            for sound in self._acoustics.stream(take.encoded, known.channels, whole=self._whole):
                chunk = levelling.push(sound)
                rest -= chunk.size
                if rest == 0:
                    chunk = level.fade_out(chunk)
                    if take is takes[-1]:
                        chunk = np.concatenate([chunk, np.zeros(pause, dtype=np.float32)])
                yield chunk

    def _measure(self, style: Style, language: Language, deltas: Deltas) -> Measured:
        """What a voice is like over sentences: statistics from the first, loudness from all."""
        heard = [self._heard(text, language, style, deltas) for text in _SAMPLES[language]]
        return Measured(heard[0][0], sum(loudness for _, loudness in heard) / len(heard))

    def _heard(self, text: str, language: Language, style: Style, deltas: Deltas) -> tuple[Floats, float]:
        words = normalise.words(text, language)
        take = self._take(self._phonetics.symbols(words, "en-us"), words, style, 1.0, 1.0, deltas)
        latent = self._acoustics.decode(take.encoded)
        sound, channels = self._acoustics.generate(latent, 0, latent.columns, self._acoustics.no_stats, 0.0)
        channels = np.concatenate([channels, latent.stats], axis=1)
        return channels, level.through_the_limiter(sound) - level.foretold(take.encoded.energy)


def stretches(symbols: Sequence[Symbol], words: Sequence[Word]) -> list[tuple[int, list[Symbol]]]:
    """A clause's tokens between the breaks that its words ask for, each with the samples of silence before it."""
    found: list[tuple[int, list[Symbol]]] = []
    rest, silence = list(symbols), 0
    for index, word in enumerate(words):
        if word.pause_ms:
            before = [symbol for symbol in rest if symbol.word < index]
            if any(symbol.text not in PAUSES for symbol in before):
                found.append((silence, before))
                rest, silence = rest[len(before) :], 0
            silence += _samples(word.pause_ms)
    if any(symbol.text not in PAUSES for symbol in rest):
        found.append((silence, rest))
    return found


def pieces(symbols: Sequence[Symbol], words: Sequence[Word], pace: float) -> list[tuple[int, Sequence[Symbol]]]:
    """What is made in one piece each, and the samples of silence before it, whole units.

    Args:
        pace: 2 is twice as fast.
    """
    found: list[tuple[int, Sequence[Symbol]]] = []
    for before, stretch in stretches(symbols, words):
        silence = before
        for part in split(stretch, MAX_TOKENS, FAIR_TOKENS):
            found.append((silence, part))
            silence = _pause(part, pace) // UNIT * UNIT
    return found


def _samples(milliseconds: int) -> int:
    """Whole units of silence."""
    return round(milliseconds * SPEECH_RATE / 1000 / UNIT) * UNIT


def _silence(text: str, length: int) -> ClauseSpeech:
    """A clause in which nothing is said."""
    if not length:
        return ClauseSpeech(text, (), (), 0, iter(()))
    return ClauseSpeech(text, (PhoneSpan(SILENCE, 0, length),), (), length, iter((np.zeros(length, dtype=np.float32),)))


def split(symbols: Sequence[Symbol], most: int, fair: int | None = None) -> list[Sequence[Symbol]]:
    """A clause's tokens in parts that the model can take, cut at a mark or between words.

    Args:
        most: tokens that it can take.
        fair: a part with more is cut where it has a mark.
    """
    parts: list[Sequence[Symbol]] = []
    rest = list(symbols)
    while len(rest) > (fair or most) and (cut := _cut(rest, most, fair or most)):
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [part for part in [*parts, rest] if any(symbol.text not in PAUSES for symbol in part)]


def _cut(symbols: Sequence[Symbol], most: int, fair: int) -> int | None:
    """How many of too many tokens come first, or None where all may stay together."""
    places = [index for index in range(fair // 2, min(most, len(symbols))) if symbols[index].text in PAUSES]
    marks = [index for index in places if symbols[index].text in PAUSE_MS]
    if marks:
        return ([mark for mark in marks if mark < fair] or marks[:1])[-1] + 1
    return None if len(symbols) <= most else ([place for place in places if place >= most // 2] or [most - 1])[-1] + 1


def _phones(takes: Sequence[_Take], pause: int) -> tuple[PhoneSpan, ...]:
    """The phones of all takes and the pause after them, without gaps."""
    spans: list[PhoneSpan] = []
    at = 0
    for take in takes:
        if take.before:
            spans.append(PhoneSpan(SILENCE, at, at + take.before))
        at += take.before
        for span in phone_spans(take.symbols, take.encoded):
            spans.append(PhoneSpan(span.phone, at + span.start, at + span.end))
        at += take.sounding
    if pause and spans and spans[-1].phone == SILENCE:
        spans[-1] = replace(spans[-1], end=at + pause)
    elif pause:
        spans.append(PhoneSpan(SILENCE, at, at + pause))
    return tuple(spans)


def _main_language(words: Sequence[Word], language: Language) -> Language:
    """What most of the clause is spoken in."""
    chinese = sum(len(word.spoken) for word in words if word.script == "zh")
    english = sum(2 * len(word.spoken.split()) for word in words if word.script == "en")
    if chinese == english:
        return language
    return "zh" if chinese > english else "en"


def _pause(symbols: Sequence[Symbol], speed: float) -> int:
    return int(pause_ms("".join(symbol.text for symbol in symbols)) * SPEECH_RATE / 1000 / speed)


def _read_vocabulary(path: Path) -> dict[str, int]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))["vocab"]
        return {token: int(table[token]) for token in PHONES + STRESS + MODIFIERS + PAUSES}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(
            f"{path.name} is not Kokoro's token table. Run `avatar models verify`.",
            f"{path.name} 不是 Kokoro 的词表。请运行 `avatar models verify`。",
        ) from error
