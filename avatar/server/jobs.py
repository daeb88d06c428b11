"""HTTP answers that are computed while they are sent: each has a slot, which is freed however the answer ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from avatar.errors import AvatarError, Language
from avatar.server.failures import error_object, unforeseen
from avatar.server.limits import Jobs

T = TypeVar("T")

NO_STORE = {"Cache-Control": "no-store"}


class Streamed(StreamingResponse):
    """A body that is computed while it is sent. What goes wrong before its first piece is an error with its status.

    Args:
        pieces: the body.
        jobs: where it holds a slot until it is over.
    """

    def __init__(self, first: bytes, pieces: AsyncGenerator[bytes, None], jobs: Jobs, media_type: str) -> None:
        super().__init__(_joined(first, pieces), media_type=media_type, headers=NO_STORE)
        self._pieces = pieces
        self._jobs = jobs

    @classmethod
    async def begun(cls, pieces: AsyncGenerator[bytes, None], jobs: Jobs, media_type: str) -> Streamed:
        """The response, once its first piece is there. Takes a slot.

        Raises:
            CapacityError: no slot is free.
            AvatarError: the first piece could not be made.
        """
        jobs.take()
        try:
            first = await anext(pieces, b"")
        except BaseException:
            jobs.free()
            await pieces.aclose()
            raise
        return cls(first, pieces, jobs, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._jobs.free()
            await self._pieces.aclose()


async def _joined(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    if first:
        yield first
    async for piece in pieces:
        yield piece


async def while_wanted(request: Request, jobs: Jobs, work: Coroutine[Any, Any, T]) -> T | None:
    """Do something for as long as the client waits for it; None if it has gone. Takes a slot meanwhile.

    Raises:
        CapacityError: no slot is free.
    """
    try:
        jobs.take()
    except AvatarError:
        work.close()
        raise
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for each in (task, gone):
            each.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(task, gone, return_exceptions=True)
        jobs.free()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def sse(event: Mapping[str, object] | str) -> bytes:
    """One server-sent event (WHATWG HTML)."""
    data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"data: {data}\n\n".encode()


async def told_of_failure(events: AsyncGenerator[bytes, None], language: Language) -> AsyncGenerator[bytes, None]:
    """A stream of events; a failure after the first is told as the last event, since the status was sent already."""
    begun = False
    async with aclosing(events):
        try:
            async for event in events:
                yield event
                begun = True
        except Exception as error:
            if not begun:
                raise
            known = error if isinstance(error, AvatarError) else unforeseen(error)
            yield sse({"error": error_object(known, language).model_dump(exclude={"event_id"})})
