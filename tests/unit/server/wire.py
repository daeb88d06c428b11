"""Small helpers for the tests of the wire."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

from avatar.live.options import SessionOptions
from avatar.server.choices import Choices
from avatar.server.narration import Outgoing
from avatar.server.protocol.framing import MediaFrame
from avatar.server.protocol.server import ServerEvent
from avatar.server.translator import Translator
from tests.unit.server.fake_session import FakeSession, fake_persona, spoken_reply

Json = dict[str, Any]


def choices(*, binary: bool = False, events: bool = False, video: bool = False, **options: Any) -> Choices:
    """A client's choices."""
    return Choices(SessionOptions(video=video, **options), "luxun", binary, events, video)


def pair(chosen: Choices | None = None) -> tuple[FakeSession, Translator]:
    """A fake session and the translator of a socket to it."""
    chosen = chosen or choices()
    session = FakeSession(fake_persona(), chosen.options)
    return session, Translator(session, chosen)


def sent(messages: list[Outgoing]) -> list[Json]:
    """The text frames among messages, as a client reads them."""
    return [json.loads(message.model_dump_json()) for message in messages if isinstance(message, ServerEvent)]


def frames(messages: list[Outgoing]) -> list[MediaFrame]:
    """The binary frames among messages."""
    return [message for message in messages if isinstance(message, MediaFrame)]


def types(messages: list[Outgoing]) -> list[str]:
    """The types of the text frames among messages."""
    return [event["type"] for event in sent(messages)]


def ask(translator: Translator, event_type: str, **fields: Any) -> list[Json]:
    """Send an event, give the answers."""
    return sent(translator.from_text(json.dumps({"type": event_type, **fields})))


def update(translator: Translator, **session: Any) -> Json:
    """Send a session.update; the session that is answered."""
    (answer,) = ask(translator, "session.update", session={"type": "realtime", **session})
    assert answer["type"] == "session.updated", answer
    updated: Json = answer["session"]
    return updated


def append(translator: Translator, data: bytes) -> list[Json]:
    """Send sound; the answers."""
    return ask(translator, "input_audio_buffer.append", audio=base64.b64encode(data).decode())


def begun(session: FakeSession, translator: Translator) -> str:
    """Tell a whole reply; the id of its item."""
    told = [message for event in spoken_reply() for message in translator.from_session(event)]
    item_id: str = sent(told)[-1]["response"]["output"][0]["id"]
    return item_id


def message(role: str, text: str, item_id: str | None = None) -> Json:
    """An item to be created."""
    kind = "output_text" if role == "assistant" else "input_text"
    item = {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
    return {**item, "id": item_id} if item_id else item


def refused(translator: Translator, event_type: str, **fields: Any) -> Json:
    """Send an event that must be refused; the error."""
    (answer,) = ask(translator, event_type, event_id="mine", **fields)
    assert answer["type"] == "error"
    error: Json = answer["error"]
    assert error["event_id"] == "mine"
    assert error["message_zh"]
    assert error["message_en"]
    return error


async def eventually(condition: Callable[[], bool]) -> None:
    """Let the tasks run until something has come true."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")
