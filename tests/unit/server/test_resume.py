"""A connection that is lost and taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from starlette.types import Message

from avatar.server.app import create_app
from avatar.server.protocol.framing import unpack
from avatar.settings import ServerSettings, Settings
from tests.unit.server.fake_session import FakeHouse, spoken_reply
from tests.unit.server.line import Wire
from tests.unit.server.wire import Json, eventually

MEDIA = "/v1/avatar/media"
REALTIME = "/v1/realtime"
KEPT_S = 0.3


def app_of(house: FakeHouse, **limits: float) -> FastAPI:
    """An application that waits for a lost client for a moment."""
    server = ServerSettings.model_validate({"resume_s": KEPT_S, **limits})
    return create_app(house.open, house.personas, Settings(server=server))


@pytest.fixture
async def app(house: FakeHouse) -> AsyncIterator[FastAPI]:
    """The same; afterwards nothing may be left that it began."""
    before = asyncio.all_tasks()
    made = app_of(house)
    async with made.router.lifespan_context(made):
        yield made
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()
    assert all(session.closed for session in house.opened)


async def ready(wire: Wire) -> Json:
    """The event that tells the token, once the opening is complete."""
    await wire.until("avatar.state")
    return await wire.until("avatar.ready")


async def lost(app: FastAPI, path: str = MEDIA, persona: str = "luxun") -> str:
    """Begin a conversation, lose the connection; the token."""
    wire = Wire(app, path, persona=persona)
    created = await wire.until("conversation.created")
    assert created["conversation"]["id"]
    token: str = (await wire.until("session.created"))["session"]["avatar"]["resume"]
    await wire.leave()
    return token


async def test_the_same_conversation_goes_on(app: FastAPI, house: FakeHouse) -> None:
    first = Wire(app, MEDIA, persona="bob")
    token = (await ready(first))["resume"]
    first.say({"type": "session.update", "session": {"instructions": "Be brief."}})
    item = {"id": "mine", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
    first.say({"type": "conversation.item.create", "item": item})
    await first.until("conversation.item.done")
    house.opened[0].happen(*spoken_reply("resp_7", 7))
    await first.until("response.done")
    await first.leave()
    second = Wire(app, MEDIA, resume=token)
    told = await ready(second)
    assert (told["resumed"], told["generation"], told["persona"], told["resume"]) == (True, 7, "bob", token)
    session = (await second.until("session.created"))["session"]
    assert session["instructions"] == "Be brief."
    second.say({"type": "conversation.item.retrieve", "item_id": "mine"})
    assert (await second.until("conversation.item.retrieved"))["item"]["content"][0]["text"] == "hi"
    ids = [(await wire.until("conversation.created"))["conversation"]["id"] for wire in (first, second)]
    assert ids[0] == ids[1]
    assert len(house.opened) == 1
    asked = house.opened[0].asked
    assert asked.index(("suspend",)) < asked.index(("resume",))
    await second.leave(1000)


async def test_a_token_is_long_and_each_has_another(app: FastAPI) -> None:
    wires = [Wire(app, MEDIA) for _ in range(2)]
    tokens = [(await ready(wire))["resume"] for wire in wires]
    assert tokens[0] != tokens[1]
    assert all(len(token) >= 32 for token in tokens)
    for wire in wires:
        await wire.leave(1000)


async def test_what_happens_while_nobody_is_there_is_kept_in_the_items(app: FastAPI, house: FakeHouse) -> None:
    token = await lost(app)
    house.opened[0].happen(*spoken_reply("resp_1", 3))
    await asyncio.sleep(0.01)
    wire = Wire(app, MEDIA, resume=token)
    assert (await ready(wire))["generation"] == 3
    assert "response.done" not in wire.types
    house.opened[0].happen(*spoken_reply("resp_2", 4))
    assert (await wire.until("conversation.item.added"))["previous_item_id"] is not None
    await wire.until("response.done")
    assert [unpack(frame).seq for frame in wire.frames] == [0, 1, 2]
    await wire.leave(1000)


async def test_an_official_client_can_come_back_too(app: FastAPI, house: FakeHouse) -> None:
    token = await lost(app, REALTIME, "bob")
    wire = Wire(app, REALTIME, resume=token)
    created = await wire.until("session.created")
    assert created["session"]["avatar"]["persona"] == "bob"
    await wire.leave(1000)
    assert house.opened[0].closed


@pytest.mark.parametrize("token", ["", "x", "密" * 10, "0" * 5000])
async def test_an_unknown_token(app: FastAPI, house: FakeHouse, token: str) -> None:
    refused = Wire(app, MEDIA, resume=token)
    await refused.task
    assert refused.code == 410
    page = Wire(app, MEDIA, {"origin": "http://testserver"}, resume=token)
    await page.task
    assert page.code == 4410
    assert page.events[0]["error"]["code"] == "resume_failed"
    assert house.opened == []


async def test_a_token_holds_for_a_while_only(app: FastAPI, house: FakeHouse) -> None:
    token = await lost(app)
    await eventually(lambda: house.opened[0].closed)
    late = Wire(app, MEDIA, resume=token)
    await late.task
    assert late.code == 410


async def test_a_token_of_the_other_socket_is_none(app: FastAPI) -> None:
    token = await lost(app, MEDIA)
    other = Wire(app, REALTIME, resume=token)
    await other.task
    assert other.code == 410


async def test_who_closes_the_socket_is_not_waited_for(app: FastAPI, house: FakeHouse) -> None:
    wire = Wire(app, MEDIA)
    token = (await ready(wire))["resume"]
    await wire.leave(1000)
    assert house.opened[0].closed
    again = Wire(app, MEDIA, resume=token)
    await again.task
    assert again.code == 410


async def test_a_client_may_come_back_before_its_loss_was_noticed(app: FastAPI, house: FakeHouse) -> None:
    first = Wire(app, MEDIA)
    token = (await ready(first))["resume"]
    second = Wire(app, MEDIA, resume=token)
    assert (await ready(second))["resumed"] is True
    await first.task
    assert first.code == 4409
    second.say({"type": "response.create"})
    await second.until("response.done")
    assert "response.done" not in first.types
    await second.leave()
    third = Wire(app, MEDIA, resume=token)
    await ready(third)
    await asyncio.sleep(2 * KEPT_S)
    assert not house.opened[0].closed
    await third.leave(1000)


async def test_who_waits_outside_goes_before_who_may_come_back(app: FastAPI, house: FakeHouse) -> None:
    tokens = [await lost(app), await lost(app)]
    newcomer = Wire(app, MEDIA)
    await ready(newcomer)
    assert [session.closed for session in house.opened] == [True, False, False]
    for token, code in zip(tokens, (410, None), strict=True):
        wire = Wire(app, MEDIA, resume=token)
        if code is None:
            await ready(wire)
            full = Wire(app, MEDIA)
            await full.task
            assert full.code == 503
            await wire.leave(1000)
        else:
            await wire.task
            assert wire.code == code
    await newcomer.leave(1000)


async def test_many_come_at_once_where_others_wait(app: FastAPI) -> None:
    for _ in range(2):
        await lost(app)
    wires = [Wire(app, MEDIA) for _ in range(5)]
    await asyncio.wait([asyncio.ensure_future(wire.until("avatar.state")) for wire in wires], timeout=0.2)
    inside = [wire for wire in wires if not wire.task.done()]
    assert len(inside) == 2
    assert [wire.code for wire in wires if wire.task.done()] == [503] * 3
    for wire in inside:
        await wire.leave(1000)


async def test_a_server_that_keeps_nothing(house: FakeHouse) -> None:
    app = app_of(house, resume_s=0)
    wire = Wire(app, MEDIA)
    assert (await ready(wire))["resume"] is None
    await wire.leave()
    assert house.opened[0].closed


async def test_nobody_says_anything(house: FakeHouse) -> None:
    app = app_of(house, idle_timeout_s=0.2)
    wire = Wire(app, MEDIA)
    await ready(wire)
    await asyncio.sleep(0.12)
    wire.say({"type": "output_audio_buffer.clear"})
    await asyncio.sleep(0.12)
    assert not wire.task.done()
    wire.say({"type": "input_audio_buffer.append", "audio": "AAAA" * 100})
    await wire.task
    assert wire.code == 4408
    assert wire.events[-1]["error"]["code"] == "session_idle"
    assert house.opened[0].closed


async def test_a_conversation_has_a_longest_time(house: FakeHouse) -> None:
    app = app_of(house, max_session_s=0.2)
    wire = Wire(app, MEDIA)
    session = (await wire.until("session.created"))["session"]
    assert isinstance(session["expires_at"], int)
    await wire.leave()
    again = Wire(app, MEDIA, resume=session["avatar"]["resume"])
    await again.task
    assert again.code == 4408
    assert again.events[-1]["error"]["code"] == "session_expired"
    assert house.opened[0].closed


async def test_no_limits(house: FakeHouse) -> None:
    app = app_of(house, max_session_s=0, idle_timeout_s=0)
    wire = Wire(app, MEDIA)
    session = (await wire.until("session.created"))["session"]
    assert session["expires_at"] is None
    await wire.leave(1000)


async def test_a_client_that_goes_before_it_is_let_in_is_not_waited_for(house: FakeHouse) -> None:
    app = app_of(house, resume_s=60)

    async def gone(message: Message) -> None:
        raise OSError

    wire = Wire(app, MEDIA, send=gone)
    await asyncio.wait({wire.task})
    await eventually(lambda: house.opened[0].closed)
