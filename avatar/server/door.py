"""Who may come in: the key, and the page that a browser's socket was opened from.

A browser lets any page open a socket to any server and sends cookies along, so the server itself must ask where the
page comes from (cross-site WebSocket hijacking, RFC 6455 section 10.2).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from avatar.server.failures import ForbiddenError, UnauthorizedError

SUBPROTOCOL = "realtime"
KEY_SUBPROTOCOL = "openai-insecure-api-key."
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check_key(connection: HTTPConnection, api_key: str) -> None:
    """Ask for the key, where one is set. It comes as a bearer token, or from a browser's socket as a subprotocol.

    Raises:
        UnauthorizedError: it is missing or wrong.
    """
    if not api_key:
        return
    expected = api_key.encode()
    matches = [hmac.compare_digest(given, expected) for given in _keys(connection)]
    if not any(matches):
        raise UnauthorizedError(
            "The API key is missing or wrong. Send it as `Authorization: Bearer <key>`.",
            "缺少 API 密钥,或密钥不对。请以 `Authorization: Bearer <密钥>` 发送。",
        )


def check_origin(connection: HTTPConnection) -> None:
    """Let a browser's page in only if it comes from the same host, or if both are on this machine.

    Raises:
        ForbiddenError: a page of another site.
    """
    origin = connection.headers.get("origin")
    if origin is None:
        return
    page = _host(origin)
    hosts = [connection.headers.get("host", ""), connection.headers.get("x-forwarded-host", "")]
    servers = [_host(f"//{host.strip()}") for value in hosts for host in value.split(",") if host.strip()]
    if page is None or not any(_akin(page, server) for server in servers if server is not None):
        raise ForbiddenError(
            "This page comes from another site, which may not open a conversation here.",
            "这个网页来自别的网站,不能在这里开启对话。",
        )


def is_browser(connection: HTTPConnection) -> bool:
    """Whether a page opened the socket; it cannot read the status of a refused handshake."""
    return "origin" in connection.headers


def chosen_subprotocol(offered: Iterable[str]) -> str | None:
    """The subprotocol to accept: ours, if it was offered; one that was not must never be named."""
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def offered_subprotocols(connection: HTTPConnection) -> list[str]:
    """What the client offers."""
    return [str(name) for name in connection.scope.get("subprotocols", ())]


def _keys(connection: HTTPConnection) -> list[bytes]:
    """The keys that a client sends, as the bytes that it sent (ASGI's text is Latin-1)."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    keys = [token.strip()] if scheme.lower() == "bearer" else []
    offered = offered_subprotocols(connection)
    keys += [name.removeprefix(KEY_SUBPROTOCOL) for name in offered if name.startswith(KEY_SUBPROTOCOL)]
    return [key.encode("latin-1", "replace") for key in keys]


def _host(url: str) -> tuple[str, int | None] | None:
    """Host and port of a URL; None where it has no host or is malformed. A scheme's own port counts as none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.hostname is None:
        return None
    return parts.hostname.lower(), None if port in (80, 443) else port


def _akin(page: tuple[str, int | None], server: tuple[str, int | None]) -> bool:
    return page == server or (page[0] in LOOPBACK and server[0] in LOOPBACK)
