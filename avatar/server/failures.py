"""An error as the wire shows it: one place for the sockets, HTTP and close codes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from avatar.errors import AvatarError, InputError, Language, fault, whence
from avatar.server.protocol.objects import ErrorObject
from avatar.server.protocol.parsing import SHOWN, EventError

log = logging.getLogger(__name__)

SLOW_READER = 1008
FAILED = 1011
NO_ROOM = 1013
TIME_OVER = 4408
TAKEN_OVER = 4409
GONE = 4410
"""Close codes (RFC 6455, section 7.4, and its registry); ours are 4000 and an HTTP status of like meaning."""

RETRY_AFTER_S = 30
"""What a client that was refused for want of room is told to wait."""

CLOSE_CODES = {400: 4400, 401: 4401, 404: 4404, 408: TIME_OVER, 410: GONE, 503: NO_ROOM}
"""By HTTP status; anything else is a failure of ours."""


class UnauthorizedError(InputError):
    """No key, or a wrong one."""

    code = "invalid_api_key"
    http_status: ClassVar[int] = 401


class ForbiddenError(InputError):
    """A page of another site."""

    code = "forbidden_origin"
    http_status: ClassVar[int] = 403


class TimeOverError(InputError):
    """The conversation was too long, or too quiet for too long."""

    http_status: ClassVar[int] = 408


class GoneError(InputError):
    """There is no conversation to go on with."""

    code = "resume_failed"
    http_status: ClassVar[int] = 410


class TooLargeError(InputError):
    """A request body beyond the limit.

    Args:
        limit: bytes that it may have.
    """

    code = "request_too_large"
    http_status: ClassVar[int] = 413

    def __init__(self, limit: int) -> None:
        most = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit >> 10} KB"
        super().__init__(
            f"What was sent is larger than the {most} that are taken here. Send less, or in parts.",
            f"发送的内容超过此处允许的 {most}。请减少内容,或分几次发送。",
        )


def unforeseen(error: BaseException) -> AvatarError:
    """What is told of an error that nobody foresaw. Its place goes to the log."""
    log.error("server_failed error=%s", whence(error))
    return AvatarError(
        "The server failed; its log says where. Try again.", "服务器出错,位置见其日志。请重试。", code="internal_error"
    )


def wrong_field(problem: Mapping[str, Any]) -> EventError:
    """The error of a request body, from the first problem that its validation found; the value is not repeated."""
    place = ".".join(str(part) for part in problem.get("loc", ())[1:])[:SHOWN]
    en, zh = (each[:SHOWN] for each in fault(problem))
    missing = problem.get("type") == "missing"
    return EventError(
        f"Field {place or 'body'}: {en}.",
        f"字段 {place or 'body'} 有误:{zh}。",
        code="missing_field" if missing else "invalid_value",
        param=place or None,
    )


def error_object(error: AvatarError, language: Language, *, event_id: str | None = None) -> ErrorObject:
    """An error as an event or a response body carries it.

    Args:
        event_id: of the client's event that caused it; an EventError knows it itself.
    """
    from_event = error if isinstance(error, EventError) else None
    return ErrorObject(
        type="invalid_request_error" if error.http_status < 500 else "server_error",
        code=error.code,
        message=error.sentence(language),
        message_zh=error.zh,
        message_en=error.en,
        param=from_event.param if from_event else None,
        event_id=(from_event.event_id if from_event else None) or event_id,
    )


def close_code(error: AvatarError) -> int:
    """The code that a socket closes with after it was refused with this error."""
    return CLOSE_CODES.get(error.http_status, FAILED)


def error_response(error: AvatarError, language: Language) -> JSONResponse:
    """An error as an HTTP response."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if error.http_status == 503 else {}
    if error.http_status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = error_object(error, language).model_dump(exclude={"event_id"})
    return JSONResponse({"error": body}, status_code=error.http_status, headers=headers)


def language_of(connection: HTTPConnection) -> Language:
    """The language of an answer: the query's, else the browser's."""
    wish = connection.query_params.get("language") or connection.headers.get("accept-language", "")
    return "zh" if wish.lower().startswith("zh") else "en"
