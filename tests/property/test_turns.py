"""Turn taking under whatever order of events: the state machine window by window, and whole sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from avatar.errors import AvatarError
from avatar.live.events import ReplyAudio, ReplyDone, ReplyHeld, ReplyResumed, ReplyStarted
from avatar.live.options import SessionOptions
from avatar.live.turns import (
    Closed,
    Dismissed,
    Floor,
    Held,
    Interrupted,
    Opened,
    Paused,
    Released,
    Resumed,
    TurnAction,
    TurnDetection,
    TurnTaker,
)
from tests.unit.live.fakes import AT_ONCE, CHARACTER, Takes, stage
from tests.unit.live.scenes import LONG, PATIENT, PUSH_TO_TALK, SERVER_VAD, STRICT, TEXT_ONLY, WITH_FACE, check
from tests.unit.live.virtual_time import VirtualTimeLoop

FLOORS: tuple[Floor, ...] = ("free", "answering", "sounding")

DETECTIONS = st.builds(
    TurnDetection,
    kind=st.sampled_from(["server_vad", "semantic_vad"]),
    threshold=st.floats(0.2, 0.9),
    prefix_padding_ms=st.integers(0, 1000),
    silence_ms=st.integers(50, 2000),
    eagerness=st.sampled_from(["low", "medium", "high", "auto"]),
    interrupt_response=st.booleans(),
)

RUNS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 0.45, 0.55, 0.95, 1.0]),
        st.integers(1, 25),
        st.sampled_from(FLOORS),
        st.none() | st.floats(0, 1),
    ),
    max_size=40,
)
"""Stretches of sound: a probability, how many windows of it, who has the floor, and what the detector then says."""


class Order:
    """What may follow what."""

    def __init__(self, taker: TurnTaker) -> None:
        self.taker = taker
        self.open = self.held = self.paused = False
        self.last_end = 0

    def see(self, action: TurnAction, floor: Floor) -> None:
        match action:
            case Held():
                assert not self.open
                assert not self.held
                assert floor != "free"
                assert self.taker.detection.interrupt_response
                self.held = True
            case Released():
                assert self.held
                self.held = False
            case Dismissed():
                assert not self.open
                assert not self.held
                assert 0 <= action.start <= action.at < action.end <= self.taker.position
            case Opened():
                assert not self.open
                assert 0 <= action.start <= action.at < self.taker.position
                self.open, self.held = True, False
            case Interrupted():
                assert self.open
                assert floor != "free"
                assert self.taker.detection.interrupt_response
            case Paused():
                assert self.open
                self.paused = True
            case Resumed():
                assert self.paused
                self.paused = False
            case Closed():
                assert self.open
                assert self.last_end <= action.end <= self.taker.position
                assert action.start < action.end
                self.open, self.paused, self.last_end = False, False, action.end


@given(DETECTIONS, RUNS)
def test_order_holds_for_every_sound(
    detection: TurnDetection, runs: list[tuple[float, int, Floor, float | None]]
) -> None:
    taker = TurnTaker(detection)
    order = Order(taker)
    for probability, count, floor, score in runs:
        for _ in range(count):
            for action in taker.push(probability, floor):
                order.see(action, floor)
            assert order.held is (taker.state == "held")
            assert order.open is (taker.state in ("speaking", "paused"))
        for action in [] if score is None else taker.score(score):
            order.see(action, floor)
        assert taker.earliest_needed <= taker.position


@given(DETECTIONS, RUNS)
def test_without_voice_over_a_reply_nothing_is_ever_held(
    detection: TurnDetection, runs: list[tuple[float, int, Floor, float | None]]
) -> None:
    taker = TurnTaker(detection)
    for probability, count, _, _ in runs:
        for _ in range(count):
            kinds = {type(action) for action in taker.push(probability, "free")}
            assert not kinds & {Held, Released, Interrupted}


@given(RUNS, st.integers(1, 60))
def test_a_hold_ends_soon_after_the_voice_does(
    runs: list[tuple[float, int, Floor, float | None]], silence: int
) -> None:
    taker = TurnTaker()
    for probability, count, floor, _ in runs:
        for _ in range(count):
            taker.push(probability, floor)
    for _ in range(TurnTaker.pause + silence):
        taker.push(0.0, "sounding")
    assert taker.state != "held"


OPTIONS = [SessionOptions(), SERVER_VAD, PATIENT, PUSH_TO_TALK, STRICT, TEXT_ONLY]
SLOW = Takes(recognizing=0.3, retrieving=0.2, first_token=0.4, each_token=0.05, clause=0.3, block=0.02)
TIMES = st.sampled_from([0.04, 0.12, 0.2, 0.34, 0.5, 0.8, 1.5])


class Conversations(RuleBasedStateMachine):
    """A session, and whatever a person and a client may do to it."""

    @initialize(takes=st.sampled_from([AT_ONCE, SLOW]), options=st.sampled_from([*OPTIONS, WITH_FACE]))
    def begin(self, takes: Takes, options: SessionOptions) -> None:
        self.loop = VirtualTimeLoop()
        self.reported: set[str] = set()
        self.run(self._open(takes, options))

    async def _open(self, takes: Takes, options: SessionOptions) -> None:
        self.scene = stage(options=options, answer=LONG, takes=takes, texts=("您怎么看", "希望?", "", "停。", "好。"))
        await self.scene.session.start()
        self.reader = asyncio.create_task(self.scene.collect())

    def run(self, work: Awaitable[Any]) -> None:
        """Let something happen, in virtual time."""
        self.loop.run_until_complete(_all(work))

    def replies(self) -> list[str]:
        """The ids of the replies so far."""
        return [event.reply_id for event in self.scene.of(ReplyStarted)]

    @rule(seconds=TIMES)
    def speak(self, seconds: float) -> None:
        self.run(self.scene.speak(seconds))

    @rule(seconds=TIMES)
    def be_silent(self, seconds: float) -> None:
        self.run(self.scene.silence(seconds))

    @rule(seconds=st.sampled_from([0.0, 0.05, 1.0, 6.0]))
    def wait(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @rule(text=st.sampled_from(["您好。", "那青年呢?", "坏?!"]))
    def write(self, text: str) -> None:
        self.scene.session.type(text)

    @rule()
    def ask(self) -> None:
        self._attempt(self.scene.session.reply)

    @rule()
    def cancel(self) -> None:
        self._attempt(self.scene.session.cancel)

    @rule()
    def commit(self) -> None:
        self._attempt(self.scene.session.commit)

    @rule()
    def clear(self) -> None:
        self._attempt(self.scene.session.clear_input)

    @rule(options=st.sampled_from(OPTIONS))
    def configure(self, options: SessionOptions) -> None:
        self._attempt(lambda: self.scene.session.configure(options))

    @precondition(lambda self: self.scene.of(ReplyStarted))
    @rule(milliseconds=st.integers(0, 5000), latest=st.booleans())
    def report(self, milliseconds: int, latest: bool) -> None:
        reply = self.replies()[-1 if latest else 0]
        self.reported.add(reply)
        self.scene.session.played(reply, milliseconds)

    @precondition(lambda self: self.scene.of(ReplyStarted))
    @rule(milliseconds=st.integers(0, 5000))
    def truncate(self, milliseconds: int) -> None:
        self.reported.add(self.replies()[-1])
        self._attempt(lambda: self.scene.session.truncate(self.replies()[-1], milliseconds))

    @rule(seconds=st.sampled_from([0.0, 1.0]))
    def lose_the_client_for_a_while(self, seconds: float) -> None:
        self._attempt(self.scene.session.suspend)
        self.run(asyncio.sleep(seconds))
        self._attempt(self.scene.session.resume)

    @rule(name=st.sampled_from(["vad", "animator"]), seconds=TIMES)
    def break_for_a_while(self, name: str, seconds: float) -> None:
        engine = getattr(self.scene, name)
        engine.broken = True
        self.run(self.scene.silence(seconds))
        engine.broken = False

    @rule(seconds=st.sampled_from([0.0, 0.6, 2.5]))
    def ask_aloud(self, seconds: float) -> None:
        self.run(self.scene.speak(0.6))
        self.run(self.scene.silence(0.6 + seconds))

    @precondition(lambda self: self.scene.of(ReplyAudio))
    @rule(seconds=st.sampled_from([0.1, 0.2, 0.3, 0.6]), afterwards=TIMES)
    def speak_over_the_reply(self, seconds: float, afterwards: float) -> None:
        self.run(self.scene.silence(0.3))
        self.run(self.scene.speak(seconds))
        self.run(self.scene.silence(afterwards))

    def _attempt(self, action: Any) -> None:
        """Ask for something that may be refused, inside the loop."""

        async def attempt() -> None:
            try:
                action()
            except AvatarError as error:
                assert error.code

        self.run(attempt())

    @invariant()
    def nobody_failed_unforeseen(self) -> None:
        if hasattr(self, "reader"):
            assert not self.reader.done()

    def teardown(self) -> None:
        if not hasattr(self, "scene"):
            return
        self.run(self.scene.session.close())
        self.run(self.reader)
        self.run(asyncio.sleep(1))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
        check(self.scene)
        self._check_heard()

    def _check_heard(self) -> None:
        """No answer that was broken off is remembered beyond what a player can have played of it."""
        for reply in self.replies():
            done = next(event for event in self.scene.of(ReplyDone) if event.reply_id == reply)
            answers = [heard for _, heard in self.scene.remembered if heard and done.text.startswith(heard)]
            if done.status != "cancelled" or reply in self.reported or len(self.replies()) > 1 or not answers:
                continue
            assert len(answers[-1]) * CHARACTER <= self._played(reply) + CHARACTER

    def _played(self, reply: str) -> float:
        """Samples that a player can have played of a reply when it was broken off."""
        position, sent, since, held = 0.0, 0, 0.0, False
        for time, event in self.scene.events:
            if getattr(event, "reply_id", None) != reply:
                continue
            if not held:
                position = min(sent, position + (time - since) * 24_000)
            since = time
            match event:
                case ReplyAudio():
                    sent += event.samples.size
                case ReplyHeld():
                    held = self.scene.session.options.waits
                case ReplyResumed():
                    held = False
                case ReplyDone():
                    return position
        raise AssertionError(reply)


async def _all(work: Awaitable[Any]) -> None:
    await work


TestConversations = Conversations.TestCase
TestConversations.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
