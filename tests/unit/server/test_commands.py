"""What a client asks for, and what it is answered."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from avatar.live.events import Understood
from avatar.live.options import ReplyWish
from avatar.live.turns import TurnDetection
from avatar.media import SPEECH_RATE, to_pcm16
from avatar.server.commands import MAX_FRAME
from avatar.server.protocol.framing import Flag, Kind, MediaFrame
from avatar.server.translator import Translator
from tests.unit.server.fake_session import FakeSession, fake_persona, spoken_reply, tone
from tests.unit.server.wire import ask, choices, pair, refused, sent, types


def update(translator: Translator, **session: Any) -> dict[str, Any]:
    """Send a session.update; the session that is answered."""
    (answer,) = ask(translator, "session.update", session={"type": "realtime", **session})
    assert answer["type"] == "session.updated", answer
    updated: dict[str, Any] = answer["session"]
    return updated


def append(translator: Translator, data: bytes) -> list[dict[str, Any]]:
    return ask(translator, "input_audio_buffer.append", audio=base64.b64encode(data).decode())


def begun(session: FakeSession, translator: Translator) -> str:
    """Tell a whole reply; the id of its item."""
    told = [message for event in spoken_reply() for message in translator.from_session(event)]
    item_id: str = sent(told)[-1]["response"]["output"][0]["id"]
    return item_id


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


def test_sound_reaches_the_session() -> None:
    session, translator = pair()
    assert append(translator, to_pcm16(tone(0.1))) == []
    assert session.heard == 2400


def test_telephone_sound_reaches_the_session() -> None:
    session, translator = pair()
    update(translator, audio={"input": {"format": {"type": "audio/pcmu"}}})
    append(translator, b"\xff" * 8000)
    assert session.heard == pytest.approx(SPEECH_RATE, abs=2000)


@pytest.mark.parametrize("audio", ["AAA", "****", "AAAA", "AA==\n"], ids=["padding", "signs", "odd", "newline"])
def test_sound_that_is_none_is_refused(audio: str) -> None:
    session, translator = pair()
    assert refused(translator, "input_audio_buffer.append", audio=audio)["code"] == "invalid_audio"
    assert session.heard == 0


def test_sound_far_ahead_of_time_is_refused_until_time_has_passed() -> None:
    clock = [0.0]
    chosen = choices()
    session = FakeSession(fake_persona(), chosen.options)
    translator = Translator(session, chosen, now=lambda: clock[0])
    minute = to_pcm16(np.zeros(60 * SPEECH_RATE, dtype=np.float32))
    assert [append(translator, minute) for _ in range(10)] == [[]] * 10
    (answer,) = append(translator, minute)
    assert answer["error"]["code"] == "input_audio_too_fast"
    clock[0] = 60.0
    assert append(translator, minute) == []


def test_a_commit_makes_an_item() -> None:
    _, translator = pair()
    append(translator, to_pcm16(tone(0.2)))
    told = ask(translator, "input_audio_buffer.commit")
    assert [event["type"] for event in told] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert {told[0]["item_id"], told[1]["item"]["id"], told[2]["item"]["id"]} == {"item_commit"}
    (retrieved,) = ask(translator, "conversation.item.retrieve", item_id="item_commit")
    assert retrieved["item"]["content"] == [{"type": "input_audio", "transcript": None}]


def test_an_empty_commit_is_refused() -> None:
    _, translator = pair()
    assert refused(translator, "input_audio_buffer.commit")["code"] == "input_audio_buffer_commit_empty"


def test_clearing() -> None:
    session, translator = pair()
    append(translator, to_pcm16(tone(0.2)))
    assert ask(translator, "input_audio_buffer.clear")[0]["type"] == "input_audio_buffer.cleared"
    assert session.heard == 0


def test_a_typed_message_is_an_item_after_the_last() -> None:
    session, translator = pair()
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "你好"}]}
    added, done = ask(translator, "conversation.item.create", item=item)
    assert session.asked == [("type", "你好")]
    assert added["item"] == done["item"]
    assert added["item"]["content"] == [{"type": "input_text", "text": "你好"}]
    assert added["previous_item_id"] is None
    second, _ = ask(translator, "conversation.item.create", item={**item, "id": "chosen"})
    assert second["item"]["id"] == "chosen"
    assert second["previous_item_id"] == added["item"]["id"]
    assert refused(translator, "conversation.item.create", item={**item, "id": "chosen"})["code"] == "item_exists"


@pytest.mark.parametrize(
    ("item", "more", "code"),
    [
        ({"type": "message", "role": "user", "content": []}, {}, "text_empty"),
        ({"type": "message", "role": "system", "content": []}, {}, "text_empty"),
        ({"type": "message", "role": "assistant", "content": []}, {}, "text_empty"),
        ({"type": "message", "role": "wizard", "content": []}, {}, "unsupported_item"),
        ({"type": "message", "content": []}, {}, "unsupported_item"),
        ({"type": "function_call_output"}, {}, "missing_field"),
        ({"type": "function_call_output", "call_id": "call_1"}, {}, "missing_field"),
        ({"type": "function_call_output", "call_id": "x", "output": "1"}, {}, "function_call_not_found"),
        ({"type": "function_call", "call_id": "x", "name": "f", "arguments": "{}"}, {}, "unsupported_item"),
        ({"type": "message", "role": "user", "content": [{"type": "input_audio"}]}, {}, "unsupported_item"),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]},
            {"previous_item_id": "nobody"},
            "item_create_invalid_previous_item_id",
        ),
    ],
)
def test_items_that_cannot_be_added(item: dict[str, Any], more: dict[str, Any], code: str) -> None:
    session, translator = pair()
    assert refused(translator, "conversation.item.create", item=item, **more)["code"] == code
    assert session.asked == []


def test_truncating_a_reply_takes_its_words_out_of_the_item() -> None:
    session, translator = pair()
    item_id = begun(session, translator)
    (told,) = ask(translator, "conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=150)
    assert (told["type"], told["item_id"], told["audio_end_ms"]) == ("conversation.item.truncated", item_id, 150)
    assert session.asked == [("truncate", "resp_1", 150)]
    (retrieved,) = ask(translator, "conversation.item.retrieve", item_id=item_id)
    assert retrieved["item"]["content"] == [{"type": "output_audio", "transcript": None}]


def test_truncations_that_cannot_be_done() -> None:
    session, translator = pair()
    item_id = begun(session, translator)
    kind = "conversation.item.truncate"
    beyond = refused(translator, kind, item_id=item_id, audio_end_ms=5000)
    assert beyond["code"] == "item_truncate_invalid_audio_end_ms"
    assert refused(translator, kind, item_id=item_id, content_index=1, audio_end_ms=1)["code"] == "unsupported_value"
    assert refused(translator, kind, item_id="nobody", audio_end_ms=1)["code"] == "item_truncate_invalid_item_id"
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hm"}], "id": "mine"}
    ask(translator, "conversation.item.create", item=item)
    assert refused(translator, kind, item_id="mine", audio_end_ms=1)["code"] == "unsupported_item"


def test_what_is_not_there_cannot_be_retrieved_or_deleted() -> None:
    _, translator = pair()
    for kind in ("retrieve", "delete"):
        error = refused(translator, f"conversation.item.{kind}", item_id="nobody")
        assert error["code"] == f"item_{kind}_invalid_item_id"


def message(role: str, text: str, item_id: str | None = None) -> dict[str, Any]:
    """An item to be created."""
    kind = "output_text" if role == "assistant" else "input_text"
    item = {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
    return {**item, "id": item_id} if item_id else item


def test_a_history_can_be_given() -> None:
    session, translator = pair()
    for role, text in (("system", "Be brief."), ("user", "hi"), ("assistant", "hello")):
        added, done = ask(translator, "conversation.item.create", item=message(role, text))
        assert added["item"] == done["item"]
        assert added["item"]["role"] == role
        assert added["item"]["status"] == "completed"
    assert session.asked == [("note", "Be brief."), ("type", "hi"), ("recall", "hello")]


def test_words_of_sound_that_was_understood_elsewhere() -> None:
    session, translator = pair()
    content = [{"type": "input_audio", "transcript": "hi", "audio": None}]
    ask(translator, "conversation.item.create", item={"type": "message", "role": "user", "content": content})
    assert session.asked == [("type", "hi")]


def test_where_an_item_is_put() -> None:
    _, translator = pair()
    kind = "conversation.item.create"
    ask(translator, kind, item=message("user", "b", "b"))
    assert ask(translator, kind, item=message("user", "a", "a"), previous_item_id="root")[0]["previous_item_id"] is None
    assert ask(translator, kind, item=message("user", "d", "d"))[0]["previous_item_id"] == "b"
    assert ask(translator, kind, item=message("user", "c", "c"), previous_item_id="b")[1]["previous_item_id"] == "b"
    assert ask(translator, kind, item=message("user", "e", "e"))[0]["previous_item_id"] == "d"


def test_deleting_forgets() -> None:
    session, translator = pair()
    ask(translator, "conversation.item.create", item=message("user", "hi", "mine"))
    reply = begun(session, translator)
    assert [ask(translator, "conversation.item.delete", item_id=each)[0] for each in ("mine", reply)]
    assert session.asked[1:] == [("forget", "mine"), ("forget", "resp_1")]
    assert refused(translator, "conversation.item.delete", item_id="mine")["code"] == "item_delete_invalid_item_id"
    (added, _) = ask(translator, "conversation.item.create", item=message("user", "again", "mine"))
    assert added["previous_item_id"] is None


def test_a_deleted_utterance_does_not_come_back_with_its_words() -> None:
    session, translator = pair()
    append(translator, to_pcm16(tone(0.2)))
    ask(translator, "input_audio_buffer.commit")
    assert ask(translator, "conversation.item.delete", item_id="item_commit")[0]["type"] == "conversation.item.deleted"
    told = types(translator.from_session(Understood("item_commit", "你好", "zh")))
    assert "conversation.item.added" not in told
    assert session.asked == [("forget", "item_commit")]


def test_a_reply_that_is_deleted_while_it_is_given_stays_deleted() -> None:
    _, translator = pair()
    events = spoken_reply()
    told = sent([message for event in events[:5] for message in translator.from_session(event)])
    item_id = next(event["item"]["id"] for event in told if event["type"] == "conversation.item.added")
    ask(translator, "conversation.item.delete", item_id=item_id)
    rest = sent([message for event in events[5:] for message in translator.from_session(event)])
    kinds = [event["type"] for event in rest]
    assert "conversation.item.done" not in kinds
    assert "response.done" in kinds
    assert refused(translator, "conversation.item.retrieve", item_id=item_id)["code"].endswith("invalid_item_id")


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


@pytest.mark.parametrize("wished", [True, False])
def test_a_filler_may_be_wished_for_or_not(wished: bool) -> None:
    session, translator = pair()
    update(translator, avatar={"filler": not wished})
    assert update(translator, avatar={"filler": wished})["avatar"]["filler"] is wished
    update(translator, avatar={"events": True})
    assert session.options.filler is wished
