"""The voice on this machine: Kokoro-82M, streaming inside a clause.

`speak` encodes the beginning of a clause only, so its phones and words stand after about a tenth of a second, and of a
short clause all and the exact length. The sound is made as the iterator is pulled, in windows that begin short; so is
what is left of the timeline.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from avatar.errors import EngineError, Language
from avatar.media import SPEECH_RATE, ClauseSpeech, PhoneSpan, Samples
from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.profiles import Style, VoiceProfile, Voices
from avatar.voice.speaking import level, marks, normalise
from avatar.voice.speaking.acoustics import MAX_TOKENS, Acoustics, Encoded, Floats, Latent
from avatar.voice.speaking.delivery import DELIVERIES
from avatar.voice.speaking.emphasis import emphasised
from avatar.voice.speaking.g2p import MODIFIERS, PAUSES, PHONES, STRESS, Phonetics
from avatar.voice.speaking.graph import UNIT, cut_model
from avatar.voice.speaking.levelling import Levelling
from avatar.voice.speaking.lexicon import EMPTY
from avatar.voice.speaking.pauses import pause_ms
from avatar.voice.speaking.pieces import Piece, pieces, silence_of, stretches
from avatar.voice.speaking.statistics import Measured, VoiceStatistics
from avatar.voice.speaking.timeline import SILENCE, without_silence
from avatar.voice.speaking.unfolding import Stretch, Unfolding
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

_HASTE: dict[Language, float] = {"zh": 1.09, "en": 1.0}
"""By how much a clause's beginning is encoded faster than the whole, since it would be spoken so much slower: medians
over 24 and 12 clauses of a voice each. Others differ: `luxun` stays 6 % slower there."""


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
            return _silence(marked.text, sum(silence_of(word.pause_ms) for word in words))
        main = _main_language(words, language)
        style, deltas = self._voices.style(profile, main), self._voices.deltas(profile)
        pace = min(4.0, max(0.25, speed * profile.speed))
        delivery = DELIVERIES[marked.style or "calm"]

        def encode(stretch: Sequence[Symbol], piece: Piece) -> Encoded:
            seen = stretch[piece.before : piece.after]
            speed = pace * _HASTE[main] if piece.opens else pace
            made = self._encode(seen, style, speed, profile.pitch, deltas, len(stretch))
            return emphasised(delivery.shaped(without_silence(made)), seen, words)

        found = [Stretch(part, self._pieces(part), encode, silence) for silence, part in stretches(symbols, words)]
        last = max(stretch.symbols[-1].word for stretch in found)
        pause = _pause(symbols, pace) + sum(silence_of(word.pause_ms) for word in words[last + 1 :])
        told = Unfolding(words, found, pause)
        told.begin()
        return ClauseSpeech(
            text=marked.text,
            phones=told.phones,
            words=told.words,
            length=told.length,
            chunks=self._render(told, profile, style, main, deltas),
        )

    def _pieces(self, symbols: Sequence[Symbol]) -> list[Piece]:
        count = len(symbols)
        return [Piece(0, 0, count, count)] if self._whole and count <= MAX_TOKENS else pieces(symbols)

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

    def _encode(
        self,
        symbols: Sequence[Symbol],
        style: Style,
        speed: float,
        pitch: float,
        deltas: Deltas,
        length: int | None = None,
    ) -> Encoded:
        tokens = [self._vocabulary[symbol.text] for symbol in symbols]
        return self._acoustics.encode(tokens, style, speed=speed, pitch=pitch, deltas=deltas, length=length)

    def _render(
        self, told: Unfolding, profile: VoiceProfile, style: Style, language: Language, deltas: Deltas
    ) -> Iterator[Samples]:
        known = self._statistics.of(style, language, deltas)
        levelling = Levelling(known.loudness, told.energy, profile.gain_db, told.pause or 0)
        for stretch in told.stretches:
            stretch.reach(1)
            told.tell()
            if stretch.before:
                yield np.zeros(stretch.before, dtype=np.float32)
            made = 0
            for sound in self._acoustics.stream(stretch, known.channels, whole=self._whole):
                told.tell()
                levelling.foresee(told.energy, told.pause or 0)
                chunk = levelling.push(sound)
                made += chunk.size
                if stretch.complete and made == stretch.encoded.owners.size * UNIT:
                    chunk = level.fade_out(chunk)
                    if stretch is told.stretches[-1]:
                        chunk = np.concatenate([chunk, np.zeros(told.pause or 0, dtype=np.float32)])
                yield chunk

    def _measure(self, style: Style, language: Language, deltas: Deltas) -> Measured:
        """What a voice is like over sentences: statistics from the first, loudness from all."""
        heard = [self._heard(text, language, style, deltas) for text in _SAMPLES[language]]
        return Measured(heard[0][0], sum(loudness for _, loudness in heard) / len(heard))

    def _heard(self, text: str, language: Language, style: Style, deltas: Deltas) -> tuple[Floats, float]:
        words = normalise.words(text, language)
        symbols = self._phonetics.symbols(words, "en-us")
        encoded = without_silence(self._encode(symbols, style, 1.0, 1.0, deltas))
        latent = self._acoustics.decode(encoded)
        sound, channels = self._acoustics.generate(latent, 0, latent.columns, self._acoustics.no_stats, 0.0)
        channels = np.concatenate([channels, latent.stats], axis=1)
        return channels, level.through_the_limiter(sound) - level.foretold(encoded.energy)


def _silence(text: str, length: int) -> ClauseSpeech:
    """A clause in which nothing is said."""
    if not length:
        return ClauseSpeech(text, (), (), 0, iter(()))
    return ClauseSpeech(text, (PhoneSpan(SILENCE, 0, length),), (), length, iter((np.zeros(length, dtype=np.float32),)))


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
