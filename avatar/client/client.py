"""A conversation from a program's side: it stays connected, and comes back after a loss."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from avatar.client.events import (
    Connected,
    Ended,
    Event,
    Lost,
    RefusedError,
    Replying,
    Sound,
    from_binary,
    from_json,
)
from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples, to_pcm16, wav_bytes
from avatar.server.protocol.framing import Flag, Kind, MediaFrame

log = logging.getLogger(__name__)

PATH = "/v1/avatar/media"

PAUSES = (0.2, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each attempt to come back: about as long as the server keeps a conversation."""

FINAL = frozenset({1000, 1012, 4400, 4401, 4404, 4408, 4409, 4410})
"""Close codes after which the conversation is over."""

MAX_WAITING = 2000
"""Events that may wait to be read; then the connection is not read any more, and the server drops pictures."""

MAX_MESSAGE = 16 * 1024 * 1024

FRAME = SPEECH_RATE // 10
"""Samples in one frame of the microphone: 100 ms."""


class Client:
    """One conversation with a persona: an asynchronous context manager, and an iterator of events for one reader.

    Args:
        url: the server's, such as "http://127.0.0.1:7860".
        persona: who is talked to; by default the server's first.
        key: the server's API key, where it has one.
        language: fixes the language of the conversation; else the persona follows the user.
        video: whether pictures are sent.
        query: further values of the connection's query, such as `size` and `codec`.
        pauses: seconds before each attempt to come back after a loss.
    """

    def __init__(
        self,
        url: str,
        *,
        persona: str | None = None,
        key: str = "",
        language: Language | None = None,
        video: bool = False,
        query: Mapping[str, str] | None = None,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        wishes = {"persona": persona, "language": language, "video": "1" if video else "0", **(query or {})}
        self._url = url.rstrip("/").replace("http", "ws", 1) + PATH
        self._query = {name: value for name, value in wishes.items() if value is not None}
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._pauses = pauses
        self._events: asyncio.Queue[Event] = asyncio.Queue(MAX_WAITING)
        self._socket: ClientConnection | None = None
        self._open = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._token: str | None = None
        self._sound: list[Samples] = []

    async def __aenter__(self) -> Client:
        """Connect.

        Raises:
            RefusedError: the server does not let the client in; its sentence says why.
            OSError: there is no server.
        """
        self._socket = await self._connected(self._query)
        self._open.set()
        self._task = asyncio.create_task(self._stay())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the conversation."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._socket is not None:
            await self._socket.close(1000)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """What happens, in order, until the conversation is over."""
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Ended):
                return

    async def hear(self, samples: Samples) -> None:
        """Send the microphone's next sound; while the connection is lost, it is dropped.

        Args:
            samples: float32 [n] in -1..1 at 24 kHz.
        """
        for start in range(0, samples.size, FRAME):
            frame = MediaFrame(Kind.MICROPHONE, Flag.NONE, 0, 0, 0, to_pcm16(samples[start : start + FRAME]))
            if self._open.is_set() and self._socket is not None:
                with contextlib.suppress(ConnectionClosed):
                    await self._socket.send(frame.pack())

    async def write(self, text: str, *, answer: bool = True) -> None:
        """Say something by writing it.

        Args:
            answer: ask for a reply at once.
        """
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        await self.send({"type": "conversation.item.create", "item": item})
        if answer:
            await self.answer()

    async def answer(self, **wishes: Any) -> None:
        """Ask for a reply, with what `response.create` takes; after nothing was said, for a greeting."""
        await self.send({"type": "response.create", **({"response": wishes} if wishes else {})})

    async def greet(self, language: Language | None = None) -> None:
        """Let the persona greet, if nothing was said yet; to be called once its voice can be heard."""
        await self.send({"type": "avatar.greet", **({"language": language} if language else {})})

    async def interrupt(self) -> None:
        """Break the reply off."""
        await self.send({"type": "output_audio_buffer.clear"})

    async def configure(self, **session: Any) -> None:
        """Change the session: the fields of `session.update`."""
        await self.send({"type": "session.update", "session": {"type": "realtime", **session}})

    async def played(self, reply_id: str, milliseconds: int) -> None:
        """Tell how much of a reply was heard, so that the persona remembers that much; for clients that play it."""
        await self.send({"type": "avatar.played", "response_id": reply_id, "audio_end_ms": milliseconds})

    async def send(self, event: Mapping[str, Any]) -> None:
        """Send any event of docs/protocol.md; while the connection is lost, once it is back.

        Raises:
            ConnectionError: the conversation is over.
        """
        text = json.dumps(event)
        while True:
            await self._until_open()
            try:
                await self._here().send(text)
                return
            except ConnectionClosed:
                self._open.clear()

    @property
    def sound(self) -> Samples:
        """The sound of the last reply as far as it was received: float32 [n] at 24 kHz."""
        return np.concatenate(self._sound) if self._sound else np.zeros(0, dtype=np.float32)

    def save(self, path: Path | str) -> None:
        """Write the sound of the last reply to a WAV file."""
        Path(path).write_bytes(wav_bytes(self.sound))

    async def _connected(self, query: Mapping[str, str]) -> ClientConnection:
        try:
            return await connect(
                f"{self._url}?{urlencode(query)}",
                additional_headers=self._headers,
                max_size=MAX_MESSAGE,
                compression=None,
            )
        except InvalidStatus as error:
            raise _refusal(error) from error

    async def _stay(self) -> None:
        """Read until the conversation is over, and come back after each loss."""
        while True:
            farewell = await self._read()
            self._open.clear()
            if farewell.code in FINAL or self._token is None or not await self._come_back():
                await self._events.put(farewell)
                return

    async def _read(self) -> Ended:
        """Take in what comes until the socket closes; returns how it closed."""
        socket = self._here()
        try:
            while True:
                await self._take(await socket.recv())
        except ConnectionClosed as closed:
            end = closed.rcvd
            return Ended(end.code if end else 1006, end.reason if end else "")

    async def _come_back(self) -> bool:
        """Take the conversation up again; False where that cannot be done any more."""
        for pause in self._pauses:
            await self._events.put(Lost(pause))
            await asyncio.sleep(pause)
            try:
                self._socket = await self._connected({"resume": self._token or ""})
            except RefusedError as error:
                log.info("resume_refused status=%s", error.status)
                if error.status < 500:
                    return False
            except (OSError, InvalidHandshake, TimeoutError):
                log.info("resume_unreachable")
            else:
                self._open.set()
                return True
        return False

    async def _take(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            event = from_binary(data)
        else:
            told = json.loads(data)
            event = from_json(told)
            self._token = told.get("resume", self._token) if told["type"] == "avatar.ready" else self._token
        if isinstance(event, Connected | Replying):
            self._sound = []
        if isinstance(event, Sound):
            self._sound.append(event.samples)
        if event is not None:
            await self._events.put(event)

    async def _until_open(self) -> None:
        """Wait for the connection.

        Raises:
            ConnectionError: the conversation is over.
        """
        if self._task is None:
            raise ConnectionError("The client is used outside of its context.")
        waiting = asyncio.ensure_future(self._open.wait())
        try:
            await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not self._open.is_set():
            raise ConnectionError("The conversation is over.")

    def _here(self) -> ClientConnection:
        if self._socket is None:
            raise ConnectionError("The client is used outside of its context.")
        return self._socket


def _refusal(error: InvalidStatus) -> RefusedError:
    """The server's own sentences, where it gave any."""
    status = error.response.status_code
    try:
        told = json.loads(error.response.body or b"")["error"]
        return RefusedError(status, told["message_en"], told["message_zh"], code=told["code"])
    except (ValueError, KeyError, TypeError):
        return RefusedError(
            status, f"The server refused the connection ({status}).", f"服务器拒绝了连接({status})。", code="refused"
        )
