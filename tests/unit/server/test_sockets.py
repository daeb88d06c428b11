"""The sockets in this process: refusals, turns, ends."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.types import Message
from starlette.websockets import WebSocketDisconnect

from avatar.dialog.persona import Persona
from avatar.errors import PhotoError
from avatar.live.events import ReplyAudio, Video
from avatar.live.options import SessionOptions
from avatar.media import Packet, to_pcm16
from avatar.server.app import create_app
from avatar.server.protocol.framing import Flag, Kind, MediaFrame, unpack
from avatar.settings import FaceSettings, ServerSettings, Settings
from tests.unit.server.fake_session import FakeHouse, FakeSession, tone
from tests.unit.server.line import scope
from tests.unit.server.wire import Json, eventually

REALTIME = "/v1/realtime"
SAID = "what a person said"
MEDIA = "/v1/avatar/media"
BROWSER = {"origin": "http://testserver"}


def until(socket: WebSocketTestSession, kind: str) -> list[Json]:
    """The text frames up to the first of a type, that one included."""
    events: list[Json] = []
    while not events or events[-1]["type"] != kind:
        message = socket.receive()
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message["code"])
        if message.get("text") is not None:
            events.append(json.loads(message["text"]))
    return events


def denied(client: TestClient, path: str, **headers: str) -> WebSocketDenialResponse:
    with pytest.raises(WebSocketDenialResponse) as caught, client.websocket_connect(path, headers=headers):
        pass
    return caught.value


def turned_away(client: TestClient, path: str, **headers: str) -> tuple[Json, int]:
    """The error and the close code that a browser gets."""
    with client.websocket_connect(path, headers={**BROWSER, **headers}) as socket:
        (event,) = until(socket, "error")
        with pytest.raises(WebSocketDisconnect) as caught:
            socket.receive_text()
    error: Json = event["error"]
    return error, caught.value.code


def test_a_typed_turn_on_the_realtime_socket(client: TestClient, house: FakeHouse) -> None:
    with client.websocket_connect(REALTIME) as socket:
        assert until(socket, "conversation.created")[0]["type"] == "session.created"
        socket.send_json(
            {
                "type": "conversation.item.create",
                "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "你好"}]},
            }
        )
        until(socket, "conversation.item.done")
        socket.send_json({"type": "response.create"})
        done = until(socket, "response.done")[-1]
    assert done["response"]["status"] == "completed"
    assert house.opened[0].asked == [("type", "你好")]
    assert house.opened[0].closed


def test_a_spoken_turn_on_the_media_socket(client: TestClient) -> None:
    with client.websocket_connect(f"{MEDIA}?persona=luxun&language=zh&codec=jpeg&size=256") as socket:
        ready = until(socket, "avatar.ready")[-1]
        assert (ready["codec"], ready["size"], ready["persona"]) == ("jpeg", 256, "luxun")
        for _ in range(6):
            socket.send_bytes(MediaFrame(Kind.MICROPHONE, Flag.NONE, 0, 0, 0, to_pcm16(tone(0.1))).pack())
        kinds: list[Kind] = []
        event: Json = {"type": ""}
        while event["type"] != "response.done":
            message = socket.receive()
            if message.get("bytes") is not None:
                kinds.append(unpack(message["bytes"]).kind)
            else:
                event = json.loads(message["text"])
    assert kinds.count(Kind.SPEECH) == 3
    assert kinds.count(Kind.JPEG) == 10


def test_garbage_gets_errors_and_the_session_lives(client: TestClient) -> None:
    with client.websocket_connect(MEDIA) as socket:
        until(socket, "avatar.state")
        for garbage in ("", "no json", "[" * 10_000, '{"type": "x", "event_id": "e1"}', '{"type": 1}'):
            socket.send_text(garbage)
            assert until(socket, "error")[-1]["error"]["message"]
        socket.send_bytes(b"")
        assert until(socket, "error")[-1]["error"]["code"] == "invalid_frame"
        socket.send_json({"type": "response.create"})
        until(socket, "response.done")


@pytest.mark.parametrize(
    ("query", "persona"),
    [("", "luxun"), ("?model=bob", "bob"), ("?model=gpt-realtime", "luxun"), ("?persona=bob&model=avatar-1", "bob")],
)
def test_which_persona_answers(client: TestClient, house: FakeHouse, query: str, persona: str) -> None:
    with client.websocket_connect(REALTIME + query) as socket:
        created = until(socket, "session.created")[-1]
    assert created["session"]["avatar"]["persona"] == persona
    assert house.opened[0].persona.id == persona


def test_what_the_query_chooses(client: TestClient, house: FakeHouse) -> None:
    with client.websocket_connect(f"{REALTIME}?avatar=1&video=1&language=en&size=320") as socket:
        until(socket, "avatar.ready")
    options = house.opened[0].options
    assert (options.video, options.language, options.size) == (True, "en", 320)


def test_a_picture_is_never_larger_than_the_setting(house: FakeHouse) -> None:
    settings = Settings(face=FaceSettings(size=320))
    client = TestClient(create_app(house.open, house.personas, settings))
    with client.websocket_connect(f"{MEDIA}?size=1024") as socket:
        assert until(socket, "avatar.ready")[-1]["size"] == 320


@pytest.mark.parametrize(
    "query", ["size=100", "size=513", "size=x", "size=-256", "size=٣٢٠", "codec=vp9", "language=fr"]
)
def test_a_query_out_of_range_is_refused(client: TestClient, house: FakeHouse, query: str) -> None:
    assert denied(client, f"{MEDIA}?{query}").status_code == 400
    error, code = turned_away(client, f"{MEDIA}?{query}")
    assert code == 4400
    assert error["message_zh"]
    assert house.opened == []


def test_an_unknown_persona_is_refused(client: TestClient) -> None:
    assert denied(client, f"{REALTIME}?persona=nobody").status_code == 404
    error, code = turned_away(client, f"{MEDIA}?persona=nobody&language=zh")
    assert (error["code"], code) == ("persona_not_found", 4404)
    assert error["message"] == error["message_zh"]


def test_a_page_of_another_site_is_refused(client: TestClient, house: FakeHouse) -> None:
    assert denied(client, MEDIA, origin="http://evil.org").status_code == 403
    assert house.opened == []


def test_the_key(house: FakeHouse, keyed: Settings) -> None:
    client = TestClient(create_app(house.open, house.personas, keyed))
    response = denied(client, REALTIME)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert turned_away(client, MEDIA)[1] == 4401
    assert house.opened == []


def test_the_key_of_a_browser_travels_as_a_subprotocol(house: FakeHouse) -> None:
    settings = Settings.model_validate({"server": {"api_key": "sk-1"}})
    client = TestClient(create_app(house.open, house.personas, settings))
    offered = ["realtime", "openai-insecure-api-key.sk-1"]
    with client.websocket_connect(MEDIA, subprotocols=offered, headers=BROWSER) as socket:
        assert str(socket.accepted_subprotocol) == "realtime"
        until(socket, "avatar.ready")


def test_no_subprotocol_is_named_where_none_was_offered(client: TestClient) -> None:
    with client.websocket_connect(REALTIME) as socket:
        assert socket.accepted_subprotocol is None


def test_every_place_taken(client: TestClient) -> None:
    with client.websocket_connect(REALTIME) as first, client.websocket_connect(MEDIA) as second:
        until(first, "session.created")
        until(second, "session.created")
        assert client.get("/healthz").json()["sessions"] == 2
        response = denied(client, REALTIME)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        error, code = turned_away(client, MEDIA)
        assert (error["code"], code) == ("at_capacity", 1013)
    with client.websocket_connect(REALTIME) as again:
        until(again, "session.created")


def test_a_machine_that_does_not_keep_up_takes_nobody_more(client: TestClient, house: FakeHouse) -> None:
    with client.websocket_connect(REALTIME) as first:
        until(first, "session.created")
        house.opened[0].lagging = True
        response = denied(client, REALTIME)
        assert (response.status_code, response.json()["error"]["code"]) == (503, "machine_busy")
        assert int(response.headers["retry-after"]) > 0
        error, code = turned_away(client, MEDIA)
        assert (error["code"], code) == ("machine_busy", 1013)
        house.opened[0].lagging = False
        with client.websocket_connect(MEDIA) as second:
            until(second, "session.created")


def test_a_session_that_cannot_start_says_why_and_frees_its_place(settings: Settings) -> None:
    class Faceless(FakeSession):
        async def start(self) -> None:
            raise PhotoError("No face was found.", "没有找到人脸。", code="no_face")

    house = FakeHouse(Faceless)
    client = TestClient(create_app(house.open, house.personas, settings))
    for _ in range(3):
        with client.websocket_connect(MEDIA) as socket:
            assert until(socket, "error")[-1]["error"]["code"] == "no_face"
            with pytest.raises(WebSocketDisconnect):
                socket.receive_text()
    assert all(session.closed for session in house.opened)
    assert client.get("/healthz").json()["sessions"] == 0


@pytest.mark.parametrize("place", ["open", "start", "hear"])
def test_a_failure_of_ours_shows_nothing_of_the_inside(
    settings: Settings, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    class Broken(FakeSession):
        def __init__(self, persona: Persona, options: SessionOptions) -> None:
            if place == "open":
                raise ValueError(SAID)
            super().__init__(persona, options)

        async def start(self) -> None:
            if place == "start":
                raise ValueError(SAID)

        def clear_input(self) -> None:
            raise ValueError(SAID)

    house = FakeHouse(Broken)
    client = TestClient(create_app(house.open, house.personas, settings))
    with (
        caplog.at_level(logging.INFO),
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)) as caught,
        client.websocket_connect(MEDIA) as socket,
    ):
        until(socket, "session.created")
        socket.send_json({"type": "input_audio_buffer.clear"})
        until(socket, "input_audio_buffer.cleared")
    ended = caught.value
    assert ended.status_code == 500 if isinstance(ended, WebSocketDenialResponse) else ended.code == 1011
    assert SAID not in caplog.text
    assert "server_failed" in caplog.text
    assert client.get("/healthz").json()["sessions"] == 0


def test_what_is_said_is_never_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="avatar"), client.websocket_connect(REALTIME) as socket:
        socket.send_json(
            {
                "type": "conversation.item.create",
                "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "秘密"}]},
            }
        )
        until(socket, "conversation.item.done")
        socket.send_text('{"type": "秘密", "event_id": "秘密"}')
        until(socket, "error")
        socket.send_json({"type": "response.create"})
        until(socket, "response.done")
    assert "session_opened" in caplog.text
    assert "秘密" not in caplog.text
    assert "读书人" not in caplog.text


class SlowClient:
    """An ASGI client that stops reading after a while, as a page in a background tab may."""

    def __init__(self, reads: int) -> None:
        self.received: list[Message] = []
        self.resume = asyncio.Event()
        self._reads = reads
        self._leave = asyncio.Event()
        self._connected = False

    async def receive(self) -> Message:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        await self._leave.wait()
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(self, message: Message) -> None:
        if len(self.received) >= self._reads:
            await self.resume.wait()
        self.received.append(message)

    def leave(self) -> None:
        self._leave.set()


async def opened(house: FakeHouse) -> FakeSession:
    await eventually(lambda: bool(house.opened) and house.opened[0].started)
    return house.opened[0]


async def test_a_slow_reader_loses_pictures_only_and_then_gets_a_key_frame(
    house: FakeHouse, settings: Settings
) -> None:
    app = create_app(house.open, house.personas, settings)
    client = SlowClient(reads=5)
    task = asyncio.create_task(app(scope(MEDIA), client.receive, client.send))
    session = await opened(house)
    for index in range(60):
        session.happen(Video(0, index * 40, Packet(b"p", key=index == 0)))
    session.hold_reply()
    for index in range(60):
        session.happen(ReplyAudio("resp_held", 1, 4800 * (index + 1), tone(0.2)))
    await asyncio.sleep(0.1)
    client.resume.set()
    await eventually(lambda: ("request_key_frame",) in session.asked)
    session.happen(Video(1, 0, Packet(b"p", key=False)), Video(1, 40, Packet(b"k", key=True)))
    await eventually(lambda: (client.received[-1].get("bytes") or b"").endswith(b"k"))
    client.leave()
    await task
    got = [unpack(message["bytes"]) for message in client.received if message.get("bytes") is not None]
    speech = [frame.seq for frame in got if frame.kind is Kind.SPEECH]
    assert speech == list(range(61))
    pictures = [frame for frame in got if frame.kind is Kind.H264]
    assert len(pictures) < 15
    assert pictures[-1].flags is Flag.KEY
    assert pictures[-1].seq == 61


async def test_a_client_that_stops_reading_takes_nothing_from_another(house: FakeHouse, settings: Settings) -> None:
    app = create_app(house.open, house.personas, settings)
    slow, quick = SlowClient(reads=5), SlowClient(reads=10_000)
    tasks = [asyncio.create_task(app(scope(MEDIA), client.receive, client.send)) for client in (slow, quick)]
    await eventually(lambda: len(house.opened) == 2 and all(session.started for session in house.opened))
    for index in range(100):
        for session in house.opened:
            session.happen(Video(0, index * 40, Packet(b"p", key=index == 0)))
        await asyncio.sleep(0)
    frames = [message for message in quick.received if message.get("bytes") is not None]
    await eventually(lambda: len([each for each in quick.received if each.get("bytes") is not None]) == 100)
    assert len(slow.received) <= 6
    assert [unpack(frame["bytes"]).seq for frame in frames] == list(range(len(frames)))
    slow.resume.set()
    for client, task in zip((slow, quick), tasks, strict=True):
        client.leave()
        await task


async def test_a_reader_that_has_stopped_is_left(house: FakeHouse) -> None:
    app = create_app(house.open, house.personas, Settings(server=ServerSettings(resume_s=0)))
    client = SlowClient(reads=5)
    task = asyncio.create_task(app(scope(MEDIA), client.receive, client.send))
    session = await opened(house)
    session.hold_reply()
    for index in range(1000):
        session.happen(ReplyAudio("resp_held", 1, 4800 * (index + 1), tone(0.2)))
    await asyncio.wait_for(task, 10)
    assert session.closed
