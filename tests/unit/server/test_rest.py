"""The HTTP routes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import Body
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from avatar.errors import EngineError
from avatar.server.app import create_app
from avatar.server.middleware import MAX_BODY, BodyLimit
from avatar.settings import Settings
from tests.unit.server.fake_session import JPEG, FakeHouse, fake_persona

SAID = "what a person said"


def test_health_needs_no_key_and_tells_how_full_it_is(house: FakeHouse, keyed: Settings) -> None:
    client = TestClient(create_app(house.open, house.personas, keyed))
    assert client.get("/healthz").json() == {"status": "ok", "sessions": 0, "max_sessions": 2}


@pytest.mark.parametrize("path", ["/v1/models", "/v1/avatar/personas", "/v1/avatar/personas/luxun/portrait"])
def test_the_rest_needs_the_key(house: FakeHouse, keyed: Settings, path: str) -> None:
    client = TestClient(create_app(house.open, house.personas, keyed))
    refused = client.get(path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.json()["error"]["code"] == "invalid_api_key"
    key = {b"Authorization": "Bearer schlüssel".encode()}
    assert client.get(path, headers=key).status_code != 401


def test_models_are_the_personas(client: TestClient) -> None:
    answer = client.get("/v1/models").json()
    assert answer["object"] == "list"
    assert answer["data"][0] == {"id": "luxun", "object": "model", "created": 0, "owned_by": "avatar"}


def test_personas_show_what_a_page_needs(client: TestClient) -> None:
    luxun = client.get("/v1/avatar/personas").json()["data"][0]
    assert luxun["name"] == {"zh": "鲁迅", "en": "Lu Xun"}
    assert luxun["languages"] == ["zh", "en"]
    assert luxun["portrait"] == "/v1/avatar/personas/luxun/portrait"
    assert "folder" not in luxun


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(b"\x89PNG\r\n\x1a\n...", "image/png"), (JPEG, "image/jpeg"), (b"RIFF....WEBP", "image/webp")],
)
def test_a_portrait_is_sent_as_what_it_is(
    house: FakeHouse, client: TestClient, tmp_path: Path, data: bytes, media_type: str
) -> None:
    (tmp_path / "portrait.png").write_bytes(data)
    house.known = [fake_persona(folder=tmp_path)]
    answer = client.get("/v1/avatar/personas/luxun/portrait")
    assert answer.content == data
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize("data", [None, b"", b"<svg onload=alert(1)>"], ids=["absent", "empty", "svg"])
def test_no_portrait_is_not_found(house: FakeHouse, client: TestClient, tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "portrait.png").write_bytes(data)
    house.known = [fake_persona(folder=tmp_path)]
    answer = client.get("/v1/avatar/personas/luxun/portrait")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "portrait_not_found"


def test_an_unknown_persona_is_named_in_both_languages(client: TestClient) -> None:
    answer = client.get("/v1/avatar/personas/nobody/portrait", headers={"Accept-Language": "zh-CN,en"})
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert error["message"] == error["message_zh"]
    assert "luxun" in error["message_en"]
    assert set(error) == {"type", "code", "message", "message_zh", "message_en", "param"}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/nothing", 404), ("POST", "/v1/models", 405)])
def test_wrong_addresses_have_the_same_form(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_large_body_is_refused(client: TestClient) -> None:
    answer = client.post("/v1/models", content=b"x" * (MAX_BODY + 1))
    assert answer.status_code == 413
    error = answer.json()["error"]
    assert error["code"] == "request_too_large"
    assert "1 MB" in error["message_en"] and "1 MB" in error["message_zh"]


async def test_a_length_that_is_no_number_is_counted_instead() -> None:
    """Superscript two is a digit, but not one of a number."""
    read: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        read.append(await receive())

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * 9, "more_body": False}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "path": "/v1/models", "headers": [(b"content-length", b"\xb2")]}
    with pytest.raises(HTTPException) as caught:
        await BodyLimit(application, limit=8)(scope, receive, send)
    assert caught.value.status_code == 413 and not read


def test_a_large_body_of_unknown_length_is_refused(house: FakeHouse, settings: Settings) -> None:
    app = create_app(house.open, house.personas, settings)

    @app.post("/v1/echo")
    async def echo(data: dict[str, str] = Body()) -> int:  # noqa: B008 - FastAPI's own way
        return len(data)

    def chunks() -> Iterator[bytes]:
        yield b'{"a": "'
        for _ in range(20):
            yield b"x" * (MAX_BODY // 10)
        yield b'"}'

    answer = TestClient(app).post("/v1/echo", content=chunks(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_what_nobody_foresaw_shows_nothing_of_the_inside(
    house: FakeHouse, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def personas() -> list[object]:
        raise ValueError(SAID)

    app = create_app(house.open, personas, settings)  # type: ignore[arg-type]
    answer = TestClient(app, raise_server_exceptions=False).get("/v1/models")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert SAID not in answer.text
    assert SAID not in caplog.text
    assert "ValueError" in caplog.text


def test_an_error_of_ours_has_its_own_status(house: FakeHouse, settings: Settings) -> None:
    def personas() -> list[object]:
        raise EngineError("It is down.", "它没有开。")

    app = create_app(house.open, personas, settings)  # type: ignore[arg-type]
    answer = TestClient(app).get("/v1/models")
    assert answer.status_code == 502
    assert answer.json()["error"]["type"] == "server_error"


def test_browsers_are_told_to_be_careful(client: TestClient) -> None:
    headers = client.get("/v1/models").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["permissions-policy"].startswith("microphone=(self)")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "content-security-policy" not in client.get("/healthz").headers
