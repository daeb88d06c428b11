"""One conversation at the server. It has a place, and it may outlive the socket that it began on.

A socket's time with it is a `Line`. When the line is lost, the session breaks its reply off and waits; the next line
goes on with the same history, items and options, and generations count on.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from avatar.errors import AvatarError
from avatar.server.choices import Choices, Ticket
from avatar.server.failures import FAILED, SLOW_READER, TAKEN_OVER, TIME_OVER, TimeOverError, unforeseen
from avatar.server.narration import Outgoing
from avatar.server.outbox import Outbox, SlowReaderError
from avatar.server.sessions import LiveSession
from avatar.server.translator import Translator
from avatar.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class Farewell:
    """How a socket is to close.

    Attributes:
        error: told before the closing.
        lasting: the conversation waits for another socket.
    """

    code: int
    error: AvatarError | None = None
    lasting: bool = False


class Line:
    """One socket's time with a conversation.

    Attributes:
        outbox: what waits to be sent on it.
        farewell: set by whoever ends it.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.farewell: asyncio.Future[Farewell] = asyncio.get_running_loop().create_future()

    def end(self, farewell: Farewell) -> None:
        """Let the socket close; the first to say so decides how."""
        if not self.farewell.done():
            self.farewell.set_result(farewell)


class Seat:
    """A conversation, its translation, and the socket that it is held on, if there is one.

    Args:
        session: not yet started.
        choices: what the client chose when it connected.
        limits: how long it may last.
        now: the clock, in seconds.

    Attributes:
        token: known to the client alone; with it, another socket goes on.
        line: the present socket's.
        over: it has ended, or is about to; no socket can go on with it.
    """

    def __init__(
        self,
        session: LiveSession,
        choices: Choices,
        limits: ServerSettings,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session = session
        self.token = secrets.token_urlsafe(24)
        self.binary = choices.binary
        self._limits = limits
        self._now = now
        self._opened = now()
        longest = limits.max_session_s
        ticket = Ticket(self.token if limits.resume_s else None, int(time.time() + longest) if longest else None)
        self.translator = Translator(session, choices, now, ticket)
        self.line: Line | None = None
        self.over = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = False

    @property
    def began(self) -> bool:
        """Whether a client was ever told the token."""
        return self._started

    async def attach(self) -> Line:
        """Hold the conversation on a new socket from now on; the one before is let go of.

        Raises:
            AvatarError: the session could not start.
        """
        resumed = self._started
        if not resumed:
            self._started = True
            await self.session.start()
        if self.line is not None:
            self.detach(self.line, Farewell(TAKEN_OVER, lasting=True))
        self.line = line = Line(Outbox(self.session.request_key_frame))
        for message in self.translator.opening(resumed=resumed):
            line.outbox.put(message)
        if resumed:
            self.session.resume()
        else:
            self._tasks = {asyncio.create_task(self._tell()), asyncio.create_task(self._watch())}
        return line

    def detach(self, line: Line, farewell: Farewell) -> None:
        """A socket is gone: if it was the present one, the conversation pauses, unless it is over."""
        line.end(farewell)
        if self.line is line:
            self.line = None
            if farewell.lasting:
                self.session.suspend()

    def send(self, line: Line, messages: list[Outgoing]) -> None:
        """Put messages into a socket's outbox; a socket whose client reads too slowly is let go of."""
        try:
            for message in messages:
                line.outbox.put(message)
        except SlowReaderError:
            self.detach(line, Farewell(SLOW_READER, lasting=True))

    def dismiss(self, farewell: Farewell) -> None:
        """The conversation is over: let the present socket close, if there is one."""
        self.over = True
        if self.line is not None:
            self.line.end(farewell)

    async def close(self) -> None:
        """End the conversation."""
        try:
            await self.session.close()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self) -> None:
        """Translate what happens; with no socket it is noted in the items and otherwise passes unheard."""
        try:
            async for event in self.session.events():
                messages = self.translator.from_session(event)
                if self.line is not None:
                    self.send(self.line, messages)
            self.dismiss(Farewell(FAILED))
        except Exception as error:  # noqa: BLE001 - the edge of the program: its place is logged, the socket closes
            unforeseen(error)
            self.dismiss(Farewell(FAILED))

    async def _watch(self) -> None:
        """Wait until the conversation has lasted too long, or nobody has said anything for too long."""
        while True:
            left = min(self._left_in_all(), self._left_idle())
            if left <= 0:
                break
            await asyncio.sleep(left)
        self.dismiss(Farewell(TIME_OVER, _lasted() if self._left_in_all() <= 0 else _idle()))

    def _left_in_all(self) -> float:
        limit = self._limits.max_session_s or float("inf")
        return self._opened + limit - self._now()

    def _left_idle(self) -> float:
        limit = self._limits.idle_timeout_s or float("inf")
        return self.translator.touched + limit - self._now()


def _lasted() -> AvatarError:
    return TimeOverError(
        "This conversation has lasted as long as the server allows. Connect again to begin a new one.",
        "这次对话已达到服务器允许的最长时间。请重新连接,开始新的对话。",
        code="session_expired",
    )


def _idle() -> AvatarError:
    return TimeOverError(
        "Nothing was said for a long time, so the conversation has ended. Connect again to begin a new one.",
        "许久没有人说话,对话已结束。请重新连接,开始新的对话。",
        code="session_idle",
    )
