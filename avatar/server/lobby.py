"""Who is in, and who may come back: places, the conversations on them, and those that wait for a lost client.

A conversation whose socket was lost keeps its place for a while. If somebody else comes and every place is taken, the
one that has waited longest gives way.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from avatar.errors import CapacityError
from avatar.server.choices import Choices
from avatar.server.failures import FAILED, GoneError
from avatar.server.limits import Admission
from avatar.server.seat import Farewell, Line, Seat
from avatar.server.sessions import LiveSession
from avatar.settings import ServerSettings

log = logging.getLogger(__name__)


class Opener(Protocol):
    """Runs what may block for long; `asyncio.to_thread` is one."""

    def __call__(self, make: Callable[[], LiveSession], /) -> Awaitable[LiveSession]: ...


class Lobby:
    """The conversations of one server. Used on one event loop.

    Args:
        limits: places, and how long things last.
        run: runs what opens a session.
        now: the clock, in seconds.
    """

    def __init__(
        self, limits: ServerSettings, run: Opener = asyncio.to_thread, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.admission = Admission(limits.max_sessions)
        self._limits = limits
        self._run = run
        self._now = now
        self._seats: dict[str, Seat] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}

    async def open(self, make: Callable[[], LiveSession], choices: Choices) -> Seat:
        """A new conversation, not yet started.

        Raises:
            CapacityError: every place is taken by somebody who is there, or the machine is too slow for one more.
            AvatarError: the session cannot be opened.
        """
        await self._take_place()
        try:
            session = await self._run(make)
        except BaseException:
            self.admission.free()
            raise
        seat = Seat(session, choices, self._limits, self._now)
        self._seats[seat.token] = seat
        log.info("session_opened session=%s persona=%s", session.id, session.persona.id)
        return seat

    def find(self, token: str, *, binary: bool) -> Seat:
        """The conversation that a client comes back to.

        Args:
            binary: of the socket that asks; it must be of the same kind.

        Raises:
            GoneError: there is none, or none any more.
        """
        seat = self._seats.get(token)
        if seat is None or seat.over or seat.binary is not binary:
            raise _gone()
        return seat

    async def attach(self, seat: Seat) -> Line:
        """Hold a conversation on a new socket.

        Raises:
            GoneError: it has ended meanwhile.
            AvatarError: the session cannot start.
        """
        if seat.over:
            raise _gone()
        if waiting := self._waiting.pop(seat.token, None):
            waiting.cancel()
        return await seat.attach()

    async def leave(self, seat: Seat, line: Line | None, farewell: Farewell) -> None:
        """A socket has ended. Its conversation ends with it, waits, or goes on elsewhere."""
        if line is not None:
            seat.detach(line, farewell)
        if seat.line is not None or seat.token not in self._seats:
            return
        if farewell.lasting and not seat.over and self._limits.resume_s:
            log.info("session_waits session=%s", seat.session.id)
            self._wait(seat)
        else:
            await asyncio.shield(asyncio.create_task(self._end(seat)))

    async def close(self) -> None:
        """End every conversation."""
        for seat in list(self._seats.values()):
            await self._end(seat)

    async def _take_place(self) -> None:
        if any(seat.line is not None and seat.session.lagging for seat in self._seats.values()):
            raise _busy()
        try:
            self.admission.take()
        except CapacityError:
            if not self._waiting:
                raise
            longest_away = self._seats[next(iter(self._waiting))]
            await self._end(longest_away, frees=False)

    def _wait(self, seat: Seat) -> None:
        if seat.token not in self._waiting:
            self._waiting[seat.token] = asyncio.create_task(self._give_up(seat))

    async def _give_up(self, seat: Seat) -> None:
        await asyncio.sleep(self._limits.resume_s)
        await self._end(seat)

    async def _end(self, seat: Seat, *, frees: bool = True) -> None:
        """End a conversation; its place is free then, or whoever ends it takes it over."""
        if self._seats.pop(seat.token, None) is None:
            return
        waiting = self._waiting.pop(seat.token, None)
        if waiting is not None and waiting is not asyncio.current_task():
            waiting.cancel()
        seat.dismiss(Farewell(FAILED))
        try:
            await seat.close()
        finally:
            if frees:
                self.admission.free()
            log.info("session_closed session=%s", seat.session.id)


def _busy() -> CapacityError:
    return CapacityError(
        "The machine is too slow for another conversation: the pictures of those that it has come late already. "
        "Try again in a moment.",
        "机器已跟不上现有的对话,画面开始迟到,暂时无法再接一个。请稍后再试。",
        code="machine_busy",
    )


def _gone() -> GoneError:
    return GoneError(
        "There is no conversation to go on with: the time for coming back is over. Connect without `resume`.",
        "没有可以继续的对话:已超过可恢复的时间。请不带 `resume` 重新连接。",
    )
