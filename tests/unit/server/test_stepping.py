"""Work in a thread that tells how far it is: its steps, its end, and what closing it does."""

from __future__ import annotations

import asyncio
import threading
from itertools import count

import pytest

from avatar.errors import EngineError, InputError
from avatar.server.stepping import Done, Step, Tell, outcome, stepped


def stopped() -> InputError:
    return InputError("Stopped.", "已停止。", code="cancelled")


class Ends:
    """Keeps what is told of the end."""

    def __init__(self) -> None:
        self.told: list[tuple[bool, bool]] = []
        self.over = asyncio.Event()

    def __call__(self, done: bool, heard: bool) -> None:
        self.told.append((done, heard))
        self.over.set()


async def test_steps_are_told_by_the_hundredth_and_then_what_came_of_it() -> None:
    def work(tell: Tell) -> str:
        for hundredth in range(4000):
            tell("reading", hundredth / 4000)
        tell("writing", 0.0)
        return "done"

    ends = Ends()
    told = [step async for step in stepped(work, stopped, ends)]
    assert told[0] == Step("reading", 0.0)
    assert told[-2:] == [Step("writing", 0.0), Done("done")]
    assert 90 <= len(told) <= 103
    assert ends.told == [(True, True)]


async def test_whoever_leaves_stops_the_work_at_its_next_step() -> None:
    raised: list[BaseException] = []

    def work(tell: Tell) -> None:
        try:
            for step in count():
                tell(f"step {step}", 0.0)
        except BaseException as error:
            raised.append(error)
            raise

    ends = Ends()
    steps = stepped(work, stopped, ends)
    assert await anext(steps) == Step("step 0", 0.0)
    await steps.aclose()
    await asyncio.wait_for(ends.over.wait(), 20)
    assert isinstance(raised[0], InputError)
    assert ends.told == [(False, False)]


async def test_what_was_done_all_the_same_is_told_to_have_been_done() -> None:
    left = threading.Event()

    def work(tell: Tell) -> str:
        tell("reading", 0.0)
        assert left.wait(20)
        return "done"

    ends = Ends()
    steps = stepped(work, stopped, ends)
    await anext(steps)
    await steps.aclose()
    left.set()
    await asyncio.wait_for(ends.over.wait(), 20)
    assert ends.told == [(True, False)]


async def test_a_failure_ends_the_steps() -> None:
    def work(tell: Tell) -> str:
        tell("reading", 0.0)
        raise EngineError("It broke.", "它坏了。")

    ends = Ends()
    with pytest.raises(EngineError, match="It broke"):
        await outcome(stepped(work, stopped, ends), stopped)
    assert ends.told == [(False, True)]


async def test_the_outcome_without_the_steps() -> None:
    assert await outcome(stepped(lambda tell: 7, stopped), stopped) == 7
