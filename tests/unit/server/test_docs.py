"""docs/protocol.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from avatar.server.failures import CLOSE_CODES, FAILED, SLOW_READER
from avatar.server.protocol import server
from avatar.server.protocol.client import ClientEvent, SessionUpdate
from avatar.server.protocol.framing import HEADER_SIZE
from avatar.server.protocol.parsing import parse_client_event
from avatar.server.protocol.server import ServerEvent

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "protocol.md").read_text(encoding="utf-8")


def client_types() -> list[str]:
    union, _ = get_args(ClientEvent)
    return [get_args(model.model_fields["type"].annotation)[0] for model in get_args(union)]


def server_types() -> list[str]:
    models = [value for value in vars(server).values() if isinstance(value, type) and issubclass(value, ServerEvent)]
    return [model.model_fields["type"].default for model in models if "type" in model.model_fields]


@pytest.mark.parametrize("event_type", client_types())
def test_every_client_event_is_documented(event_type: str) -> None:
    assert f"`{event_type}`" in DOCUMENT


@pytest.mark.parametrize("event_type", server_types())
def test_every_server_event_is_documented(event_type: str) -> None:
    room, _, last = event_type.rpartition(".")
    assert event_type in DOCUMENT or (room in DOCUMENT and re.search(rf"[`.]\.?{last}\b", DOCUMENT))


def test_the_example_of_an_update_is_one() -> None:
    examples = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    update = next(example for example in examples if '"session.update"' in example)
    assert isinstance(parse_client_event(update), SessionUpdate)


@pytest.mark.parametrize("code", [*CLOSE_CODES.values(), SLOW_READER, FAILED])
def test_every_close_code_is_documented(code: int) -> None:
    assert str(code) in DOCUMENT


def test_the_header_is_documented() -> None:
    assert '"<BBHIQ"' in DOCUMENT
    assert HEADER_SIZE == 16
