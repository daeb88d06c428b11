"""A client of a socket without a network: an ASGI conversation on the test's own loop, virtual time included."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from starlette.types import Message, Send

from tests.unit.server.wire import Json


class Wire:
    """One socket, from the client's side.

    Args:
        send: takes what the server sends, in place of this.

    Attributes:
        events: the text frames received, as JSON.
        frames: the binary frames received.
        code: the code that the server closed with, or the status that it refused with.
    """

    def __init__(
        self, app: FastAPI, path: str, headers: dict[str, str] | None = None, send: Send | None = None, **query: Any
    ) -> None:
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._inbox.put_nowait({"type": "websocket.connect"})
        self.events: list[Json] = []
        self.frames: list[bytes] = []
        self.code: int | None = None
        self._arrived = asyncio.Event()
        self.task = asyncio.create_task(app(scope(path, headers or {}, query), self._inbox.get, send or self._send))

    async def _send(self, message: Message) -> None:
        if message.get("text") is not None:
            self.events.append(json.loads(message["text"]))
        elif message.get("bytes") is not None:
            self.frames.append(message["bytes"])
        elif message["type"] == "websocket.close":
            self.code = message["code"]
        elif message["type"] == "websocket.http.response.start":
            self.code = message["status"]
        self._arrived.set()

    def say(self, event: Json | str) -> None:
        """Send a text frame."""
        text = event if isinstance(event, str) else json.dumps(event)
        self._inbox.put_nowait({"type": "websocket.receive", "text": text})

    def send(self, data: bytes) -> None:
        """Send a binary frame."""
        self._inbox.put_nowait({"type": "websocket.receive", "bytes": data})

    async def until(self, kind: str) -> Json:
        """The first event of a type, once it is there."""
        while True:
            for event in self.events:
                if event["type"] == kind:
                    return event
            assert not self.task.done(), f"closed with {self.code} before {kind}: {self.types}"
            self._arrived.clear()
            done = asyncio.ensure_future(self._arrived.wait())
            await asyncio.wait({done, self.task}, return_when=asyncio.FIRST_COMPLETED)
            done.cancel()

    @property
    def types(self) -> list[str]:
        """The types of the events received."""
        return [event["type"] for event in self.events]

    async def leave(self, code: int = 1006) -> None:
        """Be gone: 1006 is a connection that broke, 1000 one that was closed."""
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": code})
        await self.task


def scope(path: str, headers: Mapping[str, str] = MappingProxyType({}), query: Mapping[str, Any] | None = None) -> Json:
    """A socket's opening, as the server is told of it."""
    return {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "ws",
        "query_string": urlencode(query or {}).encode(),
        "headers": [(b"host", b"testserver"), *((k.encode(), v.encode()) for k, v in headers.items())],
        "client": ("testclient", 1),
        "server": ("testserver", 80),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
