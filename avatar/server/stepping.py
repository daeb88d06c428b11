"""Work in a thread that tells how far it is, as a stream; closing the stream stops the work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, TypeVar

from avatar.errors import AvatarError
from avatar.server.jobs import sse

T = TypeVar("T")

LEAST = 0.01
"""By how much more of a step must be done before it is told again."""

Tell = Callable[[str, float], None]
"""Takes the name of a step and how far it is, 0..1; raises once nobody listens any more."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the work is."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What came of it."""

    value: T


Steps = AsyncGenerator[Step | Done[T], None]
"""The steps of some work, and at last what came of it."""

Ended = Callable[[bool, bool], None]
"""Told that work has ended: whether it was done, and whether anybody still listened."""


async def stepped(
    work: Callable[[Tell], T], stopped: Callable[[], AvatarError], ended: Ended = lambda done, heard: None
) -> Steps[T]:
    """The steps of some work, and at last what came of it.

    Args:
        work: runs in a thread of its own; what it raises ends the stream.
        stopped: what its next step raises in that thread after the stream was closed.
        ended: called on the loop however the work ends, also where the stream was closed before.
    """
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[Step | None] = asyncio.Queue()
    stop = threading.Event()
    last = Step("", 0.0)

    def tell(name: str, share: float) -> None:
        nonlocal last
        if stop.is_set():
            raise stopped()
        if name != last.name or share - last.share >= LEAST:
            last = Step(name, share)
            loop.call_soon_threadsafe(told.put_nowait, last)

    working = asyncio.ensure_future(asyncio.to_thread(work, tell))

    def over(working: asyncio.Future[T]) -> None:
        told.put_nowait(None)
        done = not working.cancelled() and working.exception() is None  # looked at: else a failure is logged as missed
        ended(done, not stop.is_set())

    working.add_done_callback(over)  # whoever leaves cancels whatever awaits, so nothing that must happen does
    try:
        while (step := await told.get()) is not None:
            yield step
        yield Done(await working)
    finally:
        stop.set()


async def as_events(
    steps: Steps[T], kind: str, done: Callable[[T], Iterable[Mapping[str, object]]]
) -> AsyncGenerator[bytes, None]:
    """The steps as server-sent events; closing them closes the steps.

    Args:
        kind: of work: its steps are events `kind.progress`.
        done: the events of what came of it.
    """
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, Step):
                yield sse({"type": f"{kind}.progress", "step": step.name, "share": round(step.share, 3)})
            else:
                for event in done(step.value):
                    yield sse(event)


async def outcome(steps: Steps[T], stopped: Callable[[], AvatarError]) -> T:
    """What came of it, without the steps."""
    try:
        async for step in steps:
            if isinstance(step, Done):
                return step.value
    finally:
        await steps.aclose()
    raise stopped()
