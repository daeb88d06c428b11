"""The route that edits recordings: what it takes, what it gives, what it refuses."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from starlette.testclient import TestClient

from avatar.errors import TextError
from avatar.media import wav_bytes
from avatar.server.app import create_app
from avatar.server.cloning import Voices
from avatar.server.edits import MAX_TEXT, _stopped
from avatar.server.stepping import Step, stepped
from avatar.settings import ServerSettings, Settings
from avatar.voice.editing import Edited, Wish
from avatar.voice.editing.desk import EditingDesk
from avatar.voice.editing.editor import MADE, Part, Progress
from avatar.voice.editing.hearing import Understood
from avatar.voice.editing.recording import read
from tests.unit.server.fake_session import FakeHouse
from tests.unit.voice.clonery import clonery

SOUND = wav_bytes((0.1 * np.random.default_rng(0).standard_normal(24_000)).astype(np.float32))
EVENTS = "text/event-stream"
PATH = "/v1/avatar/voices/zhang-san/edits"


class FakeDesk:
    """Gives the recording back, as if a quarter of a second had changed."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Wish]] = []
        self.left = threading.Event()

    def edit(self, source: bytes, voice: str, wish: Wish, progress: Progress) -> Edited:
        self.asked.append((voice, wish))
        progress("hearing", 0.0)
        if wish.wanted == "for ever":
            try:
                while True:
                    time.sleep(0.01)
                    progress("making", 0.5)
            finally:
                self.left.set()
        if wish.wanted == "nowhere":
            raise TextError("'nowhere' is not said.", "没有说“nowhere”。", code="edit_not_found")
        words = Understood(1, 1)
        part = Part(6000, 12_000, 6000, 9000, (6100, 11_900), "old", "", True, words, words, 1, 0)
        return Edited(read(source), "old", "new", "en", 0.9, (part,))


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def client(house: FakeHouse, desk: FakeDesk, tmp_path: Path) -> Iterator[TestClient]:
    made = clonery(tmp_path)
    settings = Settings(server=ServerSettings(api_key="secret"))
    voices = Voices(lambda: made.cloning, lambda: cast(EditingDesk, desk))
    app = create_app(house.open, house.personas, settings, voices=voices)
    with TestClient(app, raise_server_exceptions=False, headers={"Authorization": "Bearer secret"}) as client:
        yield client


def post(client: TestClient, fields: dict[str, str], sound: bytes = SOUND, accept: str = "*/*") -> Any:
    files = {"file": ("a.wav", io.BytesIO(sound))}
    return client.post(PATH, data=fields, files=files, headers={"Accept": accept})


def events(body: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in body.split("\n\n") if line]


def test_a_recording_comes_back(client: TestClient, desk: FakeDesk) -> None:
    answer = post(client, {"from": "old", "to": "", "transcript": "the old one", "language": "en"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["avatar-edited"] == "0.250-0.500"
    assert np.array_equal(read(answer.content).raw, read(SOUND).raw)
    assert MADE.encode() in answer.content
    assert desk.asked == [("zhang-san", Wish("old", "", "", "the old one", "en"))]
    assert post(client, {"text": "全文。"}).status_code == 200
    assert desk.asked[1][1] == Wish(text="全文。")


def test_how_far_it_is_is_told_and_what_changed(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avatar.server.edits.PIECE", 20_000)
    answer = post(client, {"from": "old", "to": ""}, accept=EVENTS)
    assert answer.headers["content-type"].startswith(EVENTS)
    first, *pieces, last = events(answer.text)
    assert first == {"type": "edit.progress", "step": "hearing", "share": 0.0}
    assert len(pieces) == 3
    sound = b"".join(base64.b64decode(piece["audio"]) for piece in pieces)
    assert np.array_equal(read(sound).raw, read(SOUND).raw)
    assert last["type"] == "edit.done"
    assert last["parts"] == [
        {
            "start": 0.25, "end": 0.5, "old_start": 0.25, "old_end": 0.375, "old": "old", "new": "",
            "made": True, "words": 1, "understood": 1,
        }
    ]  # fmt: skip


def test_what_goes_wrong_after_the_first_event_is_the_last(client: TestClient) -> None:
    answer = post(client, {"from": "nowhere", "to": "b"}, accept=EVENTS)
    assert answer.status_code == 200
    assert events(answer.text)[-1]["error"]["code"] == "edit_not_found"


async def test_who_leaves_stops_the_work() -> None:
    desk = FakeDesk()
    steps = stepped(lambda tell: desk.edit(SOUND, "zhang-san", Wish("for ever"), tell), _stopped)
    seen = [await anext(steps) for _ in range(2)]
    await steps.aclose()
    assert [step.name for step in seen if isinstance(step, Step)] == ["hearing", "making"]
    assert await asyncio.to_thread(desk.left.wait, 10)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "missing_field"),
        ({"from": "a"}, "missing_field"),
        ({"from": "a", "to": "b", "text": "c"}, "missing_field"),
        ({"text": "c", "language": "fr"}, "invalid_value"),
        ({"text": "c" * (MAX_TEXT + 1)}, "invalid_value"),
        ({"from": "nowhere", "to": "b"}, "edit_not_found"),
    ],
)
def test_wishes_that_cannot_be_met(client: TestClient, fields: dict[str, str], code: str) -> None:
    answer = post(client, fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


def test_what_is_no_recording(client: TestClient) -> None:
    assert client.post(PATH, data={"text": "c"}).json()["error"]["code"] == "missing_field"
    assert post(client, {"text": "c"}, b"not a recording" * 9).json()["error"]["code"] == "invalid_audio"


def test_a_long_recording_fits_and_the_key_is_asked_for(client: TestClient) -> None:
    long = wav_bytes(np.zeros(2_000_000, dtype=np.float32) + 0.1)
    assert post(client, {"text": "c"}, long).status_code == 200
    assert client.post(PATH, data={"text": "c"}, headers={"Authorization": ""}).status_code == 401
