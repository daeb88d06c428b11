"""Scripted engines for the live session: quick, exact, and slow only in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from avatar.dialog.conversation import Conversation
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.passage import Grounding
from avatar.dialog.persona import Persona, load_persona
from avatar.errors import EngineError, Language
from avatar.live.events import ReplyText, SessionEvent
from avatar.live.options import SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import FaceLoop
from avatar.live.prepared import PreparedSpeech
from avatar.live.running import T
from avatar.live.session import Session
from avatar.live.shared import SharedStages
from avatar.media import FPS, SPEECH_RATE, ClauseSpeech, Frame, Packet, PhoneSpan, Pixels, Samples, WordSpan
from avatar.stages import FunctionCall, HearingHints, Message, Presence, Style, Transcript
from avatar.voice.speaking.marks import parse

BLOCK = SPEECH_RATE // 50
"""The microphone's blocks: 20 ms."""

NOISE = np.random.default_rng(7).standard_normal(BLOCK).astype(np.float32)
"""What the user's voice is made of."""

CHARACTER = SPEECH_RATE // 5
"""Samples of speech for each character: 0.2 s."""


class BrokenError(EngineError):
    """What a stage raises that was told to fail."""

    def __init__(self) -> None:
        super().__init__("The stage is broken.", "该环节已损坏。")


@dataclass
class Labour:
    """Runs blocking work in place, and lets as much time pass as the engines say that it took."""

    spent: float = 0.0

    async def run(self, work: Callable[[], T]) -> T:
        """The result of the work, no sooner than the loop has turned once, as with a worker thread."""
        await asyncio.sleep(0)
        self.spent = 0.0
        try:
            return work()
        finally:
            await asyncio.sleep(self.spent)


@dataclass(frozen=True, slots=True)
class Takes:
    """Seconds that each stage takes."""

    recognizing: float = 0.0
    retrieving: float = 0.0
    first_token: float = 0.3
    each_token: float = 0.05
    clause: float = 0.0
    block: float = 0.0


AT_ONCE = Takes()
"""Nothing takes time but the writing."""


@dataclass
class LoudnessVad:
    """Takes for speech whatever is loud; while broken, fails. For one session."""

    name = "fake"
    device = "cpu"
    rest: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    broken: bool = False

    def open(self) -> LoudnessVad:
        return self

    def push(self, samples: Samples) -> list[float]:
        if self.broken:
            raise BrokenError
        sound = np.concatenate([self.rest, samples])
        count = sound.size // 512
        self.rest = sound[count * 512 :]
        windows = sound[: count * 512].reshape(count, 512)
        return [0.95 if float(np.abs(window).mean()) > 0.02 else 0.02 for window in windows]

    def reset(self) -> None:
        self.rest = np.zeros(0, dtype=np.float32)


@dataclass
class ScriptedDetector:
    """Gives one probability after another; the last one for ever. One below zero fails."""

    scores: list[float]
    name = "fake"
    device = "cpu"

    def finished(self, samples: Samples) -> float:
        score = self.scores.pop(0) if len(self.scores) > 1 else self.scores[0]
        if score < 0:
            raise BrokenError
        return score


@dataclass
class ScriptedRecognizer:
    """Understands one text after another; "!" fails. What it is asked for roughly is the text that comes next."""

    texts: list[str]
    takes: float = 0.0
    labour: Labour = field(default_factory=Labour)
    heard: list[int] = field(default_factory=list)
    overheard: list[int] = field(default_factory=list)
    name = "fake"
    device = "cpu"

    def transcribe(self, samples: Samples, hints: HearingHints) -> Transcript:
        (self.overheard if hints.rough else self.heard).append(samples.size)
        self.labour.spent += self.takes
        text = self.texts.pop(0) if len(self.texts) > 1 and not hints.rough else self.texts[0]
        if text == "!":
            raise BrokenError
        return Transcript(text, "zh")


@dataclass
class ScriptedGenerator:
    """Writes a text character by character, each after a pause; "!" fails there, "‼" as nobody foresaw."""

    text: str
    first_after: float = 0.3
    each_after: float = 0.05
    asked: list[list[Message]] = field(default_factory=list)
    stopped: int = 0
    warmed: int = 0
    name = "fake"
    device = "cpu"

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, seed: int | None = None
    ) -> AsyncIterator[str]:
        self.asked.append(list(messages))
        try:
            await asyncio.sleep(self.first_after)
            for sign in self.text:
                if sign in "!‼":
                    raise BrokenError if sign == "!" else RuntimeError("nobody foresaw this")
                yield sign
                await asyncio.sleep(self.each_after)
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped += 1
            raise

    async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
        self.warmed += 1


KNOWN = 8
"""Characters of a clause whose times are known before it sounds."""


@dataclass
class ToneSynthesizer:
    """Speaks each character as 0.2 s of tone, in blocks of 0.1 s; a clause with "坏" fails at that character.

    The times of the first characters are known at first, of the others when those are almost said.

    Each sample has its number within the clause for its value, so that none can be lost unseen.
    """

    takes: Takes = AT_ONCE
    labour: Labour = field(default_factory=Labour)
    clauses: list[str] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    name = "fake"
    device = "cpu"

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        marked = parse(clause)
        clause = marked.text
        self.clauses.append(clause)
        self.styles.append(marked.style or "calm")
        self.speeds.append(speed)
        self.labour.spent += self.takes.clause
        words = tuple(WordSpan(c, i * CHARACTER, (i + 1) * CHARACTER) for i, c in enumerate(clause))
        phones = tuple(PhoneSpan("a", word.start, word.end) for word in words)

        known_phones, known_words = list(phones[:KNOWN]), list(words[:KNOWN])

        def render() -> Iterator[Samples]:
            for index in range(2 * len(clause)):
                if clause[index // 2] == "坏":
                    raise BrokenError
                if index // 2 >= len(known_words) - 1:
                    known_phones.extend(phones[len(known_phones) :])
                    known_words.extend(words[len(known_words) :])
                self.labour.spent += self.takes.block
                start = index * CHARACTER // 2
                yield np.arange(start, start + CHARACTER // 2, dtype=np.float32) / np.float32(2**20)

        length = len(clause) * CHARACTER if len(clause) <= KNOWN else None
        return ClauseSpeech(clause, known_phones, known_words, length, render())


@dataclass
class CountingAnimator:
    """Draws the number of the frame into the picture, and notes what it was told."""

    size: int = 256
    drawn: int = 0
    skipped: int = 0
    broken: bool = False
    told: list[str] = field(default_factory=list)

    def begin(self, at: int = 0) -> None:
        self.told.append(f"begin {at}" if at else "begin")

    def speak(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        self.told.append(f"speak {samples.size} {len(phones)} {at}")

    def stop(self) -> None:
        self.told.append("stop")

    def feel(self, style: Style, at: int = 0) -> None:
        self.told.append(f"{style} {at}")

    def attend(self, presence: Presence) -> None:
        self.told.append(presence)

    def frame(self) -> Frame:
        if self.broken:
            raise BrokenError
        self.drawn += 1
        return Frame(np.full((2, 2, 3), self.drawn % 256, dtype=np.uint8), 0.0)

    def skip(self) -> None:
        self.skipped += 1


class OneByteEncoder:
    """A packet of one byte for each picture."""

    def encode(self, image: Pixels, *, key: bool = False) -> Packet:
        return Packet(bytes([int(image[0, 0, 0])]), key)


class NotedConversation(Conversation):
    """A conversation that also lists what it was told to remember; "?!" in a question breaks its retrieval."""

    takes = 0.0
    labour = Labour()
    grounded = 0

    def ground(self, question: str, language: Language) -> Grounding:
        self.grounded += 1
        self.labour.spent += self.takes
        if "?!" in question:
            raise BrokenError
        return super().ground(question, language)

    @cached_property
    def remembered(self) -> list[tuple[str, str]]:
        return []

    def remember(
        self,
        question: str,
        heard_answer: str,
        *,
        parts: Mapping[str, str] | None = None,
        reply: str = "",
        calls: Sequence[FunctionCall] = (),
    ) -> None:
        self.remembered.append((question, heard_answer))
        super().remember(question, heard_answer, parts=parts, reply=reply, calls=calls)

    def revise(self, heard_answer: str, reply: str = "") -> None:
        self.remembered[-1] = (self.remembered[-1][0], heard_answer)
        super().revise(heard_answer, reply)


@dataclass
class Stage:
    """A session with scripted engines, what it told, and a microphone."""

    session: Session
    generator: ScriptedGenerator
    recognizer: ScriptedRecognizer
    synthesizer: ToneSynthesizer
    animator: CountingAnimator
    conversation: NotedConversation
    vad: LoudnessVad
    detector: ScriptedDetector
    events: list[tuple[float, SessionEvent]] = field(default_factory=list)
    reading: asyncio.Event = field(default_factory=asyncio.Event)

    async def collect(self) -> None:
        """Gather events until the session closes; while `reading` is cleared, none are taken."""
        async for event in self.session.events():
            await self.reading.wait()
            self.events.append((asyncio.get_running_loop().time(), event))

    async def speak(self, seconds: float) -> None:
        """The user speaks."""
        await self._play(seconds, 0.3)

    async def silence(self, seconds: float) -> None:
        """The user is silent."""
        await self._play(seconds, 0.0)

    async def _play(self, seconds: float, level: float) -> None:
        for _ in range(round(seconds * 50)):
            self.session.hear(NOISE * level)
            await asyncio.sleep(0.02)

    def of(self, kind: type[T]) -> list[T]:
        """The events of one kind, in order."""
        return [event for _, event in self.events if isinstance(event, kind)]

    def when(self, kind: type[object]) -> float:
        """The time of the first event of a kind."""
        return next(time for time, event in self.events if isinstance(event, kind))

    @property
    def remembered(self) -> list[tuple[str, str]]:
        """What the conversation was told to remember."""
        return self.conversation.remembered

    @property
    def said(self) -> str:
        """All the words of all replies."""
        return "".join(event.text for event in self.of(ReplyText))


@cache
def lu_xun() -> tuple[Persona, Knowledge]:
    """The persona and what it knows, read once for all tests; nothing of it changes."""
    nowhere = Path("nowhere")
    persona = load_persona("luxun", nowhere)
    return persona, Knowledge.open(persona, nowhere, None)


def stage(
    *,
    options: SessionOptions | None = None,
    texts: Sequence[str] = ("您怎么看希望?",),
    answer: str = "希望是本无所谓有,无所谓无的。这正如地上的路。",
    scores: Sequence[float] = (0.9,),
    takes: Takes = AT_ONCE,
    generator: ScriptedGenerator | None = None,
) -> Stage:
    """A session on scripted engines, to be started inside the virtual loop."""
    persona, knowledge = lu_xun()
    labour = Labour()
    generator = generator or ScriptedGenerator(answer, takes.first_token, takes.each_token)
    conversation = NotedConversation(persona, knowledge, generator)
    conversation.takes, conversation.labour = takes.retrieving, labour
    recognizer = ScriptedRecognizer(list(texts), takes.recognizing, labour)
    synthesizer, animator = ToneSynthesizer(takes, labour), CountingAnimator()
    detector = ScriptedDetector(list(scores))
    vad = LoudnessVad()
    stages = SharedStages(vad, detector, recognizer, PreparedSpeech(synthesizer), labour.run, 80)
    loop = asyncio.get_running_loop()

    def make_face(outlet: Outlet, chosen: SessionOptions) -> FaceLoop:
        return FaceLoop(animator, OneByteEncoder(), outlet, labour.run, loop.time)

    session = Session(conversation, stages, options or SessionOptions(), make_face, loop.time)
    scene = Stage(session, generator, recognizer, synthesizer, animator, conversation, vad, detector)
    scene.reading.set()
    return scene


def picture_times(count: int) -> list[int]:
    """The presentation times of the first pictures, in milliseconds."""
    return [round(index * 1000 / FPS) for index in range(count)]
