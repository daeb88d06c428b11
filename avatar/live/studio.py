"""Photographs looked at, restored and animated: the engines behind `avatar animate` and its page. All of it blocks."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from avatar.engines import Engines
from avatar.engines.faces import face_finder, upscaler
from avatar.engines.voices import voice_library
from avatar.errors import Language
from avatar.face.landmarks import FaceFinder
from avatar.face.photo import Photograph
from avatar.face.quality import Examination, examine
from avatar.face.restore.tone import Tint
from avatar.face.restore.work import Damage, Progress, Repairs, Restorer, assess
from avatar.live.recording import Speak, voice_of
from avatar.media import Pixels, Samples
from avatar.stages import OWN_BACKGROUND, Animator, Background, FaceChoice, HearingHints, Transcript


@dataclass(frozen=True, slots=True)
class VoiceCard:
    """A voice as a page lists it."""

    id: str
    zh: str
    en: str
    languages: tuple[Language, ...]


class Studio(Protocol):
    """What the routes ask for; tests have a scripted one. Safe to share between threads."""

    def examine(self, photo: Photograph, choice: FaceChoice) -> Examination:
        """Who is in a photograph, and what about it will be seen."""

    def assess(self, photo: Pixels, examination: Examination) -> Damage:
        """What could be mended."""

    def restore(self, photo: Pixels, repairs: Repairs, progress: Progress) -> Pixels:
        """The photograph, mended."""

    def animator(self, photo: Path, size: int, choice: FaceChoice, background: Background = OWN_BACKGROUND) -> Animator:
        """The face of a photograph, before a background."""

    def voice(self, voice: str, *, checked: bool = False) -> Speak:
        """A voice, ready to say clauses.

        Args:
            checked: each is listened to, and said again where words were lost, unless the settings leave that out.
        """

    def voices(self) -> list[VoiceCard]:
        """The voices there are."""

    def transcribe(self, samples: Samples) -> Transcript:
        """What is said in a recording: float32 [n] at HEARING_RATE."""


class EngineStudio:
    """The studio on the engines of this process; the face's networks are loaded when they are first needed.

    Args:
        engines: shared with the conversations.
    """

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._lock = threading.Lock()
        self._finder: FaceFinder | None = None
        self._restorer: Restorer | None = None

    def examine(self, photo: Photograph, choice: FaceChoice) -> Examination:
        """See `Studio`."""
        return examine(photo, self._eyes(), choice)

    def assess(self, photo: Pixels, examination: Examination) -> Damage:
        """See `Studio`."""
        return assess(photo, examination.points)

    def restore(self, photo: Pixels, repairs: Repairs, progress: Progress) -> Pixels:
        """See `Studio`."""
        finder = self._eyes()
        with self._lock:
            self._restorer = self._restorer or Restorer(finder, upscaler(self._engines.settings), Tint())
        return self._restorer.restore(photo, repairs, progress)

    def animator(self, photo: Path, size: int, choice: FaceChoice, background: Background = OWN_BACKGROUND) -> Animator:
        """See `Studio`."""
        return self._engines.animator.animator(photo, size=size, choice=choice, background=background)

    def voice(self, voice: str, *, checked: bool = False) -> Speak:
        """See `Studio`."""
        synthesizer = self._engines.narrator if checked else self._engines.synthesizer
        return voice_of(synthesizer, voice, self._engines.settings.speaking.speed)

    def voices(self) -> list[VoiceCard]:
        """See `Studio`."""
        found = voice_library(self._engines.settings).list()
        return [VoiceCard(each.id, each.name.zh, each.name.en, tuple(each.languages)) for each in found]

    def transcribe(self, samples: Samples) -> Transcript:
        """See `Studio`."""
        return self._engines.recognizer.transcribe(samples, HearingHints())

    def _eyes(self) -> FaceFinder:
        with self._lock:
            self._finder = self._finder or face_finder(self._engines.settings)
            return self._finder
