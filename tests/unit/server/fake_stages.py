"""Engines without models for the HTTP routes: what they understand, write and say is known beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from avatar.dialog.conversation import Conversation
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import Persona, load_persona
from avatar.errors import EngineError, Language, NotFoundError
from avatar.live.prepared import PreparedSpeech
from avatar.live.shared import SharedStages
from avatar.media import SPEECH_RATE, ClauseSpeech, Samples
from avatar.stages import HeardWord, HearingHints, Message, Synthesizer, Transcript
from tests.unit.live.fakes import LoudnessVad, ScriptedDetector
from tests.unit.server.fake_session import tone

T = TypeVar("T")

ANSWER = "希望本是无所谓有,无所谓无的。"
HEARD = Transcript(
    "您怎么看希望?Tell <me>.",
    "zh",
    (
        HeardWord("您怎么", 0.1, 0.4, 0.9),
        HeardWord("看希望?", 0.4, 0.9, 0.8),
        HeardWord("Tell", 1.0, 1.2, 0.9),
        HeardWord("<me>.", 1.2, 1.5, 0.5),
    ),
)


@dataclass
class FakeRecognizer:
    """Understands the same whatever it hears."""

    transcript: Transcript = HEARD
    heard: list[tuple[int, HearingHints]] = field(default_factory=list)
    name = "fake"
    device = "cpu"

    def transcribe(self, samples: Samples, hints: HearingHints) -> Transcript:
        self.heard.append((samples.size, hints))
        return self.transcript


@dataclass
class FakeSynthesizer:
    """Says a tone of 0.2 s for each clause; knows one voice; "坏" fails in the clause's second half."""

    clauses: list[tuple[str, str, float]] = field(default_factory=list)
    closed: int = 0
    mute: bool = False
    name = "fake"
    device = "cpu"

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        if voice != "luxun":
            raise NotFoundError(f"There is no voice {voice!r}.", f"没有音色 {voice!r}。", code="voice_not_found")
        self.clauses.append((clause, voice, speed))
        if self.mute:
            return ClauseSpeech(clause, (), (), 0, iter(()))

        def render() -> Iterator[Samples]:
            try:
                yield tone(0.1)
                if "坏" in clause:
                    raise EngineError("It broke.", "它坏了。")
                yield tone(0.1)
            finally:
                self.closed += 1

        return ClauseSpeech(clause, (), (), SPEECH_RATE // 5, render())


@dataclass
class FakeGenerator:
    """Writes the answer sign by sign; "坏" in the question fails, "等" waits for ever."""

    asked: list[list[Message]] = field(default_factory=list)
    stopped: int = 0
    name = "fake"
    device = "cpu"

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
    ) -> AsyncIterator[str]:
        self.asked.append(list(messages))
        if "坏" in messages[-1].content:
            raise EngineError("It broke.", "它坏了。")
        try:
            for sign in ANSWER:
                yield sign
            if "等" in messages[-1].content:
                await asyncio.Event().wait()
        finally:
            self.stopped += 1

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        return


class FakeStages:
    """What `SessionHost` gives the HTTP routes.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.recognizer, self.synthesizer, self.generator = FakeRecognizer(), FakeSynthesizer(), FakeGenerator()
        self.checked: Synthesizer | None = None
        self._folder = folder
        self.forgotten: list[str] = []
        self.read: list[str] = []
        self.asked_for: list[str] = []
        self._persona = load_persona("luxun", folder)
        self._knowledge = Knowledge.open(self._persona, folder, None)

    def stages(self, persona: Persona | None = None) -> SharedStages:
        self.asked_for.append(persona.id if persona else "")
        detector = ScriptedDetector([0.9])
        speech = PreparedSpeech(self.synthesizer)
        return SharedStages(LoudnessVad(), detector, self.recognizer, speech, _run, 80, checked=self.checked)

    def conversation(self, persona_id: str) -> Conversation:
        return Conversation(self._persona, self._knowledge, self.generator, seed=1)

    def knowledge(self, persona: Persona) -> Knowledge:
        return self._knowledge

    def watch(self, opened: Callable[[str, Knowledge], None]) -> None:
        return

    def read_card(self, persona_id: str) -> None:
        self.read.append(persona_id)

    def forget(self, persona_id: str) -> None:
        self.forgotten.append(persona_id)


def _run(work: Callable[[], T]) -> Awaitable[T]:
    return asyncio.to_thread(work)
