"""Cloning without weights: voices are told apart by pitch, words are what the test says, fitting is at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples, wav_bytes
from avatar.stages import HeardWord, HearingHints, Transcript
from avatar.voice.cloning import Cloning
from avatar.voice.consent.record import PhraseWish
from avatar.voice.consent.store import ConsentStore
from avatar.voice.consent.witness import Witness
from avatar.voice.enrolment.enrol import Enroller
from avatar.voice.enrolment.pitch import track
from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting import Fitted
from avatar.voice.own import OwnVoices
from avatar.voice.profiles import PACK_SHAPE, VoiceProfile
from avatar.voice.speaker import Embedding, SpeakerEncoder, mean_embedding
from tests.unit.live.fakes import LoudnessVad
from tests.unit.voice.enrolment.sounds import noise, syllables


class PitchEncoder:
    """Two voices half an octave apart have little in common."""

    def looks(self, samples: Samples, rate: int) -> NDArray[np.float32]:
        size = round(1.6 * rate)
        parts = [samples[at : at + size] for at in range(0, max(1, samples.size - size // 2), size)]
        centre = np.array([max(track(part, rate).median, 60.0) for part in parts])
        places = np.log2(centre / 60.0)[:, None] * 64 - np.arange(256)
        rows = np.exp(-((places / 24.0) ** 2)) + 0.02
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def embed(self, samples: Samples, rate: int) -> Embedding:
        return mean_embedding(self.looks(samples, rate))


@dataclass
class Ear:
    """Understands what it is told to."""

    text: str = "那天早晨我很早就出门了。"
    language: Language = "zh"
    name: str = "fake"
    device: str = "cpu"

    def transcribe(self, samples: Samples, hints: HearingHints) -> Transcript:
        return Transcript(self.text, self.language, (HeardWord(self.text, 0.0, 1.0, 0.9),))


@dataclass
class Maker:
    """A fitter whose voices are flat packs."""

    wins: bool = True
    fits: int = 0
    on_instant: Callable[[], object] = field(default=lambda: None)

    def instant(self, enrolment: Enrolment) -> Fitted:
        self.on_instant()
        style = np.full(PACK_SHAPE, 0.1, dtype=np.float32)
        return Fitted(style, 0.9, ("regression",), scores={"similarity": 0.61})

    def style(
        self, enrolment: Enrolment, start: Fitted, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Fitted:
        self.fits += 1
        progress(0.5)
        if not self.wins:
            return Fitted(start.style, start.pitch, (*start.done, "kept_start"))
        style = np.full(PACK_SHAPE, 0.2, dtype=np.float32)
        deltas = {"decode.0.norm1.fc": np.ones(4, dtype=np.float32)}
        return Fitted(style, 1.1, ("style", "biases"), deltas, scores={"similarity": 0.8})

    def say(self, text: str, voice: str, language: Language) -> Samples:
        return np.zeros(SPEECH_RATE // 10, dtype=np.float32)

    def fitted(self, profile: VoiceProfile) -> Fitted:
        return Fitted(np.full(PACK_SHAPE, 0.1, dtype=np.float32), profile.pitch, ("nearest",))


@dataclass
class Clonery:
    """A cloning and its parts.

    Attributes:
        now: the clock, which the test turns.
    """

    folder: Path
    ear: Ear
    maker: Maker
    now: list[float]
    cloning: Cloning

    @property
    def consents(self) -> ConsentStore:
        return self.cloning.consents

    def left(self) -> list[str]:
        """Every file of voices, and whatever was begun and not ended."""
        return sorted(path.relative_to(self.folder).as_posix() for path in (self.folder / "voices").rglob("*"))

    def agreed(self, *, hertz: float = 120.0, keep: bool = True, name: str = "张三") -> str:
        """The id of a consent that was given as it should be."""
        phrase = self.cloning.phrase(PhraseWish(name=name, language="zh", keep=keep))
        before, self.ear.text = self.ear.text, phrase.text
        try:
            return self.cloning.consent(speech(6.0, hertz), phrase.id).id
        finally:
            self.ear.text = before


def clonery(folder: Path, maker: Maker | None = None) -> Clonery:
    """Cloning in an empty folder, on a day in 2026."""
    now = [1_790_000_000.0]
    own = OwnVoices(folder / "voices", ["luxun", "af_heart"])
    consents = ConsentStore(folder / "consents", own.delete_of, lambda: now[0])
    ear, maker = Ear(), maker or Maker()
    enroller = Enroller(LoudnessVad(), cast(SpeakerEncoder, PitchEncoder()), ear)
    return Clonery(folder, ear, maker, now, Cloning(enroller, Witness(enroller, ear), consents, own, maker))


@cache
def speech(seconds: float, hertz: float = 120.0, seed: int = 0) -> bytes:
    """A recording of something like speech."""
    return wav_bytes(syllables(seconds, hertz, seed) * 2 + noise(seconds, 0.0005))
