"""The way out of a session: events in order, pictures only while the reader keeps up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from avatar.live.events import SessionEvent, Video


class Outlet:
    """A channel with one reader. Events and sound are always kept; pictures are bounded.

    When more pictures wait than the bound, all that wait are dropped, since H.264 pictures are of no use without those
    before them, and a key frame is asked for.
    """

    max_pictures = 12
    """Half a second."""

    max_events = 4000
    """A reader that lets this many pile up is gone; the channel closes."""

    def __init__(self) -> None:
        self._events: deque[SessionEvent] = deque()
        self._pictures = 0
        self._arrived = asyncio.Event()
        self._closed = False
        self.key_frame_wanted = True
        self.pictures_dropped = 0

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, event: SessionEvent) -> None:
        """Send an event. After close, nothing is taken any more."""
        if self._closed:
            return
        if isinstance(event, Video):
            self._put_picture(event)
        else:
            self._events.append(event)
        if len(self._events) > self.max_events:
            self.close()
        self._arrived.set()

    def close(self) -> None:
        """End the channel once what waits was read."""
        self._closed = True
        self._arrived.set()

    async def read(self) -> AsyncIterator[SessionEvent]:
        """The events in order, until the channel closes."""
        while True:
            while self._events:
                event = self._events.popleft()
                self._pictures -= isinstance(event, Video)
                yield event
            if self._closed:
                return
            self._arrived.clear()
            await self._arrived.wait()

    def _put_picture(self, event: Video) -> None:
        if event.packet.key:
            self.key_frame_wanted = False
        elif self.key_frame_wanted:
            self.pictures_dropped += 1
            return
        if self._pictures >= self.max_pictures:
            self._drop_pictures()
            return
        self._events.append(event)
        self._pictures += 1

    def _drop_pictures(self) -> None:
        kept = [event for event in self._events if not isinstance(event, Video)]
        self.pictures_dropped += len(self._events) - len(kept) + 1
        self._events = deque(kept)
        self._pictures = 0
        self.key_frame_wanted = True
