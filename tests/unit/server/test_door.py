"""Who may come in."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from avatar.server.door import check_key, check_origin, chosen_subprotocol
from avatar.server.failures import ForbiddenError, UnauthorizedError


def connection(subprotocols: tuple[str, ...] = (), **headers: str) -> HTTPConnection:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "websocket", "headers": raw, "subprotocols": list(subprotocols)})


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://example.org", "example.org"),
        ("https://example.org", "example.org:443"),
        ("https://Example.org:8443", "example.org:8443"),
        ("http://localhost:5173", "127.0.0.1:7860"),
        ("http://127.0.0.1:7860", "localhost:7860"),
        ("http://[::1]:7860", "[::1]:7860"),
    ],
)
def test_pages_of_the_same_host_may_come_in(origin: str, host: str) -> None:
    check_origin(connection(origin=origin, host=host))


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.org", "example.org"),
        ("http://evil.org", "127.0.0.1:7860"),
        ("http://localhost:7860", "example.org"),
        ("http://example.org:1", "example.org:2"),
        ("http://example.org.evil.org", "example.org"),
        ("http://localhost.evil.org", "localhost"),
        ("null", "example.org"),
        ("", "example.org"),
        ("file://", "localhost"),
        ("http://[", "localhost"),
        ("http://localhost:99999", "localhost"),
        ("http://example.org", ""),
    ],
)
def test_other_pages_may_not(origin: str, host: str) -> None:
    with pytest.raises(ForbiddenError):
        check_origin(connection(origin=origin, host=host))


def test_a_proxy_tells_the_host_that_the_page_knows() -> None:
    check_origin(connection(origin="https://talk.example", host="127.0.0.1:7860", x_forwarded_host="talk.example"))


def test_programs_have_no_origin() -> None:
    check_origin(connection(host="example.org"))


@pytest.mark.parametrize(
    "client",
    [
        connection(authorization="Bearer secret"),
        connection(authorization="bearer  secret "),
        connection(("realtime", "openai-insecure-api-key.secret")),
    ],
    ids=["header", "loosely written", "subprotocol"],
)
def test_the_key_opens(client: HTTPConnection) -> None:
    check_key(client, "secret")


@pytest.mark.parametrize(
    "client",
    [
        connection(),
        connection(authorization="Bearer wrong"),
        connection(authorization="secret"),
        connection(authorization="Basic secret"),
        connection(("secret",)),
        connection(("openai-insecure-api-key.",)),
        connection(authorization="Bearer 密"),
    ],
)
def test_anything_else_does_not(client: HTTPConnection) -> None:
    with pytest.raises(UnauthorizedError):
        check_key(client, "secret")


def test_without_a_key_nobody_is_asked() -> None:
    check_key(connection(), "")


def test_a_subprotocol_is_named_only_if_it_was_offered() -> None:
    assert chosen_subprotocol([]) is None
    assert chosen_subprotocol(["other"]) is None
    assert chosen_subprotocol(["openai-insecure-api-key.x", "realtime"]) == "realtime"
