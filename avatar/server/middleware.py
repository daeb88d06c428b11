"""Around every HTTP request: a bound on its body, and headers that tell the browser to be careful."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from avatar.server.failures import TooLargeError, error_response, language_of

MAX_BODY = 1024 * 1024
"""Bytes of a request's body under /v1. The page mounted beside it has limits of its own."""

LARGER = {
    "/v1/audio/transcriptions": 26 * MAX_BODY,
    "/v1/audio/voice_consents": 11 * MAX_BODY,
    "/v1/audio/voices": 65 * MAX_BODY,
    "/v1/avatar/animations": 26 * MAX_BODY,
    "/v1/avatar/photos": 65 * MAX_BODY,
    "/v1/avatar/voices/check": 65 * MAX_BODY,
    "/v1/avatar/voices/import": 65 * MAX_BODY,
    "/v1/avatar/personas/import": 65 * MAX_BODY,
}
"""Paths that take more: a recording of 25 MiB or a photograph of 64 MiB, and the rest of its form."""

DOCUMENTS = re.compile(r"/v1/avatar/personas/[^/]+/knowledge"), 1025 * MAX_BODY
"""Paths that take a document of 1 GiB, which goes to the disk as it comes."""

PORTRAITS = re.compile(r"/v1/avatar/personas/[^/]+/portrait"), 65 * MAX_BODY
"""Paths that take a photograph."""

EDITS = re.compile(r"/v1/avatar/voices/[^/]+/edits"), 65 * MAX_BODY
"""Paths that take a recording to be edited."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}
"""For every answer."""

API_HEADERS = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
"""For answers under /v1, which are no pages."""


class SecurityHeaders:
    """Adds the headers, where an answer does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = HEADERS | (API_HEADERS if is_api(scope) else {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses bodies that are too large: by their announced length, or, where that is absent, by counting."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_api(scope):
            await self._app(scope, receive, send)
            return
        limit = limit_of(scope["path"], self._limit)
        announced = HTTPConnection(scope).headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit:
            error = TooLargeError(limit)
            await error_response(error, language_of(HTTPConnection(scope)))(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_counted, send)


def limit_of(path: str, usual: int = MAX_BODY) -> int:
    """Bytes that a path's body may have."""
    for pattern, larger in (DOCUMENTS, PORTRAITS, EDITS):
        if pattern.fullmatch(path):
            return larger
    return LARGER.get(path, usual)


def is_api(scope: Scope) -> bool:
    """Whether a request is for the interface, and not for the page mounted beside it."""
    path: str = scope["path"]
    return path.startswith("/v1/")
