"""The workshop's server with cloning without weights: who speaks is told by the pitch, what is said by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from avatar.errors import Language
from avatar.live.studio import VoiceCard
from avatar.media import Samples
from avatar.server.voices import Voices
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


class VoicesServer(WorkshopServer):
    """The workshop's server, with voices of one's own in its data folder."""

    def __init__(self, folder: Path) -> None:
        self.maker = PatientMaker()
        self.made: Clonery = clonery(folder, self.maker)
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
        return Voices(lambda: self.made.cloning)
