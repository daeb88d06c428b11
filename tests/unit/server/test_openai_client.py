"""The official OpenAI client against the application on a real port."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import (
    ConversationItemDeletedEvent,
    RealtimeErrorEvent,
    RealtimeServerEvent,
    ResponseAudioDeltaEvent,
    ResponseDoneEvent,
    ResponseFunctionCallArgumentsDoneEvent,
    ResponseTextDeltaEvent,
    SessionCreatedEvent,
    SessionUpdatedEvent,
)
from websockets.exceptions import InvalidStatus

from avatar.live.events import Called, ReplyDone, ReplyStarted, StageTimes
from avatar.media import to_pcm16
from avatar.settings import Settings
from avatar.stages import FunctionCall
from tests.unit.server.conftest import running
from tests.unit.server.fake_session import FakeHouse, tone
from tests.unit.server.wire import eventually


@pytest.fixture
async def address(house: FakeHouse, settings: Settings) -> AsyncIterator[str]:
    """Host and port of the running application."""
    async with running(house, settings) as where:
        yield where


@pytest.fixture
async def openai(address: str) -> AsyncIterator[AsyncOpenAI]:
    """The official client, pointed here."""
    async with AsyncOpenAI(api_key="none", base_url=f"http://{address}/v1") as client:
        yield client


async def until(connection: AsyncRealtimeConnection, kind: str) -> list[RealtimeServerEvent]:
    """The events up to the first of a type, that one included."""
    events: list[RealtimeServerEvent] = []
    async for event in connection:
        events.append(event)
        if event.type == kind:
            break
    return events


async def test_a_spoken_turn(openai: AsyncOpenAI, house: FakeHouse) -> None:
    async with openai.realtime.connect(model="luxun") as connection:
        (created,) = await until(connection, "session.created")
        assert isinstance(created, SessionCreatedEvent)
        await connection.session.update(
            session={
                "type": "realtime",
                "audio": {"input": {"turn_detection": {"type": "server_vad"}}, "output": {"voice": "luxun"}},
            }
        )
        updated = (await until(connection, "session.updated"))[-1]
        assert isinstance(updated, SessionUpdatedEvent)
        for _ in range(6):
            sound = base64.b64encode(to_pcm16(tone(0.1))).decode()
            await connection.input_audio_buffer.append(audio=sound)
        events = await until(connection, "response.done")
    transcripts = [event for event in events if event.type == "conversation.item.input_audio_transcription.completed"]
    assert [event.transcript for event in transcripts] == ["孔乙己是谁?"]
    deltas = [event for event in events if isinstance(event, ResponseAudioDeltaEvent)]
    assert b"".join(base64.b64decode(event.delta) for event in deltas) == to_pcm16(tone(0.2)) * 2
    done = events[-1]
    assert isinstance(done, ResponseDoneEvent)
    assert done.response.status == "completed"
    assert house.opened[0].heard == 6 * 2400


async def test_a_typed_turn_and_an_extension_event(openai: AsyncOpenAI) -> None:
    async with openai.realtime.connect(model="avatar-1", extra_query={"persona": "bob", "avatar": "1"}) as connection:
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Who are you?"}]}
        )
        await connection.response.create()
        events = await until(connection, "response.done")
    kinds = [event.type for event in events]
    assert {"avatar.ready", "avatar.citations", "avatar.timings"} <= {str(kind) for kind in kinds}


async def test_a_mistake_is_an_error_event_and_the_session_lives(openai: AsyncOpenAI) -> None:
    async with openai.realtime.connect(model="luxun") as connection:
        await connection.response.cancel(event_id="mine")
        error = (await until(connection, "error"))[-1]
        assert isinstance(error, RealtimeErrorEvent)
        assert (error.error.event_id, error.error.code) == ("mine", "response_cancel_not_active")
        await connection.response.create()
        assert (await until(connection, "response.done"))[-1].type == "response.done"


async def test_every_event_is_one_that_the_client_knows(openai: AsyncOpenAI) -> None:
    async with openai.realtime.connect(model="luxun") as connection:
        await connection.input_audio_buffer.append(audio=base64.b64encode(to_pcm16(tone(0.6))).decode())
        events = await until(connection, "response.done")
    for event in events:
        type(event).model_validate(event.model_dump())


async def test_the_key_is_asked_for(house: FakeHouse) -> None:
    settings = Settings.model_validate({"server": {"api_key": "sk-1"}})
    async with running(house, settings) as address:
        base = f"http://{address}/v1"
        async with AsyncOpenAI(api_key="wrong", base_url=base) as client:
            with pytest.raises(InvalidStatus) as caught:
                async with client.realtime.connect(model="luxun"):
                    pass
        assert caught.value.response.status_code == 401
        async with AsyncOpenAI(api_key="sk-1", base_url=base) as client:
            async with client.realtime.connect(model="luxun") as connection:
                assert (await connection.recv()).type == "session.created"
            assert [model.id async for model in client.models.list()] == ["luxun", "bob"]


async def test_items_wishes_and_functions(openai: AsyncOpenAI, house: FakeHouse) -> None:
    async with openai.realtime.connect(model="luxun") as connection:
        await connection.session.update(
            session={
                "type": "realtime",
                "tools": [{"type": "function", "name": "weather", "parameters": {"type": "object"}}],
                "tool_choice": "auto",
            }
        )
        await connection.conversation.item.create(
            item={"id": "a", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}
        )
        await connection.conversation.item.delete(item_id="a")
        deleted = (await until(connection, "conversation.item.deleted"))[-1]
        assert isinstance(deleted, ConversationItemDeletedEvent)
        assert deleted.item_id == "a"
        await connection.response.create(response={"instructions": "Greet.", "output_modalities": ["text"]})
        written = await until(connection, "response.done")
        assert any(isinstance(event, ResponseTextDeltaEvent) for event in written)
        house.opened[0].happen(
            ReplyStarted("resp_f", 9, "zh"),
            Called("resp_f", (FunctionCall("call_1", "weather", "{}"),)),
            ReplyDone("resp_f", 9, "completed", "", 0, StageTimes()),
        )
        called = await until(connection, "response.done")
        for event in [*written, *called]:
            type(event).model_validate(event.model_dump())
        asked = next(event for event in called if isinstance(event, ResponseFunctionCallArgumentsDoneEvent))
        assert (asked.name, asked.call_id, asked.arguments) == ("weather", "call_1", "{}")
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": asked.call_id, "output": "sunny"}
        )
        await until(connection, "conversation.item.done")
    assert ("returned", "call_1", "sunny") in house.opened[0].asked
    assert ("forget", "a") in house.opened[0].asked


async def test_a_lost_conversation_is_found_again(openai: AsyncOpenAI, house: FakeHouse) -> None:
    async with openai.realtime.connect(model="bob") as connection:
        (created,) = await until(connection, "session.created")
        assert isinstance(created, SessionCreatedEvent)
        token = (created.session.model_extra or {})["avatar"]["resume"]
        connection._connection.transport.abort()
        await eventually(lambda: ("suspend",) in house.opened[0].asked)
    async with openai.realtime.connect(model="bob", extra_query={"resume": token}) as connection:
        assert (await until(connection, "session.created"))[-1].type == "session.created"
        await connection.response.create()
        await until(connection, "response.done")
    assert len(house.opened) == 1
