"""Ten thousand messages that no sane client sends, on both sockets, to real sessions on scripted engines."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence

import pytest

from avatar.errors import ProtocolError
from avatar.live.options import SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import FaceLoop
from avatar.live.session import Session
from avatar.server.app import create_app
from avatar.server.protocol.base import MAX_ID
from avatar.server.protocol.framing import Kind, unpack
from avatar.server.protocol.parsing import parse_client_event
from avatar.settings import ServerSettings, Settings
from tests.unit.live.fakes import CountingAnimator, OneByteEncoder
from tests.unit.server.fake_session import FakeHouse
from tests.unit.server.fake_stages import FakeStages
from tests.unit.server.hostile import Sent, hostile
from tests.unit.server.line import Wire
from tests.unit.server.wire import eventually

CONVERSATIONS, MESSAGES = 20, 500

ANSWERS = {
    "session.update": "session.updated",
    "input_audio_buffer.commit": "input_audio_buffer.committed",
    "input_audio_buffer.clear": "input_audio_buffer.cleared",
    "output_audio_buffer.clear": "output_audio_buffer.cleared",
    "conversation.item.create": "conversation.item.added",
    "conversation.item.retrieve": "conversation.item.retrieved",
    "conversation.item.truncate": "conversation.item.truncated",
    "conversation.item.delete": "conversation.item.deleted",
}
"""What is answered at once where it is not refused."""

UNASKED = {"conversation.item.create", "input_audio_buffer.commit"}
"""What comes of itself as well: the items of answers, and the end of a turn that was heard."""


class Sessions:
    """Opens real sessions and keeps them."""

    def __init__(self, stages: FakeStages) -> None:
        self.opened: list[Session] = []
        self._stages = stages

    def open(self, persona_id: str, options: SessionOptions) -> Session:
        shared = self._stages.stages()

        def make_face(outlet: Outlet, chosen: SessionOptions) -> FaceLoop:
            return FaceLoop(CountingAnimator(), OneByteEncoder(), outlet, shared.run)

        self.opened.append(Session(self._stages.conversation(persona_id), shared, options, make_face))
        return self.opened[-1]


def is_rejected(message: Sent, *, binary: bool) -> bool:
    """Whether a message is none that the socket knows, whatever it may mean."""
    try:
        if isinstance(message, str):
            parse_client_event(message)
            return False
        return not binary or unpack(message).kind is not Kind.MICROPHONE or len(message) % 2 == 1
    except ProtocolError:
        return True


def due(messages: Sequence[Sent]) -> tuple[set[str], dict[str, int]]:
    """Ids of events that must be answered by an error, and how often each kind of answer may be owed."""
    errors: set[str] = set()
    owed: dict[str, int] = {}
    for message in messages:
        if not isinstance(message, str):
            continue
        try:
            event = parse_client_event(message)
        except ProtocolError:
            told = _object(message).get("event_id")
            errors |= {told[:MAX_ID]} if isinstance(told, str) and told else set()
        else:
            owed[event.type] = owed.get(event.type, 0) + 1
    return errors, owed


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


async def converse(wire: Wire, messages: Sequence[Sent]) -> None:
    """Send everything, letting the session work now and then, and wait for the last answer."""
    for index, message in enumerate(messages):
        if isinstance(message, str):
            wire.say(message)
        else:
            wire.send(message)
        if index % 10 == 0:
            await asyncio.sleep(0.003)
    wire.say({"type": "nonsense", "event_id": "the last"})
    await eventually(lambda: wire.task.done() or _has_error(wire, "the last"))


def _has_error(wire: Wire, event_id: str) -> bool:
    return any(event["type"] == "error" and event["error"]["event_id"] == event_id for event in wire.events[-200:])


def check(wire: Wire, messages: Sequence[Sent], *, binary: bool) -> None:
    """Every message was answered: by an error, or by what it asks for."""
    refused, owed = due(messages)
    errors = [event["error"] for event in wire.events if event["type"] == "error"]
    assert refused <= {error["event_id"] for error in errors}
    assert len(errors) > sum(is_rejected(message, binary=binary) for message in messages)
    assert all(error["code"] and error["message_zh"] and error["message_en"] for error in errors)
    assert "internal_error" not in {error["code"] for error in errors}
    mine = {error["event_id"] for error in errors} - refused
    kinds = wire.types
    for asked, answer in ANSWERS.items():
        answered = kinds.count(answer)
        if asked != "conversation.item.create":
            assert owed.get(asked, 0) <= answered + len(mine), asked
        if asked not in UNASKED:
            assert answered <= owed.get(asked, 0), asked


async def test_nothing_that_is_sent_breaks_anything(stages: FakeStages, caplog: pytest.LogCaptureFixture) -> None:
    sessions = Sessions(stages)
    settings = Settings(server=ServerSettings(max_sessions=3, resume_s=30))
    app = create_app(sessions.open, FakeHouse().personas, settings, stages)
    before = asyncio.all_tasks()
    with caplog.at_level(logging.WARNING):
        for seed in range(CONVERSATIONS):
            binary = seed % 2 == 0
            wire = Wire(app, "/v1/avatar/media" if binary else "/v1/realtime", video=str(seed % 3 % 2))
            token = (await wire.until("session.created"))["session"]["avatar"]["resume"]
            messages = list(hostile(seed, MESSAGES))
            if seed % 4 >= 2:
                await converse(wire, messages[:100])
                await wire.leave()
                wire, messages = (
                    Wire(app, "/v1/avatar/media" if binary else "/v1/realtime", resume=token),
                    messages[100:],
                )
            await converse(wire, messages)
            check(wire, messages, binary=binary)
            await wire.leave(1000 if seed % 5 else 1006)
    async with app.router.lifespan_context(app):
        pass
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() - before == set()
    assert [record.getMessage() for record in caplog.records if "failed" in record.getMessage()] == []
    assert len(sessions.opened) == CONVERSATIONS
    assert len(stages.generator.asked) > CONVERSATIONS
    assert len(stages.synthesizer.clauses) > CONVERSATIONS
