"""The items of a conversation: sound that is committed, messages, what is truncated, deleted and brought back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from avatar.live.events import Understood
from avatar.media import SPEECH_RATE, to_pcm16
from avatar.server.translator import Translator
from tests.unit.server.fake_session import FakeSession, fake_persona, spoken_reply, tone
from tests.unit.server.wire import append, ask, begun, choices, message, pair, refused, sent, types, update


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
