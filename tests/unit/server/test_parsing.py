"""A client's text frame to its event."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from avatar.server.protocol import client
from avatar.server.protocol.base import MAX_AUDIO, MAX_MESSAGE, MAX_TEXT
from avatar.server.protocol.parsing import EventError, parse_client_event

VALID: list[tuple[dict[str, object], type[object]]] = [
    ({"type": "session.update", "session": {"type": "realtime"}}, client.SessionUpdate),
    ({"type": "input_audio_buffer.append", "audio": "AAAA"}, client.InputAudioAppend),
    ({"type": "input_audio_buffer.commit"}, client.InputAudioCommit),
    ({"type": "input_audio_buffer.clear"}, client.InputAudioClear),
    ({"type": "output_audio_buffer.clear"}, client.OutputAudioClear),
    ({"type": "conversation.item.create", "item": {"type": "message"}}, client.ItemCreate),
    ({"type": "conversation.item.retrieve", "item_id": "i"}, client.ItemRetrieve),
    ({"type": "conversation.item.truncate", "item_id": "i", "audio_end_ms": 0}, client.ItemTruncate),
    ({"type": "conversation.item.delete", "item_id": "i"}, client.ItemDelete),
    ({"type": "response.create"}, client.ResponseCreate),
    ({"type": "response.cancel"}, client.ResponseCancel),
    ({"type": "avatar.played", "response_id": "r", "audio_end_ms": 10}, client.AvatarPlayed),
    ({"type": "avatar.keyframe"}, client.AvatarKeyFrame),
    ({"type": "avatar.greet", "language": "zh"}, client.AvatarGreet),
]


def rejected(event: Mapping[str, object] | str) -> EventError:
    text = event if isinstance(event, str) else json.dumps(event)
    with pytest.raises(EventError) as caught:
        parse_client_event(text)
    assert caught.value.zh
    assert caught.value.en
    assert len(caught.value.en) < 1000
    return caught.value


@pytest.mark.parametrize(("event", "kind"), VALID, ids=[str(event["type"]) for event, _ in VALID])
def test_every_event_is_known_and_may_carry_more(event: dict[str, object], kind: type[object]) -> None:
    parsed = parse_client_event(json.dumps({**event, "event_id": "e1", "something_new": [1]}))
    assert type(parsed) is kind
    assert parsed.event_id == "e1"


def test_an_unknown_type_names_the_event() -> None:
    error = rejected({"type": "response.dance", "event_id": "e7"})
    assert (error.code, error.event_id, error.param) == ("unknown_event", "e7", "type")
    assert "response.dance" in error.en


@pytest.mark.parametrize(
    "event", ["{}", '{"a": NaN}', '{"type": 5}', '{"type": null}', '{"type": ["' + "x" * 5000 + '"]}']
)
def test_a_type_that_is_no_type(event: str) -> None:
    assert rejected(event).code == "unknown_event"


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "1", "null", '"text"', '{"type": "avatar.keyframe"', '{"type": "\\ud800"}'],
)
def test_what_is_no_json_object(text: str) -> None:
    assert rejected(text).code == "invalid_json"


@pytest.mark.parametrize("signs", ["[]", '{"a":}'], ids=["arrays", "objects"])
def test_a_message_ten_thousand_deep(signs: str) -> None:
    opening, closing = signs[:-1], signs[-1]
    deep = opening * 10_000 + "1" + closing * 10_000
    assert rejected('{"type": "avatar.keyframe", "x": ' + deep + "}").code == "invalid_json"


def test_a_message_of_a_million_values() -> None:
    assert rejected('{"type": "avatar.keyframe", "x": [' + "0," * 1_000_000 + "0]}").code == "event_too_large"


def test_a_message_that_is_too_long() -> None:
    assert rejected('{"type": "' + "x" * MAX_MESSAGE + '"}').code == "event_too_large"


@pytest.mark.parametrize(
    ("session", "place"),
    [
        ({"audio": {"output": {"speed": 9}}}, "session.audio.output.speed"),
        ({"audio": {"output": {"speed": True}}}, "session.audio.output.speed"),
        ({"audio": {"output": {"voice": {}}}}, "session.audio.output.voice"),
        ({"audio": {"input": {"format": {"type": "audio/mp3"}}}}, "session.audio.input.format"),
        ({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}, "session.audio.input.format.rate"),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": "0.5"}}}},
            "session.audio.input.turn_detection.threshold",
        ),
        ({"output_modalities": ["audio", "text"]}, "session.output_modalities"),
        ({"output_modalities": []}, "session.output_modalities"),
        ({"max_output_tokens": "many"}, "session.max_output_tokens"),
        ({"instructions": "x" * (MAX_TEXT + 1)}, "session.instructions"),
        ({"type": "transcription"}, "session.type"),
    ],
)
def test_a_wrong_field_is_named(session: dict[str, object], place: str) -> None:
    error = rejected({"type": "session.update", "event_id": "e2", "session": session})
    assert (error.code, error.param, error.event_id) == ("invalid_value", place, "e2")
    assert place in error.zh


def test_a_missing_field_is_named() -> None:
    error = rejected({"type": "input_audio_buffer.append"})
    assert (error.code, error.param) == ("missing_field", "audio")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "input_audio_buffer.append", "audio": "A" * (MAX_AUDIO + 1)},
        {"type": "conversation.item.retrieve", "item_id": ""},
        {"type": "conversation.item.retrieve", "item_id": "x" * 513},
        {"type": "conversation.item.truncate", "item_id": "i", "audio_end_ms": -1},
        {"type": "conversation.item.create", "item": {"type": "message", "content": [{"type": "input_text"}] * 65}},
        {"type": "response.create", "response": {"metadata": {str(n): "" for n in range(17)}}},
        {"type": "avatar.played", "response_id": "r", "audio_end_ms": 1.5},
        {"type": "avatar.keyframe", "event_id": 5},
    ],
)
def test_a_value_out_of_bounds_is_refused(event: dict[str, object]) -> None:
    assert rejected(event).code == "invalid_value"


def test_the_longest_append_is_taken() -> None:
    event = parse_client_event(json.dumps({"type": "input_audio_buffer.append", "audio": "A" * MAX_AUDIO}))
    assert isinstance(event, client.InputAudioAppend)


def test_an_update_tells_null_from_nothing() -> None:
    event = parse_client_event('{"type":"session.update","session":{"audio":{"input":{"turn_detection":null}}}}')
    assert isinstance(event, client.SessionUpdate)
    assert event.session.audio is not None
    assert event.session.audio.input is not None
    assert event.session.audio.input.model_fields_set == {"turn_detection"}
