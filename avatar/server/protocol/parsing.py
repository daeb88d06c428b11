"""A client's text frame to its event. Whatever a client sends, the result is an event or an error it can act on."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from avatar.errors import ProtocolError, fault
from avatar.server.protocol.base import MAX_ID, MAX_MESSAGE, MAX_VALUES
from avatar.server.protocol.client import ClientEvent

SHOWN = 200
"""Characters of what a client sent that are repeated in an error."""

_EVENT: TypeAdapter[ClientEvent] = TypeAdapter(ClientEvent)


class EventError(ProtocolError):
    """A client's event that cannot be taken.

    Attributes:
        event_id: the id that the client gave the event, where it could be read.
        param: the place in the event that is wrong, as in "session.audio.output.speed".
    """

    def __init__(self, en: str, zh: str, *, code: str, event_id: str | None = None, param: str | None = None) -> None:
        super().__init__(en, zh, code=code)
        self.event_id = event_id
        self.param = param


def parse_client_event(text: str) -> ClientEvent:
    """The event in a text frame.

    Raises:
        EventError: not JSON, too large, too deep, of an unknown type, or with a field that is wrong.
    """
    _check_size(text)
    try:
        return _EVENT.validate_json(text)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
    raise _rejection(text, problem)


def _check_size(text: str) -> None:
    """Bound the work before it is done: counting signs is quick, building values is not."""
    values = sum(text.count(sign) for sign in ",[{")
    if len(text) > MAX_MESSAGE or values > MAX_VALUES:
        raise EventError(
            f"The event is too large: at most {MAX_MESSAGE >> 20} MiB and {MAX_VALUES} values.",
            f"事件过大:最多 {MAX_MESSAGE >> 20} MiB、{MAX_VALUES} 个值。",
            code="event_too_large",
        )


def _rejection(text: str, problem: ErrorDetails) -> EventError:
    try:
        event: Any = from_json(text)
    except ValueError:
        return EventError(
            "The message is not valid JSON, or it is nested too deeply.",
            "消息不是有效的 JSON,或嵌套过深。",
            code="invalid_json",
        )
    if not isinstance(event, dict):
        return EventError("An event is a JSON object.", "事件应为 JSON 对象。", code="invalid_json")
    event_id = event.get("event_id")
    known_id = event_id[:MAX_ID] if isinstance(event_id, str) else None
    if not problem["loc"]:
        return _unknown_type(event.get("type"), known_id)
    return _wrong_field(event, problem, known_id)


def _unknown_type(event_type: object, event_id: str | None) -> EventError:
    shown = repr(event_type[:SHOWN] if isinstance(event_type, str) else event_type)[:SHOWN]
    return EventError(
        f"There is no client event of type {shown}. See docs/protocol.md.",
        f"没有类型为 {shown} 的客户端事件。见 docs/protocol.md。",
        code="unknown_event",
        event_id=event_id,
        param="type",
    )


def _wrong_field(event: dict[str, Any], problem: ErrorDetails, event_id: str | None) -> EventError:
    place = _place(event, problem)
    en, zh = (each[:SHOWN] for each in fault(problem))
    return EventError(
        f"Event {event['type']}, field {place}: {en}.",
        f"事件 {event['type']} 的字段 {place} 有误:{zh}。",
        code="invalid_value" if problem["type"] != "missing" else "missing_field",
        event_id=event_id,
        param=place,
    )


def _place(event: dict[str, Any], problem: ErrorDetails) -> str:
    """The path of a field as the client wrote it, without the tags of the unions that lead to it."""
    _, *path = problem["loc"]
    node: Any = event
    place: list[str] = []
    for part in path:
        inside = (isinstance(node, dict) and part in node) or (isinstance(node, list) and isinstance(part, int))
        if inside:
            node = node[part]
        if inside or (part == path[-1] and problem["type"] == "missing"):
            place.append(str(part))
    return ".".join(place)[:SHOWN]
