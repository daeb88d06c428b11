"""What waits to be sent on one socket: bounded, in order, and the first thing to go is pictures."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from avatar.server.narration import Outgoing
from avatar.server.protocol.framing import Flag, MediaFrame
from avatar.server.protocol.server import AvatarVideoDelta

OVERHEAD = 256
"""Bytes that a waiting message costs besides its content."""


class SlowReaderError(Exception):
    """The client reads so slowly that even sound and events pile up."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    data: str | bytes
    picture: bool


class Outbox:
    """A queue with one reader.

    When more pictures wait than the bound, all that wait are dropped, and those that come, until the reader has
    taken everything else; then a key picture is asked for, and what cannot be decoded without it is held back until
    it comes. Sound and events are never dropped.

    Args:
        request_key_frame: called when pictures were dropped and the reader has caught up.
    """

    max_pictures = 12
    """About half a second."""

    max_bytes = 8 * 1024 * 1024
    """Of everything else: more than a minute of sound."""

    def __init__(self, request_key_frame: Callable[[], None]) -> None:
        self._request_key_frame = request_key_frame
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._pictures = 0
        self._bytes = 0
        self._congested = False
        self._key_wanted = False
        self.pictures_dropped = 0

    def put(self, message: Outgoing) -> None:
        """Add a message.

        Raises:
            SlowReaderError: too much waits that must not be dropped.
        """
        if is_picture(message):
            self._put_picture(message)
        else:
            self._append(_Waiting(serialized(message), picture=False))
        if self._bytes > self.max_bytes:
            raise SlowReaderError

    async def get(self) -> str | bytes:
        """The next message, as it travels: text or binary."""
        while not self._waiting:
            self._catch_up()
            self._arrived.clear()
            await self._arrived.wait()
        taken = self._waiting.popleft()
        self._count(taken, -1)
        return taken.data

    def _put_picture(self, message: Outgoing) -> None:
        if self._pictures >= self.max_pictures:
            self._congested = True
            self._drop_waiting()
        if self._congested or (self._key_wanted and not is_key(message)):
            self.pictures_dropped += 1
            return
        self._key_wanted = False
        self._append(_Waiting(serialized(message), picture=True))

    def _drop_waiting(self) -> None:
        kept = deque(waiting for waiting in self._waiting if not waiting.picture)
        self.pictures_dropped += len(self._waiting) - len(kept)
        self._waiting = kept
        self._pictures = 0

    def _catch_up(self) -> None:
        """Everything was sent: pictures may come again, the first of them a key picture."""
        if self._congested:
            self._congested = False
            self._key_wanted = True
            self._request_key_frame()

    def _append(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        self._count(waiting, 1)
        self._arrived.set()

    def _count(self, waiting: _Waiting, sign: int) -> None:
        if waiting.picture:
            self._pictures += sign
        else:
            self._bytes += sign * (len(waiting.data) + OVERHEAD)


def is_picture(message: Outgoing) -> bool:
    """Whether a message may be dropped where the reader is slow."""
    return message.is_picture if isinstance(message, MediaFrame) else isinstance(message, AvatarVideoDelta)


def is_key(message: Outgoing) -> bool:
    """Whether a picture can be decoded without those before it."""
    if isinstance(message, MediaFrame):
        return bool(message.flags & Flag.KEY)
    return isinstance(message, AvatarVideoDelta) and message.key


def serialized(message: Outgoing) -> str | bytes:
    """A message as it travels."""
    return message.pack() if isinstance(message, MediaFrame) else message.model_dump_json()
