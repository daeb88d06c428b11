"""What is not urgent: done when it is quiet, broken off when it is not, and done again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from avatar.errors import EngineError
from avatar.live.leisure import MOST, Leisure
from tests.unit.live.virtual_time import run_virtually

Script = Callable[[Leisure, list[float]], Coroutine[Any, Any, None]]


def replay(script: Script) -> list[float]:
    """Run a script; the times at which its work of three seconds was whole."""
    done: list[float] = []

    async def work() -> None:
        await script(Leisure(2.0), done)

    run_virtually(work())
    return [round(time, 1) for time in done]


def labour(done: list[float]) -> Callable[[], Coroutine[Any, Any, None]]:
    async def work() -> None:
        await asyncio.sleep(3)
        done.append(asyncio.get_running_loop().time())

    return work


def test_it_is_done_at_once_where_nobody_was_disturbed() -> None:
    async def script(leisure: Leisure, done: list[float]) -> None:
        leisure.later(labour(done))
        await asyncio.sleep(10)

    assert replay(script) == [3.0]


def test_it_waits_for_quiet_and_for_the_answer() -> None:
    async def script(leisure: Leisure, done: list[float]) -> None:
        leisure.begin("r")
        leisure.later(labour(done))
        await asyncio.sleep(9)
        leisure.end("r")
        leisure.end("r")
        await asyncio.sleep(10)

    assert replay(script) == [14.0]


def test_it_is_broken_off_and_done_again() -> None:
    async def script(leisure: Leisure, done: list[float]) -> None:
        leisure.later(labour(done))
        await asyncio.sleep(2)
        leisure.disturb()
        await asyncio.sleep(1)
        leisure.disturb()
        await asyncio.sleep(10)

    assert replay(script) == [8.0]


def test_it_can_be_given_up() -> None:
    async def script(leisure: Leisure, done: list[float]) -> None:
        for wait in (1, 2):
            task = leisure.later(labour(done))
            assert task is not None
            await asyncio.sleep(wait)
            task.cancel()
            leisure.disturb()
        await asyncio.sleep(20)

    assert replay(script) == []


def test_what_fails_is_not_tried_for_ever_and_stops_nothing_else() -> None:
    async def script(leisure: Leisure, done: list[float]) -> None:
        async def fail() -> None:
            done.append(asyncio.get_running_loop().time())
            raise EngineError("It failed.", "失败了。")

        leisure.later(fail)
        leisure.later(labour(done))
        await asyncio.sleep(20)

    assert replay(script) == [0.0, 3.0]


def test_what_waits_is_bounded() -> None:
    async def script(leisure: Leisure, done: list[float]) -> None:
        leisure.begin("r")
        tasks = [leisure.later(labour(done)) for _ in range(MOST + 1)]
        assert tasks[-1] is None and None not in tasks[:-1]
        for task in tasks[:-1]:
            task.cancel()  # type: ignore[union-attr]

    assert replay(script) == []
