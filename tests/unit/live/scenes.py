"""Conversations told in rows: what the person and the client do, and the story that must come of it.

A story is what the session told, in short words, in order:

    speech · silence        speech_started and speech_stopped
    understood · nothing    the transcript, with words or without
    reply                   a reply begins
    sound · words           the first sound of a reply, or its first since it was held; words, where it has no sound
    held · resumed          the reply is held, and goes on
    completed · interrupted · cancelled · left · failed      how it ended
    error                   something was reported
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from avatar.errors import AvatarError
from avatar.live.events import (
    Failed,
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyResumed,
    ReplyStarted,
    ReplyText,
    SessionEvent,
    SpeechStarted,
    SpeechStopped,
    Understood,
    Video,
)
from avatar.live.options import SessionOptions
from avatar.live.turns import TurnDetection
from tests.unit.live.fakes import AT_ONCE, CHARACTER, Stage, Takes, stage
from tests.unit.live.virtual_time import run_virtually

QUESTION = "您怎么看希望?"
ANSWER = "希望是本无所谓有,无所谓无的。这正如地上的路。"
LONG = ANSWER + "其实地上本没有路,走的人多了,也便成了路。"

Step = Callable[[Stage], Awaitable[None]]
Moment = Callable[[Stage], bool]

SERVER_VAD = SessionOptions(turn_detection=TurnDetection(kind="server_vad"))
PATIENT = SessionOptions(turn_detection=TurnDetection(interrupt_response=False))
PUSH_TO_TALK = SessionOptions(turn_detection=None)
TEXT_ONLY = SessionOptions(sound=False)
WITH_FACE = SessionOptions(video=True)
STRICT = SessionOptions(waits=False)


# what the person and the client do


def say(seconds: float) -> Step:
    """The person speaks."""
    return lambda scene: scene.speak(seconds)


def quiet(seconds: float) -> Step:
    """The microphone hears nothing for a while."""
    return lambda scene: scene.silence(seconds)


def wait(seconds: float) -> Step:
    """Time passes; nothing comes from the microphone."""

    async def step(scene: Stage) -> None:
        await asyncio.sleep(seconds)

    return step


def out(seconds: float) -> Step:
    """Hear the reply out: silence for a while, and then no sound comes from the microphone at all."""

    async def step(scene: Stage) -> None:
        await scene.silence(2.5)
        await asyncio.sleep(seconds - 2.5)

    return step


def quiet_until(moment: Moment) -> Step:
    """The microphone hears nothing until something has happened."""

    async def step(scene: Stage) -> None:
        for _ in range(1500):
            if moment(scene):
                return
            await scene.silence(0.02)
        raise AssertionError("it never happened")

    return step


def do(action: Callable[[Stage], object]) -> Step:
    """The client asks the session for something."""

    async def step(scene: Stage) -> None:
        action(scene)

    return step


def write(text: str = QUESTION) -> Step:
    """The client sends a typed question and asks for the reply."""

    def action(scene: Stage) -> None:
        scene.session.type(text)
        scene.session.reply()

    return do(action)


def refused(action: Callable[[Stage], object], code: str) -> Step:
    """What the client asks for is refused."""

    def attempt(scene: Stage) -> None:
        try:
            action(scene)
        except AvatarError as error:
            assert error.code == code
        else:
            raise AssertionError(f"{code} was expected")

    return do(attempt)


cancel = do(lambda scene: scene.session.cancel())
commit = do(lambda scene: scene.session.commit())
clear = do(lambda scene: scene.session.clear_input())
answer_now = do(lambda scene: scene.session.reply())


def player_reports(milliseconds: int) -> Step:
    """The player says how much of the last reply was heard."""
    return do(lambda scene: scene.session.played(last_reply(scene), milliseconds))


def truncate(milliseconds: int) -> Step:
    """The client says where it stopped the last reply."""
    return do(lambda scene: scene.session.truncate(last_reply(scene), milliseconds))


def last_reply(scene: Stage) -> str:
    """The id of the reply that began last."""
    return scene.of(ReplyStarted)[-1].reply_id


# moments


def recognizing(scene: Stage) -> bool:
    """The turn is over, and its words are still being recognized."""
    return bool(scene.of(SpeechStopped)) and not scene.of(Understood)


def retrieving(scene: Stage) -> bool:
    """The passages are being looked up."""
    return scene.conversation.grounded > 0 and not scene.generator.asked


def writing(scene: Stage) -> bool:
    """The model was asked, and has written nothing that could be spoken."""
    return bool(scene.generator.asked) and not scene.synthesizer.clauses


def voicing(scene: Stage) -> bool:
    """The first clause is with the voice, and nothing of it has sounded."""
    return bool(scene.synthesizer.clauses) and not scene.of(ReplyAudio)


def sounding(seconds: float) -> Moment:
    """So much of the reply has been heard, by the clock."""

    def moment(scene: Stage) -> bool:
        return bool(scene.of(ReplyAudio)) and asyncio.get_running_loop().time() - scene.when(ReplyAudio) >= seconds

    return moment


def all_sent(scene: Stage) -> bool:
    """Everything was sent; the player still has some of it."""
    return bool(scene.of(ReplyDone))


def held(scene: Stage) -> bool:
    """The reply is held."""
    return len(scene.of(ReplyHeld)) > len(scene.of(ReplyResumed))


ASKED: tuple[Step, ...] = (quiet(0.5), say(1.0))
"""A question is asked."""

HEARD = "speech silence understood"
"""Its story."""

ANSWERED = f"{HEARD} reply sound completed"
"""The story of a question that is answered."""

INTERRUPTED = "held speech interrupted silence understood reply sound completed"
"""The story of a reply, from where it is interrupted by another question."""

BACKCHANNEL = "held resumed sound completed"
"""The story of a reply, from where a backchannel is said to it."""

SLOW = Takes(recognizing=0.6, retrieving=0.8, first_token=0.8, clause=0.8, block=0.05)
"""Stages that take so long that each can be hit."""


@dataclass(frozen=True)
class Scenario:
    """One row.

    Attributes:
        name: what it is about.
        steps: what happens.
        story: what comes of it.
        remembers: of each exchange in the history, how much of the answer: "all", "some", "none", or the words.
    """

    name: str
    steps: Sequence[Step]
    story: str
    remembers: Sequence[str] = ()
    options: SessionOptions | None = None
    texts: Sequence[str] = (QUESTION,)
    answer: str = ANSWER
    scores: Sequence[float] = (0.9,)
    takes: Takes = AT_ONCE

    def play(self) -> Stage:
        """What happened, checked against the row and against what must always hold."""

        async def run() -> Stage:
            scene = stage(
                options=self.options, texts=self.texts, answer=self.answer, scores=self.scores, takes=self.takes
            )
            async with scene.session:
                reader = asyncio.create_task(scene.collect())
                for step in self.steps:
                    await step(scene)
            await reader
            return scene

        scene = run_virtually(run())
        assert story(scene) == self.story
        assert len(scene.remembered) == len(self.remembers), scene.remembered
        for (_, heard_words), expected in zip(scene.remembered, self.remembers, strict=True):
            _check_memory(heard_words, expected, self.answer)
        check(scene)
        return scene


def voice_over(
    name: str,
    length: float,
    story: str,
    remembers: Sequence[str] = ("all",),
    options: SessionOptions | None = None,
) -> Scenario:
    """A voice over the reply to a spoken question, which has sounded for a second by then."""
    steps = [*ASKED, quiet_until(sounding(1)), say(length), out(20)]
    return Scenario(name, steps, f"{HEARD} reply sound {story}", remembers, options, answer=LONG)


def _check_memory(heard_words: str, expected: str, answer: str) -> None:
    if expected == "all":
        assert heard_words == answer
    elif expected == "some":
        assert 0 < len(heard_words) < len(answer)
        assert answer.startswith(heard_words)
    else:
        assert heard_words == ("" if expected == "none" else expected)


def story(scene: Stage) -> str:
    """What the session told, in short words."""
    words: list[str] = []
    sounding_now = False
    for _, event in scene.events:
        if isinstance(event, ReplyAudio | ReplyText):
            word = "sound" if isinstance(event, ReplyAudio) else "words"
            words += [] if sounding_now else [word]
            sounding_now = True
            continue
        word = _word(event)
        if word:
            words.append(word)
            sounding_now = sounding_now and word not in ("reply", "held", "resumed")
    return " ".join(words)


def _word(event: SessionEvent) -> str:
    match event:
        case ReplyDone(status="cancelled", reason=reason):
            return {"turn_detected": "interrupted", "disconnected": "left"}.get(reason or "", "cancelled")
        case ReplyDone(status=status):
            return status
        case Understood(text=text):
            return "understood" if text else "nothing"
    names = {
        SpeechStarted: "speech",
        SpeechStopped: "silence",
        ReplyStarted: "reply",
        ReplyHeld: "held",
        ReplyResumed: "resumed",
        Failed: "error",
    }
    return names.get(type(event), "")


# what must always hold


@dataclass
class _Rules:
    """One reply at a time, nothing old after something new, no sound while held, nothing told that is not sent."""

    current: ReplyStarted | None = None
    generation: int = 0
    sent: int = 0
    held: bool = False
    texts: dict[str, str] = field(default_factory=dict)

    def start(self, event: ReplyStarted) -> None:
        assert self.current is None
        assert event.generation > self.generation
        self.current, self.generation, self.sent, self.held = event, event.generation, 0, False
        self.texts[event.reply_id] = ""

    def see(self, event: ReplyText | ReplyAudio | ReplyDone) -> None:
        assert self.current is not None
        assert event.reply_id == self.current.reply_id
        match event:
            case ReplyText():
                self.texts[event.reply_id] += event.text
            case ReplyAudio():
                assert not self.held
                assert (event.generation, event.start) == (self.generation, self.sent)
                self.sent += event.samples.size
            case ReplyDone():
                assert (event.length, event.text) == (self.sent, self.texts[event.reply_id])
                self.current = None

    def hold(self, held: bool) -> None:
        assert self.held is not held
        assert self.sent > 0
        self.held = held


def check(scene: Stage) -> None:
    """What must always hold."""
    rules = _Rules()
    for _, event in scene.events:
        match event:
            case ReplyStarted():
                rules.start(event)
            case ReplyText() | ReplyAudio() | ReplyDone():
                rules.see(event)
            case ReplyHeld() | ReplyResumed():
                rules.hold(isinstance(event, ReplyHeld))
            case Video():
                assert event.generation <= rules.generation
    assert rules.current is None
    _check_samples(scene)
    _check_speech(scene)
    for _, words in scene.remembered:
        assert not words or any(text.startswith(words) for text in rules.texts.values())


def _check_speech(scene: Stage) -> None:
    """Each utterance begins once and ends at most once, after its beginning."""
    started = [event.utterance_id for event in scene.of(SpeechStarted)]
    stopped = [event.utterance_id for event in scene.of(SpeechStopped)]
    assert len(set(started)) == len(started)
    assert len(set(stopped)) == len(stopped)
    assert set(stopped) <= set(started)


def _check_samples(scene: Stage) -> None:
    """Each clause's samples are numbered, so a lost or repeated block shows."""
    for started in scene.of(ReplyStarted):
        expected = 0
        for block in [event for event in scene.of(ReplyAudio) if event.reply_id == started.reply_id]:
            first = round(float(block.samples[0]) * 2**20)
            assert first in (expected, 0)
            assert first != 0 or expected % CHARACTER == 0
            expected = first + block.samples.size
