"""Speech for training and for tests: our own synthesis, whose phone times are exact because it made them.

Six voices are held out: no sound of theirs is trained on, and their sentences are not spoken by the others. For
training the remaining 48 are mixed: the timbre of two of them, in any language, and the rhythm and tune of a third that
has the language for its own. So hardly two takes have the same speaker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator

from avatar.errors import Language
from avatar.media import PhoneSpan, Samples, from_pcm16, to_pcm16
from avatar.stages import Synthesizer
from avatar.voice.profiles import PACK_SHAPE, Style
from avatar.voice.speaking import normalise
from avatar.voice.speaking.acoustics import Acoustics, Encoded
from avatar.voice.speaking.g2p import Accent, Phonetics
from avatar.voice.speaking.graph import cut_model
from avatar.voice.speaking.timeline import phone_spans, without_silence
from scripts.viseme.texts import line, shared_out

HELD_OUT = ("zf_xiaoyi", "zm_yunxia", "af_sky", "am_puck", "bf_lily", "bm_lewis")
"""Voices for evaluation alone: both sexes of Mandarin, of American and of British English."""

_NATIVE: dict[Language, str] = {"zh": "z", "en": "ab"}
"""How the names of voices begin that have a language for their own."""

_TIMBRE = 128
"""The first columns of a style: the timbre; the others are rhythm and tune."""

_STEP = 12
"""Units of 25 ms: the lengths of takes are multiples of 0.3 s."""


@dataclass(frozen=True, slots=True)
class Take:
    """One spoken clause: float32 [n] in -1..1 at SPEECH_RATE, its phones, and who spoke it."""

    sound: Samples
    phones: tuple[PhoneSpan, ...]
    voice: str


def plan(voices: list[str], *, held_out: bool, seed: int) -> Iterator[tuple[str, str, Language]]:
    """Voice, text and language of one take after the other, without end; languages in turn."""
    rng = np.random.default_rng(seed)
    chosen = [voice for voice in voices if (voice in HELD_OUT) is held_out]
    by_language: dict[Language, list[str]] = {
        language: [voice for voice in chosen if voice[0] in first] for language, first in _NATIVE.items()
    }
    while True:
        for language, known in by_language.items():
            yield str(rng.choice(known)), str(rng.choice(shared_out(language, held_out=held_out))), language


def speak(synthesizer: Synthesizer, voice: str, text: str, language: Language, speed: float) -> Take:
    """One take as the product speaks it."""
    speech = synthesizer.speak(text, voice, language=language, speed=speed)
    sound = np.concatenate([np.zeros(0, dtype=np.float32), *speech.chunks])
    return Take(sound, tuple(speech.phones), voice)


class Chorus:
    """The training voices, mixed.

    Args:
        model: kokoro-v1.0.int8.onnx.
        vocab: its vocab.json.
        packs: the folder of Kokoro's voices, `<pack>.bin`.
        cache: where the cut model is kept.
    """

    def __init__(self, model: Path, vocab: Path, packs: Path, cache: Path) -> None:
        self._acoustics = Acoustics(cut_model(model, cache), "cpu", 1)
        self._phonetics = Phonetics()
        self._vocabulary: dict[str, int] = json.loads(vocab.read_text(encoding="utf-8"))["vocab"]
        files = sorted(path for path in packs.glob("*.bin") if path.stem not in HELD_OUT)
        self._packs = {path.stem: np.fromfile(path, dtype="<f4").reshape(PACK_SHAPE) for path in files}

    def take(self, language: Language, rng: Generator) -> Take:
        """A new voice says a new line."""
        name, style, accent = self._voice(language, rng)
        symbols = self._phonetics.symbols(normalise.words(line(language, rng), language), accent)
        tokens = [self._vocabulary[symbol.text] for symbol in symbols]
        encoded = self._acoustics.encode(
            tokens, style, speed=float(rng.uniform(0.8, 1.3)), pitch=float(2 ** rng.uniform(-0.25, 0.25))
        )
        encoded = _rounded(without_silence(encoded))
        phones = phone_spans(symbols, encoded)
        latent = self._acoustics.decode(encoded)
        sound, _ = self._acoustics.generate(latent, 0, latent.columns, self._acoustics.no_stats, 0.0)
        loudest = max(float(np.abs(sound).max()), 1e-3)
        return Take(sound * np.float32(0.5 / loudest), phones, name)

    def _voice(self, language: Language, rng: Generator) -> tuple[str, Style, Accent]:
        native = [name for name in self._packs if name[0] in _NATIVE[language]]
        tune, own = str(rng.choice(native)), float(rng.uniform())
        first, second = (str(name) for name in rng.choice(list(self._packs), 2, replace=False))
        if rng.random() < 0.4:
            first, own = tune, 1.0
        style: Style = self._packs[tune].copy()
        mixed = own * self._packs[first] + (1 - own) * self._packs[second]
        style[:, :_TIMBRE] = mixed[:, :_TIMBRE]
        return f"{tune}+{first}+{second}", style, "en-gb" if tune[0] == "b" else "en-us"


def _rounded(encoded: Encoded) -> Encoded:
    """The clause with more of its silent end, so that there are few lengths: each new one costs a preparation."""
    missing = -encoded.owners.size % _STEP
    return replace(
        encoded,
        owners=np.pad(encoded.owners, (0, missing), mode="edge"),
        features=np.pad(encoded.features, ((0, 0), (0, 0), (0, missing)), mode="edge"),
        f0=np.pad(encoded.f0, ((0, 0), (0, 2 * missing)), mode="edge"),
        energy=np.pad(encoded.energy, ((0, 0), (0, 2 * missing)), mode="edge"),
    )


def write_take(take: Take, path: Path) -> None:
    """Keep a take: 16-bit sound, and the phones as JSON beside it in one file."""
    phones = json.dumps([[span.phone, span.start, span.end] for span in take.phones])
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, sound=np.frombuffer(to_pcm16(take.sound), dtype="<i2"), phones=phones, voice=take.voice)
    unfinished.replace(path)


def read_take(path: Path) -> Take:
    """A take that `write_take` kept."""
    with np.load(path, allow_pickle=False) as stored:
        phones = tuple(PhoneSpan(*span) for span in json.loads(str(stored["phones"])))
        return Take(from_pcm16(stored["sound"].tobytes()), phones, str(stored["voice"]))
