"""`POST /v1/audio/speech`."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from openai import OpenAI
from starlette.testclient import TestClient

from avatar.media import SPEECH_RATE, from_pcm16, read_audio, to_pcm16
from avatar.server.app import create_app
from avatar.server.encoding import FileFormat, file_encoder
from avatar.settings import ServerSettings, Settings
from avatar.voice.checking.checked import CheckedSynthesizer
from avatar.voice.checking.listening import Listener
from avatar.voice.checking.tally import Tally
from tests.unit.server.conftest import Served
from tests.unit.server.fake_session import FakeHouse, tone
from tests.unit.server.fake_stages import FakeStages

TEXT = "从百草园到三味书屋。我家的后面有一个很大的园。"
SPEECH = "/v1/audio/speech"


@pytest.mark.parametrize("file_format", ["mp3", "opus", "aac", "flac", "wav"])
def test_a_file_can_be_read_and_lasts_as_long_as_its_sound(file_format: FileFormat) -> None:
    encoder = file_encoder(file_format)
    pieces = [encoder.push(tone(0.2)) for _ in range(10)] + [encoder.finish()]
    samples = read_audio(b"".join(pieces), SPEECH_RATE)
    assert samples.size / SPEECH_RATE == pytest.approx(2.0, abs=0.12)
    assert float(np.sqrt(np.mean(samples**2))) == pytest.approx(0.141, rel=0.1)


@pytest.mark.parametrize("file_format", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_a_file_of_nothing(file_format: FileFormat) -> None:
    encoder = file_encoder(file_format)
    assert len(encoder.push(tone(0)) + encoder.finish()) < 9000


@pytest.mark.parametrize("file_format", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_a_file_comes_while_it_is_made(file_format: FileFormat) -> None:
    encoder = file_encoder(file_format)
    early = b"".join(encoder.push(tone(0.2)) for _ in range(10))
    assert len(early) > 0.5 * len(early + encoder.finish())


def test_pcm_is_the_sound_itself(served: TestClient, stages: FakeStages) -> None:
    answer = served.post(SPEECH, json={"input": TEXT, "response_format": "pcm", "speed": 1.5})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/pcm"
    clauses = stages.synthesizer.clauses
    assert "".join(clause for clause, _, _ in clauses) == TEXT
    assert {(voice, speed) for _, voice, speed in clauses} == {("luxun", 1.5)}
    assert answer.content == to_pcm16(tone(0.1)) * 2 * len(clauses)
    assert stages.synthesizer.closed == len(clauses)


@pytest.mark.parametrize(
    ("wish", "listened"),
    [
        ({"response_format": "mp3"}, True),
        ({"response_format": "wav"}, True),
        ({"response_format": "pcm"}, False),
        ({"response_format": "mp3", "stream_format": "sse"}, False),
    ],
)
def test_a_file_is_listened_to_and_a_stream_does_not_wait(
    served: TestClient, stages: FakeStages, wish: dict[str, str], listened: bool
) -> None:
    tally = Tally()
    stages.checked = CheckedSynthesizer(stages.synthesizer, Listener(lambda: stages.recognizer), tally)
    assert served.post(SPEECH, json={"input": TEXT, **wish}).status_code == 200
    assert bool(stages.recognizer.heard) == listened
    assert sum(tally.clauses().values()) == (2 if listened else 0)


def test_the_official_client(address: Served) -> None:
    with (
        OpenAI(api_key="none", base_url=address.url) as client,
        client.audio.speech.with_streaming_response.create(
            model="luxun", voice="luxun", input=TEXT, response_format="mp3"
        ) as response,
    ):
        data = b"".join(response.iter_bytes())
    assert response.headers["content-type"] == "audio/mpeg"
    assert read_audio(data, SPEECH_RATE).size > SPEECH_RATE // 3


def test_a_persona_stands_for_its_voice(served: TestClient, stages: FakeStages) -> None:
    assert served.post(SPEECH, json={"input": "好。", "voice": "bob", "response_format": "pcm"}).status_code == 200
    assert stages.asked_for == ["bob"], "with the persona's lexicon"
    assert stages.synthesizer.clauses[0][1] == "luxun"


def test_a_voice_of_openai_stands_for_the_first_personas(served: TestClient, stages: FakeStages) -> None:
    assert served.post(SPEECH, json={"input": "好。", "voice": "alloy", "response_format": "pcm"}).status_code == 200
    assert stages.synthesizer.clauses[0][1] == "luxun"


def test_events(served: TestClient) -> None:
    answer = served.post(SPEECH, json={"input": "好。", "response_format": "pcm", "stream_format": "sse"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]
    assert events[-1]["type"] == "speech.audio.done"
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert from_pcm16(sound).size == SPEECH_RATE // 5


@pytest.mark.parametrize(
    ("wish", "status", "param"),
    [
        ({}, 400, "input"),
        ({"input": ""}, 400, None),
        ({"input": " \n"}, 400, None),
        ({"input": "x" * 4097}, 400, "input"),
        ({"input": 7}, 400, "input"),
        ({"input": "x", "response_format": "exe"}, 400, "response_format"),
        ({"input": "x", "speed": 9}, 400, "speed"),
        ({"input": "x", "speed": "fast"}, 400, "speed"),
        ({"input": "x", "voice": "nobody"}, 404, None),
        ({"input": "x", "voice": "../../etc"}, 404, None),
        ({"input": "x", "voice": {"id": "nobody"}}, 404, None),
    ],
)
def test_wishes_that_cannot_be_met(served: TestClient, wish: dict[str, object], status: int, param: str | None) -> None:
    answer = served.post(SPEECH, json=wish)
    assert answer.status_code == status
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["message_zh"]


@pytest.mark.parametrize("wish", [{"response_format": "wav"}, {"response_format": "pcm"}, {"response_format": "mp3"}])
def test_a_text_of_which_nothing_is_said(served: TestClient, stages: FakeStages, wish: dict[str, object]) -> None:
    stages.synthesizer.mute = True
    answer = served.post(SPEECH, json={"input": "😀……", **wish})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "text_empty"


def test_a_failure_within_a_file_breaks_it_off(address: Served) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{address.url}/audio/speech", json={"input": "坏。", "response_format": "pcm"})


def test_a_failure_within_events_is_the_last_of_them(served: TestClient) -> None:
    answer = served.post(SPEECH, json={"input": "坏。", "response_format": "pcm", "stream_format": "sse"})
    events = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]
    assert events[0]["type"] == "speech.audio.delta"
    assert events[-1]["error"]["code"] == "engine_failed"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"input": "\xff"}', b"[" * 100_000])
def test_bodies_that_are_none(served: TestClient, body: bytes) -> None:
    answer = served.post(SPEECH, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message_en"]


def test_slots_are_given_back(served: TestClient, stages: FakeStages) -> None:
    for _ in range(6):
        assert served.post(SPEECH, json={"input": "x", "voice": "nobody"}).status_code == 404
        assert served.post(SPEECH, json={"input": "好。"}).status_code == 200


def test_the_key_is_asked_for(house: FakeHouse, stages: FakeStages) -> None:
    app = create_app(house.open, house.personas, Settings(server=ServerSettings(api_key="k")), stages)
    assert TestClient(app).post(SPEECH, json={"input": "x"}).status_code == 401


def test_without_engines_there_is_no_such_route(client: TestClient, tmp_path: Path) -> None:
    assert client.post(SPEECH, json={"input": "x"}).status_code == 404
