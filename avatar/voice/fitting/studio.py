"""What fitting works with: the engine, the ear that tells voices apart and the one that understands words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples
from avatar.stages import Recognizer
from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.enrolment.windows import Sex
from avatar.voice.profiles import PACK_SHAPE, Style
from avatar.voice.speaker import Embedding, SpeakerEncoder, mean_embedding
from avatar.voice.speaking.acoustics import Encoded
from avatar.voice.speaking.kokoro import KokoroSynthesizer
from avatar.voice.speaking.timeline import without_silence

TIMBRE = 128
"""The first columns of a style: what decoder and generator hear. The rest shapes rhythm and tune."""

NATIVE: dict[Language, dict[Sex, str]] = {
    "zh": {"female": "zf_xiaoxiao", "male": "zm_yunxi"},
    "en": {"female": "af_heart", "male": "am_michael"},
}
"""Whose rhythm and tune a fitted voice has: with that of another language it has an accent."""

_VOICED_HZ = 40.0


@dataclass(frozen=True, slots=True)
class Studio:
    """The engines that are used, shared with whoever else uses them.

    Attributes:
        synthesizer: the embedded one.
        encoder: tells voices apart.
        recognizer: counts lost words.
        packs: the folder of the stock packs.
        model: the Kokoro model that the synthesizer speaks with.
        device: where gradients are computed: "cpu", "cuda" or "cuda:N".
    """

    synthesizer: KokoroSynthesizer
    encoder: SpeakerEncoder
    recognizer: Recognizer
    packs: Path
    model: Path
    device: str = "cpu"

    def pack(self, name: str) -> Style:
        """A stock pack, float32 [510, 256]. Raises: OSError, ValueError: it is missing or damaged."""
        return np.fromfile(self.packs / f"{name}.bin", dtype="<f4").reshape(PACK_SHAPE).astype(np.float32)

    def style(self, timbre: NDArray[np.float32], language: Language, sex: Sex) -> Style:
        """The pack of a timbre, float32 [128], with a native's rhythm and tune."""
        style = self.pack(NATIVE[language][sex])
        style[:, :TIMBRE] = timbre
        return style

    def encoded(self, text: str, style: Style, language: Language, pitch: float = 1.0) -> Encoded:
        """A sentence on its way to sound, its silences shortened."""
        return without_silence(self.synthesizer.encode(text, style, language, pitch=pitch)[0])

    def say(
        self, text: str, style: Style, language: Language, pitch: float = 1.0, deltas: Deltas = NO_DELTAS
    ) -> Samples:
        """A sentence in one piece, as the engine makes it, float32 [n] at SPEECH_RATE and at the pack's own level."""
        return self.synthesizer.render(self.encoded(text, style, language, pitch), deltas)

    def embedding(self, sounds: Sequence[Samples]) -> Embedding:
        """The voice of several sounds: float32 [256] of length 1."""
        return mean_embedding(np.stack([self.encoder.embed(sound, SPEECH_RATE) for sound in sounds]))

    def natural_hz(self, style: Style, text: str, language: Language) -> float:
        """The median fundamental frequency that a pack gives a sentence."""
        f0 = self.encoded(text, style, language).f0
        voiced = f0[f0 > _VOICED_HZ]
        return float(np.median(voiced)) if voiced.size else 150.0
