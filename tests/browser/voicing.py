"""The workshop's server with cloning without weights: who speaks is told by the pitch, what is said by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np

from avatar.dialog.persona import Persona
from avatar.errors import Language, TextError
from avatar.live.shared import SharedStages
from avatar.live.studio import VoiceCard
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, seconds
from avatar.server.cloning import Voices
from avatar.stages import HeardWord, HearingHints, Transcript
from avatar.voice.editing import Edited, Wish
from avatar.voice.editing.desk import EditingDesk
from avatar.voice.editing.editor import Part, Progress
from avatar.voice.editing.hearing import Understood
from avatar.voice.editing.recording import Recording, as_raw, read
from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting import Fitted, FittingStopped
from tests.browser.scripted import voice as sound_of
from tests.browser.workshop import WorkshopServer
from tests.unit.live.fake_studio import ScriptedStudio
from tests.unit.voice.clonery import Clonery, Maker, clonery, speech


class PatientMaker(Maker):
    """Its fitting lasts until it is let go, or cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def style(
        self, enrolment: Enrolment, start: Fitted, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Fitted:
        progress(0.4)
        while not self.go.wait(0.05):
            if cancelled():
                raise FittingStopped
        return super().style(enrolment, start, progress, cancelled)

    def say(self, text: str, voice: str, language: Language) -> Samples:
        return sound_of(3.0, 190.0)


class KnowingStudio(ScriptedStudio):
    """Knows the voices of one's own, too."""

    def __init__(self, made: Clonery) -> None:
        super().__init__()
        self._made = made

    def voices(self) -> list[VoiceCard]:
        own = [VoiceCard(each.id, each.name.zh, each.name.en, each.languages) for each in self._made.cloning.own.all()]
        return own + super().voices()


@dataclass
class Writer:
    """Hears the cloning's text, its signs or words evenly over the recording."""

    made: Clonery
    name: str = "scripted"
    device: str = "cpu"

    def transcribe(self, samples: Samples, hints: HearingHints) -> Transcript:
        text, language = self.made.ear.text, self.made.ear.language
        row = text.split() if language == "en" else list(text)
        step = seconds(samples.size, HEARING_RATE) / max(1, len(row))
        words = tuple(HeardWord(word, at * step, (at + 1) * step, 0.9) for at, word in enumerate(row))
        return Transcript(text, language, words)


OLD, NEW = (1.0, 1.6), (1.0, 2.2)
"""Seconds that an edit replaces, and that come in their place."""


@dataclass
class SlowDesk:
    """Puts a high buzz in place of the second after the first, once it is let go; "nowhere" is never said."""

    go: threading.Event = field(default_factory=threading.Event)
    wishes: list[Wish] = field(default_factory=list)

    def edit(self, source: bytes, voice: str, wish: Wish, progress: Progress) -> Edited:
        self.wishes.append(wish)
        for step in ("hearing", "checking"):
            progress(step, 0.0)
        if "nowhere" in wish.text:
            raise TextError("'nowhere' is not said.", "没有说“nowhere”。", code="edit_not_found")
        while not self.go.wait(0.05):
            progress("making", 0.4)
        given = read(source)
        first, last, end = (round(at * given.rate) for at in (*OLD, NEW[1]))
        buzz = as_raw(sound_of((end - first) / SPEECH_RATE, 320.0)[: end - first, None], given.raw)
        words = Understood(1, 2)
        part = Part(first, end, first, last, (first, end), "早晨", "下午", True, words, words, 3, 0)
        raw = np.concatenate([given.raw[:first], buzz, given.raw[last:]])
        return Edited(Recording(raw, given.rate), wish.transcript, wish.text, "zh", 0.9, (part,))


class VoicesServer(WorkshopServer):
    """The workshop's server, with voices of one's own in its data folder."""

    def __init__(self, folder: Path) -> None:
        self.maker = PatientMaker()
        self.made: Clonery = clonery(folder, self.maker)
        self.desk = SlowDesk()
        super().__init__(folder)

    def hear(self, text: str) -> None:
        """Understand this from now on, whatever is said."""
        self.made.ear.text = text

    def agreed(self, name: str = "张三") -> str:
        """The id of a voice that was made without the page."""
        consent = self.made.agreed(name=name)
        return self.made.cloning.create(name, [speech(8.0)], consent).id

    def _studio(self) -> ScriptedStudio:
        return KnowingStudio(self.made)

    def _voices(self) -> Voices:
        return Voices(lambda: self.made.cloning, lambda: cast(EditingDesk, self.desk))

    def stages(self, persona: Persona | None = None) -> SharedStages:
        """See `avatar.server.sessions.Stages`."""
        return replace(super().stages(persona), recognizer=Writer(self.made))
