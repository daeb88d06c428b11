"""A persona's lexicon on its way to the voice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from avatar.dialog.persona import Persona, load_persona
from avatar.engines import Engines
from avatar.errors import Language
from avatar.live.host import SessionHost
from avatar.media import ClauseSpeech
from avatar.settings import Settings


class Voice:
    """A synthesizer that tells with which lexicon it spoke."""

    name, device = "voice", "cpu"

    def __init__(self, readings: Mapping[str, str] | None = None) -> None:
        self.readings = readings or {}

    def pronouncing(self, readings: Mapping[str, str]) -> Voice:
        return Voice(readings)

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        return ClauseSpeech(f"{clause} {sorted(self.readings)}", (), (), 0, iter(()))


def host() -> SessionHost:
    check = SimpleNamespace(listener=None, tally=None)
    engines = SimpleNamespace(synthesizer=Voice(), settings=Settings(), self_check=check, run=None)
    return SessionHost(cast(Engines, engines))


def persona(readings: Mapping[str, str]) -> Persona:
    return load_persona("luxun", Path("absent")).model_copy(update={"lexicon": dict(readings)})


def said(sessions: SessionHost, who: Persona) -> str:
    return sessions.speech_of(who).speak("猹", "luxun", language="zh").text


def test_a_persona_speaks_with_its_lexicon() -> None:
    sessions = host()
    assert said(sessions, persona({"猹": "cha2"})) == "猹 ['猹']"
    assert said(sessions, persona({})) == "猹 []"


def test_it_is_made_once_and_again_when_the_lexicon_changes() -> None:
    sessions = host()
    first = sessions.speech_of(persona({"猹": "cha2"}))
    assert sessions.speech_of(persona({"猹": "cha2"})) is first
    assert said(sessions, persona({"闰土": "run4 tu3"})) == "猹 ['闰土']"
