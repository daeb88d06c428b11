"""docs/protocol.md says what the code does, and the code does what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from avatar.server.app import create_app
from avatar.server.failures import CLOSE_CODES, FAILED, SLOW_READER, TAKEN_OVER
from avatar.server.protocol import server
from avatar.server.protocol.client import (
    AvatarPatch,
    ClientEvent,
    ItemCreate,
    ItemTruncate,
    ResponseCreate,
    ResponsePatch,
    SessionPatch,
    SessionUpdate,
)
from avatar.server.protocol.framing import HEADER_SIZE, Kind
from avatar.server.protocol.objects import (
    AvatarObject,
    ErrorObject,
    FunctionTool,
    ResponseObject,
    SessionObject,
    ToolChoice,
)
from avatar.server.protocol.parsing import parse_client_event
from avatar.server.protocol.server import ServerEvent
from avatar.settings import ServerSettings, Settings
from tests.unit.live.fake_studio import ScriptedStudio
from tests.unit.server.fake_session import FakeHouse
from tests.unit.server.fake_stages import FakeStages

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
SOURCES = [
    path.read_text(encoding="utf-8") for room in ("server", "live") for path in ROOT.glob(f"avatar/{room}/**/*.py")
]

OWN_CLOSING = {1009, 1012}
"""Codes with which the server beneath closes."""


def client_types() -> list[str]:
    union, _ = get_args(ClientEvent)
    return [get_args(model.model_fields["type"].annotation)[0] for model in get_args(union)]


def server_types() -> list[str]:
    models = [value for value in vars(server).values() if isinstance(value, type) and issubclass(value, ServerEvent)]
    return [model.model_fields["type"].default for model in models if "type" in model.model_fields]


def section(title: str, level: int = 2) -> str:
    """A section of the document, up to the next of its level."""
    start = DOCUMENT.index(f"\n{'#' * level} {title}")
    end = DOCUMENT.find(f"\n{'#' * level} ", start + 1)
    return DOCUMENT[start:] if end < 0 else DOCUMENT[start:end]


def first_column(text: str) -> list[str]:
    """The names in the first column of a section's tables."""
    cells = re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def events_named() -> set[str]:
    """Everything in the document that looks like an event or a field of one."""
    room = "session|conversation|input_audio_buffer|output_audio_buffer|response|avatar|transcript|speech"
    named = re.findall(rf"(?<![\w./-])((?:{room})(?:\.[a-z_]+)+)", DOCUMENT)
    return set(named)


def is_field(name: str) -> bool:
    """Whether a name is a place in an object that is sent or taken: "session.audio.output.speed"."""
    room, *path = name.split(".")
    models: dict[str, list[type[BaseModel]]] = {
        "session": [SessionObject, SessionPatch],
        "response": [ResponseObject, ResponsePatch],
        "avatar": [AvatarObject, AvatarPatch],
    }
    return any(_reaches(model, path) for model in models.get(room, []))


def _reaches(model: object, path: list[str]) -> bool:
    if not path:
        return True
    if isinstance(model, type) and issubclass(model, BaseModel):
        field = model.model_fields.get(path[0])
        return field is not None and _reaches(field.annotation, path[1:])
    return any(_reaches(part, path) for part in get_args(model))


def routes(app: FastAPI) -> set[str]:
    """Method and path of what is served under /v1, and of the health check."""
    described: dict[str, dict[str, object]] = app.openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}


def test_the_table_of_client_events_is_complete() -> None:
    assert sorted(set(first_column(section("Client events").split("### ")[0]))) == sorted(client_types())


@pytest.mark.parametrize("event_type", server_types())
def test_every_server_event_is_documented(event_type: str) -> None:
    room, _, last = event_type.rpartition(".")
    line = rf"{re.escape(room)}\.\w+[^\n]*[` ·,]\.?{last}\b"
    assert f"{event_type}" in DOCUMENT or re.search(line, DOCUMENT)


def test_every_event_that_is_named_is_one() -> None:
    known = {*client_types(), *server_types()}
    rest = {"speech.audio.delta", "speech.audio.done", "transcript.text.delta", "transcript.text.done"}
    strange = {name for name in events_named() - known - rest if not is_field(name)}
    assert strange == set()


def test_the_examples_are_events() -> None:
    examples = [
        json.loads(re.sub(r"…|<base64>", "x", text)) for text in re.findall(r"```json\n(\{.*?)```", DOCUMENT, re.DOTALL)
    ]
    typed = [example for example in examples if "type" in example]
    assert {example["type"] for example in typed} <= {*client_types(), *server_types()}
    assert len(typed) >= 5


def test_the_example_of_an_update_is_one() -> None:
    examples = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    update = next(example for example in examples if '"session.update"' in example)
    assert isinstance(parse_client_event(update), SessionUpdate)


def test_every_field_that_a_client_may_set_is_documented() -> None:
    models: list[type[BaseModel]] = [
        SessionPatch,
        ResponsePatch,
        FunctionTool,
        ItemCreate,
        ItemTruncate,
        ResponseCreate,
    ]
    fields = {name for model in models for name in model.model_fields} - {"type", "event_id"}
    assert {name for name in fields if f"`{name}`" not in DOCUMENT and f'"{name}"' not in DOCUMENT} == set()
    assert all(choice in DOCUMENT for choice in get_args(get_args(ToolChoice)[0]))


def test_close_codes() -> None:
    codes = {*CLOSE_CODES.values(), SLOW_READER, FAILED, TAKEN_OVER, *OWN_CLOSING}
    assert {int(code) for code in re.findall(r"\b(?:10\d\d|44\d\d)\b", section("Connecting"))} - {1024, 1000} == codes


def test_error_codes() -> None:
    listed = section("Errors", 3).split("### ")[1]
    documented = set(first_column(listed))
    quoted = "".join([*SOURCES, (ROOT / "avatar" / "errors.py").read_text(encoding="utf-8")])
    assert {code for code in documented if f'"{code}"' not in quoted} == set()
    of_the_wire = {
        code for text in SOURCES if "EventError(" in text for code in re.findall(r'code ?= ?"([a-z_]+)"', text)
    }
    assert {code for code in of_the_wire if f"`{code}`" not in DOCUMENT} == set()
    assert set(ErrorObject.model_fields) <= set(re.findall(r'"(\w+)":', listed))


def test_the_query() -> None:
    source = (ROOT / "avatar" / "server" / "socket.py").read_text(encoding="utf-8")
    read = set(re.findall(r'query\.get\("(\w+)"', source))
    table = section("Connecting").split("**Key.**")[0]
    assert set(first_column(table)) - {"/v1/realtime", "model"} == read - {"model"}


def test_the_routes(stages: FakeStages) -> None:
    house = FakeHouse()
    served = routes(create_app(house.open, house.personas, Settings(), stages, ScriptedStudio()))
    documented = set()
    for cell in re.findall(r"^\| (`(?:GET|POST|PUT|DELETE) [^|]*) \|", section("REST"), re.MULTILINE):
        names = re.findall(r"`((?:GET|POST|PUT|DELETE) [^`]+)`", cell)
        documented |= {re.sub(r"\{\w+\}", "{}", name) for name in names}
    assert documented == {re.sub(r"\{\w+\}", "{}", name) for name in served}


def test_the_limits_are_the_settings() -> None:
    for name in ("max_session_s", "idle_timeout_s", "resume_s", "max_requests"):
        assert f"`server.{name}`" in DOCUMENT
        assert name in ServerSettings.model_fields


def test_the_header_is_documented() -> None:
    assert '"<BBHIQ"' in DOCUMENT
    assert HEADER_SIZE == 16
    assert all(f"({kind.value})" in section("Binary frames") for kind in Kind)
