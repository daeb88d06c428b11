"""The opening of a session, and its updates: what they change, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from avatar.live.turns import TurnDetection
from tests.unit.server.wire import begun, choices, pair, refused, sent, update


def test_the_opening_shows_the_whole_session() -> None:
    _, translator = pair()
    created, conversation = sent(translator.opening())
    assert created["type"] == "session.created"
    assert conversation["conversation"]["id"].startswith("conv_")
    session = created["session"]
    assert session["type"] == "realtime"
    assert session["object"] == "realtime.session"
    assert session["output_modalities"] == ["audio"]
    assert session["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert session["audio"]["input"]["turn_detection"]["type"] == "semantic_vad"
    assert session["audio"]["output"] == {
        "format": {"type": "audio/pcm", "rate": 24000},
        "voice": "luxun",
        "speed": 1.0,
    }
    assert session["max_output_tokens"] == "inf"
    assert session["avatar"]["ai_generated"] is True


def test_the_opening_of_a_player_says_that_the_face_is_ready() -> None:
    _, translator = pair(choices(binary=True, events=True, video=True, size=256, codec="jpeg"))
    ready, state = sent(translator.opening())[2:]
    assert {key: ready[key] for key in ("type", "persona", "codec", "size", "generation")} == {
        "type": "avatar.ready",
        "persona": "luxun",
        "codec": "jpeg",
        "size": 256,
        "generation": 0,
    }
    assert state["state"] == "idle"


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    session, translator = pair()
    updated = update(
        translator,
        instructions="Be brief.",
        max_output_tokens=99,
        audio={
            "input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 700}},
            "output": {"voice": {"id": "af_heart"}, "speed": 1.25},
        },
    )
    assert session.options.turn_detection == TurnDetection("server_vad", silence_ms=700)
    assert (session.options.voice, session.options.speed) == ("af_heart", 1.25)
    assert (session.options.instructions, session.options.max_tokens) == ("Be brief.", 99)
    assert updated["audio"]["output"]["voice"] == "af_heart"
    assert updated["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 700
    before = session.options
    update(translator, max_output_tokens="inf")
    assert session.options == replace(before, max_tokens=None)


def test_null_turns_things_off() -> None:
    session, translator = pair()
    updated = update(translator, audio={"input": {"turn_detection": None, "transcription": None}})
    assert session.options.turn_detection is None
    assert session.options.transcribe is False
    assert updated["audio"]["input"]["turn_detection"] is None
    assert updated["audio"]["input"]["transcription"] is None


def test_text_only_and_language() -> None:
    session, translator = pair()
    updated = update(
        translator,
        output_modalities=["text"],
        audio={"input": {"transcription": {"model": "whisper-1", "language": "zh-CN"}}},
    )
    assert session.options.sound is False
    assert session.options.language == "zh"
    assert updated["output_modalities"] == ["text"]


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"modalities": ["audio"]}, "beta_shape"),
        ({"input_audio_format": "pcm16"}, "beta_shape"),
        ({"tools": [{"type": "mcp", "server_label": "x"}]}, "invalid_value"),
        ({"tools": [{"type": "function", "name": "two words"}]}, "invalid_value"),
        ({"tools": [{"type": "function", "name": "f"}, {"type": "function", "name": "f"}]}, "invalid_value"),
        ({"tools": [{"type": "function", "name": "f", "parameters": {"x": "y" * 64_000}}]}, "invalid_value"),
        ({"tool_choice": {"type": "function", "name": "f"}}, "invalid_value"),
        ({"tool_choice": "always"}, "invalid_value"),
        ({"audio": {"input": {"transcription": {"language": "fr"}}}}, "unsupported_value"),
        ({"avatar": {"video": True}}, "unsupported_value"),
        ({"audio": {"output": {"speed": 5}}}, "invalid_value"),
    ],
)
def test_an_update_that_cannot_be_done_changes_nothing(patch: dict[str, Any], code: str) -> None:
    session, translator = pair()
    before = session.options
    error = refused(translator, "session.update", session={"instructions": "new", **patch})
    assert error["code"] == code
    assert error["type"] == "invalid_request_error"
    assert error["param"].startswith("session.")
    assert session.options == before
    assert session.asked == []


def test_the_media_socket_keeps_its_format() -> None:
    _, translator = pair(choices(binary=True))
    for side in ("input", "output"):
        patch = {"audio": {side: {"format": {"type": "audio/pcmu"}}}}
        assert refused(translator, "session.update", session=patch)["code"] == "unsupported_value"


def test_the_voice_is_fixed_once_it_was_heard() -> None:
    session, translator = pair()
    begun(session, translator)
    patch = {"audio": {"output": {"voice": "af_heart"}}}
    assert refused(translator, "session.update", session=patch)["code"] == "cannot_update_voice"
    update(translator, audio={"output": {"voice": "luxun"}})


def test_events_can_be_asked_for() -> None:
    _, translator = pair()
    assert update(translator, avatar={"events": True})["avatar"]["events"] is True


@pytest.mark.parametrize("wished", [True, False])
def test_a_filler_may_be_wished_for_or_not(wished: bool) -> None:
    session, translator = pair()
    update(translator, avatar={"filler": not wished})
    assert update(translator, avatar={"filler": wished})["avatar"]["filler"] is wished
    update(translator, avatar={"events": True})
    assert session.options.filler is wished
