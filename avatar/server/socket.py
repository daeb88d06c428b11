"""The life of one socket, the same for both: checked, admitted, opened, and then three tasks until one of them ends.

reader   client ─► translator ─► outbox
teller   session ─► translator ─► outbox
writer   outbox ─► client
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from avatar.errors import AvatarError
from avatar.live.options import SessionOptions
from avatar.server.choices import Choices, language_code, picture_codec, picture_size
from avatar.server.door import check_key, check_origin, chosen_subprotocol, is_browser, offered_subprotocols
from avatar.server.failures import (
    FAILED,
    NO_ROOM,
    SLOW_READER,
    ForbiddenError,
    close_code,
    error_object,
    error_response,
    language_of,
    unforeseen,
)
from avatar.server.house import House
from avatar.server.outbox import Outbox, SlowReaderError
from avatar.server.protocol.server import ErrorEvent
from avatar.server.sessions import LiveSession
from avatar.server.translator import Translator

log = logging.getLogger(__name__)

REASONS = {SLOW_READER: "the client reads too slowly", FAILED: "the session failed", NO_ROOM: "no place is free"}

FAREWELL_S = 2.0
"""The longest wait for a client to take the closing frame."""


async def hold(websocket: WebSocket, house: House, *, binary: bool) -> None:
    """Hold a conversation over a socket that asks to be opened, until either side ends it.

    Args:
        binary: sound and pictures in binary frames (the media socket), or in JSON (the realtime socket).
    """
    try:
        check_origin(websocket)
        check_key(websocket, house.settings.server.api_key)
        choices, persona_id = await asyncio.to_thread(_choices, websocket.query_params, house, binary=binary)
        with house.admission.place():
            session = await asyncio.to_thread(house.sessions, persona_id, choices.options)
            await _converse(websocket, session, choices)
    except AvatarError as error:
        await _refuse(websocket, error)
    except WebSocketDisconnect:
        log.info("socket_gone")
    except Exception as error:  # noqa: BLE001 - the edge of the program: logged, and told without its inside
        await _refuse(websocket, unforeseen(error))


def _choices(query: Mapping[str, str], house: House, *, binary: bool) -> tuple[Choices, str]:
    """What a client chose by its query, and the persona's id.

    Raises:
        InputError: a value is out of range.
        NotFoundError: there is no such persona.
    """
    persona = house.persona_or_default(query.get("persona"), query.get("model"))
    wish = query.get("language")
    video = query.get("video", "1" if binary else "0") == "1"
    options = SessionOptions(
        video=video,
        size=picture_size(query.get("size"), house.settings.face.size),
        codec=picture_codec(query.get("codec")),
        language=language_code(wish, "language") if wish else house.settings.hearing.language,
        speed=house.settings.speaking.speed,
    )
    events = binary or query.get("avatar") == "1"
    model = query.get("model", persona.id)[:64]
    return Choices(options, model, binary, events, video), persona.id


async def _converse(websocket: WebSocket, session: LiveSession, choices: Choices) -> None:
    log.info("session_opened session=%s persona=%s", session.id, session.persona.id)
    try:
        await _accept(websocket)
        await session.start()
        code = await _run(websocket, session, Translator(session, choices))
        await _close(websocket, code)
    finally:
        await session.close()
        log.info("session_closed session=%s", session.id)


async def _run(websocket: WebSocket, session: LiveSession, translator: Translator) -> int:
    """Run the three tasks until one ends; returns the code to close with."""
    outbox = Outbox(session.request_key_frame)
    for message in translator.opening():
        outbox.put(message)
    tasks = [
        asyncio.create_task(_read(websocket, translator, outbox)),
        asyncio.create_task(_tell(session, translator, outbox)),
        asyncio.create_task(_write(websocket, outbox)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return _code([task.exception() for task in tasks if not task.cancelled()])


def _code(errors: list[BaseException | None]) -> int:
    """What the end of the tasks means to the client."""
    code = FAILED
    for error in errors:
        if isinstance(error, SlowReaderError):
            log.warning("socket_reader_slow")
            code = SLOW_READER
        elif error is not None and not isinstance(error, WebSocketDisconnect):
            unforeseen(error)
    return code


async def _read(websocket: WebSocket, translator: Translator, outbox: Outbox) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text, data = message.get("text"), message.get("bytes")
        answers = translator.from_text(text) if text is not None else translator.from_binary(data or b"")
        for answer in answers:
            outbox.put(answer)


async def _tell(session: LiveSession, translator: Translator, outbox: Outbox) -> None:
    async for event in session.events():
        for message in translator.from_session(event):
            outbox.put(message)


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
    with suppress(WebSocketDisconnect):
        await websocket.send_text(ErrorEvent(error=error_object(error, language)).model_dump_json())
        await _close(websocket, close_code(error))


async def _close(websocket: WebSocket, code: int) -> None:
    """Close, unless the client is gone already or takes too long to hear of it."""
    if websocket.client_state is WebSocketState.DISCONNECTED:
        return
    with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):
        await asyncio.wait_for(websocket.close(code, REASONS.get(code)), FAREWELL_S)
