"""`POST /v1/audio/transcriptions`, and a transcript's sentences."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI
from starlette.testclient import TestClient

from avatar.live.subtitles import Segment, segments_of, srt, vtt
from avatar.media import HEARING_RATE, wav_bytes
from avatar.server.transcribing import MAX_UPLOAD
from avatar.stages import HeardWord, Transcript
from tests.unit.server.conftest import Served
from tests.unit.server.fake_session import tone
from tests.unit.server.fake_stages import HEARD, FakeStages

TRANSCRIPTIONS = "/v1/audio/transcriptions"
RECORDING = wav_bytes(tone(2.0))


def post(client: TestClient, data: bytes = RECORDING, **fields: Any) -> Any:
    """Upload a recording."""
    return client.post(TRANSCRIPTIONS, files={"file": ("a.wav", data)}, data={"model": "whisper-1", **fields})


def test_the_official_client(address: Served, stages: FakeStages) -> None:
    with OpenAI(api_key="none", base_url=address.url) as client:
        plain = client.audio.transcriptions.create(model="whisper-1", file=("a.wav", RECORDING), language="zh")
        assert plain.text == HEARD.text
        told = client.audio.transcriptions.create(
            model="whisper-1",
            file=("a.wav", RECORDING),
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
            prompt="鲁迅",
        )
        assert told.duration == pytest.approx(2.0)
        assert [segment.text for segment in told.segments or []] == ["您怎么看希望?", "Tell <me>."]
        assert [word.word for word in told.words or []] == ["您怎么", "看希望?", "Tell", "<me>."]
        with client.audio.transcriptions.create(model="whisper-1", file=("a.wav", RECORDING), stream=True) as events:
            kinds = [event.type for event in events]
    assert kinds == ["transcript.text.delta", "transcript.text.delta", "transcript.text.done"]
    (size, hints), *_ = stages.recognizer.heard
    assert (size, hints.language) == (2 * HEARING_RATE, "zh")
    assert stages.recognizer.heard[1][1].topic_zh == "鲁迅"


def test_text_and_subtitles(served: TestClient) -> None:
    assert post(served, response_format="text").text == f"{HEARD.text}\n"
    shown = post(served, response_format="srt")
    assert shown.text.startswith("1\n00:00:00,100 --> 00:00:00,900\n您怎么看希望?\n\n2\n00:00:01,000 -->")
    track = post(served, response_format="vtt")
    assert track.headers["content-type"].startswith("text/vtt")
    assert track.text.startswith("WEBVTT\n\n00:00:00.100 --> 00:00:00.900\n")
    assert "Tell &lt;me&gt;." in track.text


@pytest.mark.parametrize(
    ("data", "fields", "code"),
    [
        (b"", {}, "invalid_audio"),
        (b"no sound at all", {}, "invalid_audio"),
        (RECORDING[:44], {}, None),
        (RECORDING, {"response_format": "diarized_json"}, "unsupported_value"),
        (RECORDING, {"language": "fr"}, "unsupported_value"),
    ],
)
def test_recordings_and_wishes_that_are_none(
    served: TestClient, data: bytes, fields: dict[str, str], code: str | None
) -> None:
    answer = post(served, data, **fields)
    assert answer.status_code == 400
    assert code is None or answer.json()["error"]["code"] == code


def test_a_recording_that_is_too_long(served: TestClient, stages: FakeStages) -> None:
    hour = wav_bytes(tone(0.01), 16)
    longer = wav_bytes(tone(1.0), 24)
    assert post(served, hour).status_code in (200, 400)
    assert post(served, longer).json()["error"]["code"] == "audio_too_long"


def test_an_upload_that_is_too_large(served: TestClient, stages: FakeStages) -> None:
    assert post(served, b"\0" * (MAX_UPLOAD + 2 * 1024 * 1024)).status_code == 413
    assert stages.recognizer.heard == []


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "application/json"),
        (b"{}", "application/json"),
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\ngarbage", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"file=x", "application/x-www-form-urlencoded"),
    ],
)
def test_forms_that_are_none(served: TestClient, content: bytes, content_type: str) -> None:
    answer = served.post(TRANSCRIPTIONS, content=content, headers={"content-type": content_type})
    assert answer.status_code == 400
    assert answer.json()["error"]["message_zh"]


def test_too_many_files(served: TestClient) -> None:
    files = [("file", (f"{index}.wav", RECORDING)) for index in range(5)]
    assert served.post(TRANSCRIPTIONS, files=files).status_code == 400


def test_a_transcript_without_times_is_one_segment() -> None:
    (segment,) = segments_of(Transcript("你好。再见。", "zh"), 3.0)
    assert segment == Segment(0.0, 3.0, "你好。再见。", 0.0)
    assert segments_of(Transcript("", "zh"), 3.0) == []


def test_a_long_pause_begins_another_segment() -> None:
    words = (HeardWord("one", 0.0, 0.3, 1.0), HeardWord("two", 2.0, 2.3, 1.0))
    assert [each.text for each in segments_of(Transcript("one two", "en", words), 3.0)] == ["one ", "two"]


WORDS = st.lists(st.tuples(st.text("ab。 .你", min_size=1, max_size=4), st.floats(0, 9), st.floats(0, 1)), max_size=12)


@given(WORDS, st.booleans())
def test_segments_joined_are_the_transcript(words: list[tuple[str, float, float]], faithful: bool) -> None:
    text = "".join(word for word, _, _ in words) if faithful else "某种文字"
    heard = tuple(HeardWord(word.strip(), at, at + 0.2, probability) for word, at, probability in words)
    segments = segments_of(Transcript(text, "zh", heard), 10.0)
    assert "".join(segment.text for segment in segments) == text
    assert srt(segments).count("-->") == vtt(segments).count("-->") == len(segments)


def test_events_of_a_failure_before_the_first_have_a_status(served: TestClient) -> None:
    answer = post(served, b"none", stream="true")
    assert answer.status_code == 400
    assert json.loads(answer.text)["error"]["code"] == "invalid_audio"
