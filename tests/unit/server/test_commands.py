"""What a client asks of replies, and what it is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from avatar.live.options import ReplyWish
from avatar.media import to_pcm16
from avatar.server.commands import MAX_FRAME
from avatar.server.protocol.framing import Flag, Kind, MediaFrame
from tests.unit.server.fake_session import spoken_reply, tone
from tests.unit.server.wire import ask, begun, choices, message, pair, refused, sent, types, update


def test_a_reply_carries_the_metadata_that_it_was_asked_with() -> None:
    session, translator = pair()
    assert ask(translator, "response.create", response={"metadata": {"topic": "1"}}) == []
    created = sent(translator.from_session(spoken_reply("resp_1")[0]))[0]
    assert created["response"]["metadata"] == {"topic": "1"}
    assert sent(translator.from_session(spoken_reply("resp_2")[0]))[0]["response"]["metadata"] is None
    assert session.asked == []


def test_a_reply_may_have_wishes_of_its_own() -> None:
    session, translator = pair()
    wish = {"instructions": "Greet.", "output_modalities": ["text"], "max_output_tokens": 20}
    assert ask(translator, "response.create", response=wish) == []
    assert session.asked == [("reply", ReplyWish("Greet.", sound=False, max_tokens=20))]
    told = sent([message for event in spoken_reply() for message in translator.from_session(event)])
    created = told[0]["response"]
    assert (created["output_modalities"], created["max_output_tokens"]) == (["text"], 20)
    assert "response.output_text.delta" in [event["type"] for event in told]
    again = sent([message for event in spoken_reply("resp_2", 2) for message in translator.from_session(event)])
    assert again[0]["response"]["output_modalities"] == ["audio"]


def test_a_reply_apart_is_no_item() -> None:
    session, translator = pair()
    wish = {"conversation": "none", "input": [message("user", "one"), message("user", "two")]}
    assert ask(translator, "response.create", response=wish) == []
    assert session.asked == [("reply", ReplyWish(apart=True, question="one\ntwo"))]
    told = sent([message for event in spoken_reply() for message in translator.from_session(event)])
    assert told[0]["response"]["conversation_id"] is None
    assert [event for event in told if event["type"].startswith("conversation.item")] == []
    item_id = told[-1]["response"]["output"][0]["id"]
    assert refused(translator, "conversation.item.retrieve", item_id=item_id)["code"].endswith("invalid_item_id")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"input": [message("user", "x")]}, "unsupported_value"),
        ({"tools": [{}]}, "missing_field"),
        ({"tool_choice": {"type": "function", "name": "f"}}, "invalid_value"),
        ({"conversation": "none", "input": [{"type": "item_reference", "id": "x"}]}, "unsupported_item"),
        ({"conversation": "mine"}, "invalid_value"),
        ({"max_output_tokens": 0}, "invalid_value"),
    ],
)
def test_wishes_that_cannot_be_met(wish: dict[str, Any], code: str) -> None:
    session, translator = pair()
    assert refused(translator, "response.create", response=wish)["code"] == code
    assert session.asked == []


def test_a_voice_of_openai_stands_for_the_personas_own() -> None:
    session, translator = pair()
    update(translator, audio={"output": {"voice": "af_heart"}})
    assert update(translator, audio={"output": {"voice": "marin"}})["audio"]["output"]["voice"] == "luxun"
    assert session.options.voice is None
    begun(session, translator)
    assert update(translator, audio={"output": {"voice": "alloy"}})["audio"]["output"]["voice"] == "luxun"


def test_two_replies_at_once_are_refused() -> None:
    session, translator = pair()
    session._active = "resp_0"
    assert refused(translator, "response.create")["code"] == "conversation_already_has_active_response"


def test_cancelling() -> None:
    session, translator = pair()
    session._active = "resp_1"
    assert ask(translator, "response.cancel", response_id="resp_1") == []
    assert session.asked == [("cancel", "resp_1")]
    assert refused(translator, "response.cancel")["code"] == "response_cancel_not_active"


def test_clearing_the_output_cancels_the_reply() -> None:
    session, translator = pair()
    translator.from_session(spoken_reply()[0])
    (told,) = ask(translator, "output_audio_buffer.clear")
    assert (told["type"], told["response_id"]) == ("output_audio_buffer.cleared", "resp_1")
    assert session.asked == [("cancel", None)]


def test_a_player_reports_and_asks_for_key_frames() -> None:
    session, translator = pair()
    assert ask(translator, "avatar.played", response_id="resp_1", audio_end_ms=120) == []
    assert ask(translator, "avatar.keyframe") == []
    assert session.asked == [("played", "resp_1", 120), ("request_key_frame",)]


def test_microphone_frames() -> None:
    session, translator = pair(choices(binary=True))
    frame = MediaFrame(Kind.MICROPHONE, Flag.NONE, 0, 0, 0, to_pcm16(tone(0.1)))
    assert translator.from_binary(frame.pack()) == []
    assert session.heard == 2400


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"short", "invalid_frame"),
        (MediaFrame(Kind.H264, Flag.KEY, 0, 0, 0, b"").pack(), "invalid_frame"),
        (MediaFrame(Kind.MICROPHONE, Flag.NONE, 0, 0, 0, b"\0" * MAX_FRAME).pack(), "invalid_frame"),
        (MediaFrame(Kind.MICROPHONE, Flag.NONE, 0, 0, 0, b"\0").pack(), "invalid_audio"),
    ],
    ids=["short", "picture", "too large", "odd"],
)
def test_frames_that_are_none(data: bytes, code: str) -> None:
    session, translator = pair(choices(binary=True))
    (answer,) = sent(translator.from_binary(data))
    assert answer["error"]["code"] == code
    assert session.heard == 0


def test_the_realtime_socket_takes_no_frames() -> None:
    _, translator = pair()
    assert types(translator.from_binary(b"\0" * 20)) == ["error"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_errors_speak_the_language_of_the_conversation(language: Any) -> None:
    _, translator = pair(choices(language=language))
    (answer,) = sent(translator.from_text("no json"))
    assert answer["error"]["message"] == answer["error"][f"message_{language}"]
    assert answer["error"]["event_id"] is None


def test_every_event_has_an_id_of_its_own() -> None:
    session, translator = pair()
    told = [event for _ in range(50) for event in sent(translator.from_text("{}"))]
    told += sent([message for event in spoken_reply() for message in translator.from_session(event)])
    assert len({event["event_id"] for event in told}) == len(told)
    assert json.dumps(session.asked) == "[]"


def test_a_client_that_can_hear_is_greeted() -> None:
    session, translator = pair()
    assert ask(translator, "avatar.greet") == []
    assert ask(translator, "avatar.greet", language="en-GB") == []
    assert session.asked == [("greet", None), ("greet", "en")]
    (refused,) = ask(translator, "avatar.greet", language="fr")
    assert refused["error"]["code"] == "unsupported_value"
