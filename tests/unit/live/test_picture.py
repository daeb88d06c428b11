"""The pictures' timeline: a little ahead of the sound, never behind it, and where the player is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from avatar.live.events import Video
from avatar.live.outlet import Outlet
from avatar.live.picture import LEAD_S, MARGIN_S, PERIOD_S, PLAYER_BUFFER_S, FaceLoop
from avatar.media import SPEECH_RATE, Packet, PhoneSpan, Pixels
from tests.unit.live.fakes import CountingAnimator, Labour, OneByteEncoder
from tests.unit.live.virtual_time import run_virtually

SOUND = np.zeros(6 * SPEECH_RATE, dtype=np.float32)

Work = Callable[[FaceLoop], Awaitable[None]]


@dataclass
class SlowEncoder(OneByteEncoder):
    """Takes its time over each picture."""

    labour: Labour
    seconds: float = 0.0

    def encode(self, image: Pixels, *, key: bool = False) -> Packet:
        self.labour.spent += self.seconds
        return super().encode(image, key=key)


@dataclass
class Seen:
    """When the pictures of the reply were sent, and for which time of it, in seconds; the reply begins at 0."""

    pictures: list[tuple[float, float]] = field(default_factory=list)

    def after(self, position: float) -> list[float]:
        """How long before its time, if the reply's sound were heard from 0 on, each later picture was sent."""
        return [pts - at for at, pts in self.pictures if pts >= position]


def show(work: Work, *, drawing: float = 0.0) -> Seen:
    """Draw a reply of six seconds, all of whose sound is there at once."""

    async def run() -> Seen:
        loop, outlet, labour, seen = asyncio.get_running_loop(), Outlet(), Labour(), Seen()
        face = FaceLoop(CountingAnimator(), SlowEncoder(labour, drawing), outlet, labour.run, loop.time)
        face.sound(1, SOUND, (), 0)
        begun = loop.time()

        async def read() -> None:
            async for event in outlet.read():
                if isinstance(event, Video) and event.generation == 1 and not event.waiting:
                    seen.pictures.append((loop.time() - begun, event.pts_ms / 1000))

        tasks = [asyncio.create_task(face.run()), asyncio.create_task(read())]
        await work(face)
        await asyncio.sleep(6)
        for task in tasks:
            task.cancel()
        return seen

    return run_virtually(run())


async def nothing(face: FaceLoop) -> None:
    """Nobody reports."""


def report(delay: float) -> Work:
    """The player began so much later than the reply was sent, and says where it is five times a second."""

    async def work(face: FaceLoop) -> None:
        for turn in range(5, 15):
            await asyncio.sleep(0.2)
            face.heard(1, max(0.0, turn * 0.2 - 0.8 - delay))

    return work


def test_pictures_are_sent_a_little_ahead() -> None:
    ahead = show(nothing).after(1.0)
    assert len(ahead) > 50
    assert all(lead == pytest.approx(LEAD_S - PLAYER_BUFFER_S, abs=PERIOD_S / 2) for lead in ahead)


def test_a_slow_face_leaves_pictures_out_and_is_never_late() -> None:
    seen = show(nothing, drawing=0.07)
    left = [lead + PLAYER_BUFFER_S for lead in seen.after(1.0)]
    assert min(left) > 0.9 * (MARGIN_S - 0.07)
    assert len(left) > 50


@pytest.mark.parametrize(("drawing", "lagging"), [(0.0, False), (0.03, False), (0.07, False), (0.2, True)])
def test_a_machine_that_is_too_slow_is_known_by_what_is_left_out(drawing: float, lagging: bool) -> None:
    told: list[bool] = []

    async def work(face: FaceLoop) -> None:
        await asyncio.sleep(5.5)
        told.append(face.lagging)

    show(work, drawing=drawing)
    assert told == [lagging]


@pytest.mark.parametrize("delay", [0.05, 0.4, 1.3])
def test_pictures_follow_the_player(delay: float) -> None:
    ahead = show(report(delay)).after(2.5)
    assert len(ahead) > 20
    assert all(lead == pytest.approx(LEAD_S - delay, abs=PERIOD_S / 2) for lead in ahead)


def test_a_report_that_comes_late_is_passed_over() -> None:
    async def work(face: FaceLoop) -> None:
        await report(0.4)(face)
        face.heard(1, 1.0)

    assert all(lead == pytest.approx(LEAD_S - 0.4, abs=PERIOD_S / 2) for lead in show(work).after(2.5))


def test_a_report_of_what_was_not_yet_sent_is_not_believed() -> None:
    async def work(face: FaceLoop) -> None:
        for _ in range(5):
            face.heard(1, 1e9)

    assert all(lead <= LEAD_S + PERIOD_S for lead in show(work).after(0.5))


def test_a_report_of_another_reply_says_nothing() -> None:
    async def work(face: FaceLoop) -> None:
        for _ in range(5):
            face.heard(7, 0.0)

    assert show(work).pictures == show(nothing).pictures


# while the reply stands still


@dataclass
class Standing:
    """A face whose pictures are noted as they are sent: time, time of the reply, whether it waits."""

    loop: asyncio.AbstractEventLoop
    face: FaceLoop
    animator: CountingAnimator
    pictures: list[tuple[float, int, bool]] = field(default_factory=list)

    def waiting(self, since: float = 0.0) -> list[int]:
        """Times of the reply of the pictures that waited."""
        return [pts for at, pts, waits in self.pictures if waits and at >= since]

    def going(self, since: float = 0.0) -> list[int]:
        """Those of the others."""
        return [pts for at, pts, waits in self.pictures if not waits and at >= since]


def stand(script: Callable[[Standing], Awaitable[None]]) -> Standing:
    """Let something happen to a face."""

    async def run() -> Standing:
        loop, outlet, animator = asyncio.get_running_loop(), Outlet(), CountingAnimator()
        face = FaceLoop(animator, OneByteEncoder(), outlet, Labour().run, loop.time)
        seen = Standing(loop, face, animator)

        async def read() -> None:
            async for event in outlet.read():
                if isinstance(event, Video) and event.generation == 1:
                    seen.pictures.append((loop.time(), event.pts_ms, event.waiting))

        tasks = [asyncio.create_task(face.run()), asyncio.create_task(read())]
        await script(seen)
        for task in tasks:
            task.cancel()
        return seen

    return run_virtually(run())


def test_a_face_whose_sound_runs_dry_lives_on_at_half_speed_and_goes_on_with_it() -> None:
    async def script(seen: Standing) -> None:
        seen.face.sound(1, SOUND[:SPEECH_RATE], (PhoneSpan("a", 0, 2 * SPEECH_RATE),), 0)
        await asyncio.sleep(3.15)
        seen.face.sound(1, SOUND[:SPEECH_RATE], (), 0)
        await asyncio.sleep(0.5)

    seen = stand(script)
    assert seen.going() == [40 * index for index in range(len(seen.going()))]
    assert set(seen.waiting()) == {1000}
    assert len(seen.waiting()) == pytest.approx(2.0 / 0.08, abs=2)
    told = seen.animator.told
    after = told[told.index("stop") :]
    assert after == ["stop", "idle", "begin 24000", "speak 0 1 0", "speak 24000 0 24000", "idle"]


def test_a_held_face_looks_at_the_person_and_says_again_what_was_not_heard() -> None:
    async def script(seen: Standing) -> None:
        seen.face.attend("speaking")
        seen.face.sound(1, SOUND[: 2 * SPEECH_RATE], (PhoneSpan("a", 0, 100),), 0)
        await asyncio.sleep(1.0)
        seen.face.hold()
        await asyncio.sleep(0.5)
        seen.face.go_on()
        await asyncio.sleep(0.4)

    seen = stand(script)
    (stood,) = set(seen.waiting())
    assert stood == pytest.approx(1000 * (1.0 - PLAYER_BUFFER_S), abs=40)
    assert len(seen.waiting()) == pytest.approx(13, abs=1)
    assert seen.going(since=1.5)[0] <= stood + 1000 * MARGIN_S + 80
    at = stood * 24
    told = seen.animator.told
    after = told[told.index("stop") :]
    assert after == ["stop", "listening", f"begin {at}", "speak 0 1 0", f"speak {48000 - at} 0 0", "speaking"]


def test_a_held_face_goes_on_in_the_mood_that_it_was_in() -> None:
    async def script(seen: Standing) -> None:
        seen.face.sound(1, SOUND[:SPEECH_RATE], (), 0, "warm")
        seen.face.sound(1, SOUND[: 2 * SPEECH_RATE], (), SPEECH_RATE, "sad")
        seen.face.sound(1, SOUND[:SPEECH_RATE], (), 3 * SPEECH_RATE, "sad")
        await asyncio.sleep(0.6)
        seen.face.hold()
        await asyncio.sleep(0.3)
        seen.face.go_on()
        await asyncio.sleep(0.4)

    told = stand(script).animator.told
    moods = ["warm 0", f"sad {SPEECH_RATE}"]
    assert [each for each in told if each.split()[0] in ("warm", "sad", "calm")] == 2 * moods
    again = told[told.index("stop") :]
    assert again[2].startswith("begin ")
    assert again[3:5] == moods
    assert again[5].startswith("speak ")


def test_a_reply_that_is_broken_off_while_held_is_not_said_again() -> None:
    async def script(seen: Standing) -> None:
        seen.face.attend("speaking")
        seen.face.sound(1, SOUND[: 2 * SPEECH_RATE], (), 0)
        await asyncio.sleep(1.0)
        seen.face.hold()
        await asyncio.sleep(0.5)
        seen.face.attend("listening")
        seen.face.stop()
        await asyncio.sleep(0.5)

    seen = stand(script)
    assert not any(told.startswith("begin ") for told in seen.animator.told)
    assert seen.waiting(since=1.55) == []
    assert len(seen.going(since=1.5)) > 8


def test_a_reply_held_before_its_first_picture_begins_at_its_beginning() -> None:
    async def script(seen: Standing) -> None:
        seen.face.sound(1, SOUND[: 2 * SPEECH_RATE], (), 0)
        seen.face.hold()
        await asyncio.sleep(0.5)
        seen.face.go_on()
        await asyncio.sleep(0.5)

    seen = stand(script)
    assert set(seen.waiting()) == {0}
    assert seen.going()[0] <= 120
