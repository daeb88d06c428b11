"""The time in which nobody waits for the language model: what is not urgent is done then, and gives way at once.

Summing up a talk and finding what is worth remembering take a processor some ten seconds. They are done between two
turns, or after the talk; as soon as somebody speaks or is answered, in whichever session, they are broken off, and done
when it is quiet again. What the model has read of them already is kept by its cache.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from avatar.errors import AvatarError

log = logging.getLogger(__name__)

QUIET_S = 2.0
"""Seconds without a disturbance after which nobody is taken to wait."""

MOST = 16
"""Pieces of work that may wait; more are dropped."""

Work = Callable[[], Awaitable[None]]
"""May be broken off and begun again."""


class Leisure:
    """Shared by the sessions of one process; used on one event loop.

    Attributes:
        quiet_s: seconds that it must have been quiet.
    """

    def __init__(self, quiet_s: float = QUIET_S) -> None:
        self.quiet_s = quiet_s
        self._answering: set[str] = set()
        self._disturbed = float("-inf")
        self._running: set[asyncio.Future[None]] = set()
        self._waiting: set[asyncio.Task[None]] = set()

    def disturb(self) -> None:
        """Somebody speaks, or writes: break off what runs."""
        self._disturbed = asyncio.get_running_loop().time()
        for running in self._running:
            running.cancel()

    def begin(self, reply: str) -> None:
        """An answer is being made."""
        self._answering.add(reply)
        self.disturb()

    def end(self, reply: str) -> None:
        """All of an answer was made, or it was broken off."""
        if reply in self._answering:
            self._answering.discard(reply)
            self._disturbed = asyncio.get_running_loop().time()

    def later(self, work: Work) -> asyncio.Task[None] | None:
        """Do something when it is quiet; None where too much waits already. It may be cancelled."""
        if len(self._waiting) >= MOST:
            log.warning("leisure_full")
            return None
        task = asyncio.create_task(self._do(work))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        return task

    async def _do(self, work: Work) -> None:
        while True:
            await self._quiet()
            running = asyncio.ensure_future(_told(work))
            self._running.add(running)
            try:
                await asyncio.wait({running})
            finally:
                self._running.discard(running)
                running.cancel()
            if not running.cancelled():
                running.result()
                return

    async def _quiet(self) -> None:
        """Wait until nobody is being answered, and nothing was said for a while."""
        loop = asyncio.get_running_loop()
        while True:
            left = self.quiet_s if self._answering else self._disturbed + self.quiet_s - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(left)


async def _told(work: Work) -> None:
    """Do it; what fails is told in the log, and tried again when there is new work."""
    try:
        await work()
    except AvatarError as error:
        log.warning("leisure_work_failed code=%s", error.code)
