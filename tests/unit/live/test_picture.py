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
from avatar.media import SPEECH_RATE, Packet, Pixels
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
                if isinstance(event, Video) and event.generation == 1:
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
