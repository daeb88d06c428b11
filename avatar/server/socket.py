"""The life of one socket, the same for both: checked, admitted, opened, and then until one of these ends.

reader   client ─► translator ─► outbox
writer   outbox ─► client
line     whoever else ends it: the session, a limit, another socket that takes over

What the session tells comes into the outbox by the conversation's own task (see seat.py), which outlives the socket.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from avatar.errors import AvatarError
from avatar.live.options import SessionOptions
from avatar.server.choices import Choices, language_code, picture_codec, picture_size
from avatar.server.door import check_key, check_origin, chosen_subprotocol, is_browser, offered_subprotocols
from avatar.server.failures import (
    FAILED,
    GONE,
    NO_ROOM,
    SLOW_READER,
    TAKEN_OVER,
    TIME_OVER,
    ForbiddenError,
    close_code,
    error_object,
    error_response,
    language_of,
    unforeseen,
)
from avatar.server.house import House
from avatar.server.outbox import Outbox
from avatar.server.protocol.server import ErrorEvent
from avatar.server.seat import Farewell, Line, Seat

log = logging.getLogger(__name__)

REASONS = {
    SLOW_READER: "the client reads too slowly",
    FAILED: "the session failed",
    NO_ROOM: "no place is free",
    TIME_OVER: "the conversation's time is over",
    TAKEN_OVER: "another socket goes on with this conversation",
    GONE: "there is no conversation to go on with",
}

FAREWELL_S = 2.0
"""The longest wait for a client to take the closing frame."""

MEANT = frozenset({1000, 1012})
"""Close codes after which nobody will come back: the client is done, or the server stops."""


async def hold(websocket: WebSocket, house: House, *, binary: bool) -> None:
    """Hold a conversation over a socket that asks to be opened, until either side ends it.

    Args:
        binary: sound and pictures in binary frames (the media socket), or in JSON (the realtime socket).
    """
    try:
        check_origin(websocket)
        check_key(websocket, house.settings.server.api_key)
        await _converse(websocket, house, await _seat(websocket.query_params, house, binary=binary))
    except AvatarError as error:
        await _refuse(websocket, error)
    except WebSocketDisconnect:
        log.info("socket_gone")
    except Exception as error:  # noqa: BLE001 - the edge of the program: logged, and told without its inside
        await _refuse(websocket, unforeseen(error))


async def _seat(query: Mapping[str, str], house: House, *, binary: bool) -> Seat:
    """The conversation that a client comes back to, or a new one."""
    token = query.get("resume")
    if token is not None:
        return house.lobby.find(token, binary=binary)
    choices, persona_id = await asyncio.to_thread(_choices, query, house, binary=binary)
    return await house.lobby.open(lambda: house.sessions(persona_id, choices.options), choices)


def _choices(query: Mapping[str, str], house: House, *, binary: bool) -> tuple[Choices, str]:
    """What a client chose by its query, and the persona's id.

    Raises:
        InputError: a value is out of range.
        NotFoundError: there is no such persona.
    """
    persona = house.persona_or_default(query.get("persona"), query.get("model"))
    wish = query.get("language")
    video = query.get("video", "1" if binary else "0") == "1"
    events = binary or query.get("avatar") == "1"
    options = SessionOptions(
        video=video,
        size=picture_size(query.get("size"), house.settings.face.size),
        codec=picture_codec(query.get("codec")),
        language=language_code(wish, "language") if wish else house.settings.hearing.language,
        speed=house.settings.speaking.speed,
        waits=events,
        filler=house.settings.live.filler,
    )
    model = query.get("model", persona.id)[:64]
    return Choices(options, model, binary, events, video), persona.id


async def _converse(websocket: WebSocket, house: House, seat: Seat) -> None:
    line: Line | None = None
    farewell = Farewell(FAILED, lasting=seat.began)
    try:
        await _accept(websocket)
        farewell = Farewell(FAILED)
        line = await house.lobby.attach(seat)
        farewell = await _run(websocket, seat, line)
    finally:
        await house.lobby.leave(seat, line, farewell)
    if farewell.error is not None:
        await _refuse(websocket, farewell.error)
    else:
        await _close(websocket, farewell.code)


async def _run(websocket: WebSocket, seat: Seat, line: Line) -> Farewell:
    """Read and write until something ends; returns how to close."""
    tasks = [
        asyncio.create_task(_read(websocket, seat, line)),
        asyncio.create_task(_write(websocket, line.outbox)),
    ]
    try:
        ends: set[asyncio.Future[Any]] = {*tasks, line.farewell}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    if line.farewell.done():
        if line.farewell.result().code == SLOW_READER:
            log.warning("socket_reader_slow")
        return line.farewell.result()
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, WebSocketDisconnect):
            unforeseen(error)
            return Farewell(FAILED)
    reader = tasks[0]
    code = reader.result() if not reader.cancelled() and reader.exception() is None else None
    return Farewell(FAILED, lasting=code not in MEANT)


async def _read(websocket: WebSocket, seat: Seat, line: Line) -> int:
    """Take in what comes until the client leaves; returns the code that it closed with."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return int(message.get("code") or 1005)
        text, data = message.get("text"), message.get("bytes")
        translator = seat.translator
        seat.send(line, translator.from_text(text) if text is not None else translator.from_binary(data or b""))


async def _write(websocket: WebSocket, outbox: Outbox) -> None:
    while True:
        data = await outbox.get()
        if isinstance(data, str):
            await websocket.send_text(data)
        else:
            await websocket.send_bytes(data)


async def _accept(websocket: WebSocket) -> None:
    await websocket.accept(subprotocol=chosen_subprotocol(offered_subprotocols(websocket)))


async def _refuse(websocket: WebSocket, error: AvatarError) -> None:
    """Say why not: by an HTTP status before the upgrade, or, where a browser could not read that, by an event."""
    language = language_of(websocket)
    log.info("socket_refused code=%s", error.code)
    if websocket.application_state is WebSocketState.CONNECTING:
        if not is_browser(websocket) or isinstance(error, ForbiddenError):
            await websocket.send_denial_response(error_response(error, language))
            return
        await _accept(websocket)
    if websocket.client_state is WebSocketState.DISCONNECTED:
        return
    text = ErrorEvent(error=error_object(error, language)).model_dump_json()
    with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):
        await asyncio.wait_for(websocket.send_text(text), FAREWELL_S)
    await _close(websocket, close_code(error))


async def _close(websocket: WebSocket, code: int) -> None:
    """Close, unless the client is gone already or takes too long to hear of it."""
    if websocket.client_state is WebSocketState.DISCONNECTED:
        return
    with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):
        await asyncio.wait_for(websocket.close(code, REASONS.get(code)), FAREWELL_S)
