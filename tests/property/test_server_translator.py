"""Whatever a session and a client do, and in whatever order, the wire keeps its grammar."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.errors import EngineError
from avatar.live.events import (
    Called,
    Cited,
    Failed,
    PresenceChanged,
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyResumed,
    ReplyStarted,
    ReplyText,
    SessionEvent,
    SpeechStarted,
    SpeechStopped,
    StageTimes,
    Understood,
    Video,
)
from avatar.media import Packet
from avatar.server.narration import Outgoing
from avatar.server.protocol.framing import Kind, unpack
from avatar.server.translator import Translator
from avatar.stages import FunctionCall
from tests.unit.server.fake_session import FakeSession, fake_persona, tone
from tests.unit.server.wire import choices, frames, sent

PERSONA = fake_persona()
BLOCK = tone(0.02)
REPLIES = st.sampled_from(["resp_a", "resp_b"])
UTTERANCES = st.sampled_from(["item_a", "item_b", "item_commit"])
TIMES = st.integers(0, 10_000)
CALLS = st.builds(FunctionCall, st.sampled_from(["call_1", "call_2"]), st.just("f"), st.just("{}"))
GENERATIONS = st.integers(0, 70_000)

HAPPENINGS: st.SearchStrategy[SessionEvent] = st.one_of(
    st.builds(SpeechStarted, UTTERANCES, TIMES),
    st.builds(SpeechStopped, UTTERANCES, TIMES),
    st.builds(Understood, UTTERANCES, st.text(max_size=5), st.sampled_from(["zh", "en"])),
    st.builds(ReplyStarted, REPLIES, GENERATIONS, st.sampled_from(["zh", "en"])),
    st.builds(Cited, REPLIES, st.just(())),
    st.builds(Called, REPLIES, st.lists(CALLS, max_size=3).map(tuple)),
    st.builds(ReplyHeld, REPLIES),
    st.builds(ReplyResumed, REPLIES),
    st.builds(ReplyText, REPLIES, st.text(max_size=5)),
    st.builds(ReplyAudio, REPLIES, GENERATIONS, TIMES, st.just(BLOCK)),
    st.builds(Video, GENERATIONS, TIMES, st.builds(Packet, st.binary(max_size=5), st.booleans())),
    st.builds(
        ReplyDone,
        REPLIES,
        GENERATIONS,
        st.sampled_from(["completed", "cancelled", "failed"]),
        st.text(max_size=5),
        TIMES,
        st.just(StageTimes()),
        st.sampled_from([None, "turn_detected", "client_cancelled", "disconnected"]),
        st.sampled_from([None, EngineError("It failed.", "失败了。")]),
    ),
    st.builds(PresenceChanged, st.sampled_from(["idle", "speaking"])),
    st.builds(Failed, st.just(EngineError("It failed.", "失败了。")), st.none() | REPLIES),
)

WISHES = st.sampled_from(
    [
        {"type": "session.update", "session": {"output_modalities": ["text"]}},
        {"type": "session.update", "session": {"audio": {"output": {"format": {"type": "audio/pcmu"}}}}},
        {"type": "session.update", "session": {"audio": {"input": {"transcription": None}}}},
        {"type": "session.update", "session": {"avatar": {"events": True, "video": True}}},
        {"type": "input_audio_buffer.append", "audio": "AAAA" * 2000},
        {"type": "input_audio_buffer.commit"},
        {"type": "input_audio_buffer.clear"},
        {"type": "output_audio_buffer.clear"},
        {"type": "response.create"},
        {"type": "response.create", "response": {"conversation": "none", "output_modalities": ["text"]}},
        {
            "type": "conversation.item.create",
            "item": {"type": "function_call_output", "call_id": "call_1", "output": ""},
        },
        {"type": "response.cancel"},
        {"type": "conversation.item.retrieve", "item_id": "item_a"},
        {"type": "conversation.item.truncate", "item_id": "item_a", "audio_end_ms": 1},
        {
            "type": "conversation.item.create",
            "item": {
                "id": "item_a",
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "hi"}],
            },
        },
        {"type": "nonsense"},
    ]
)

STEPS = st.lists(HAPPENINGS | WISHES, max_size=40)


def played(steps: list[SessionEvent | dict[str, Any]], *, binary: bool) -> list[Outgoing]:
    """Everything that a client is sent."""
    chosen = choices(binary=binary, events=binary, video=True)
    translator = Translator(FakeSession(PERSONA, chosen.options), chosen)
    told: list[Outgoing] = translator.opening()
    for step in steps:
        told += translator.from_text(json.dumps(step)) if isinstance(step, dict) else translator.from_session(step)
    return told


@settings(deadline=None)
@given(STEPS, st.booleans())
def test_every_part_of_a_reply_lies_between_its_beginning_and_its_end(
    steps: list[SessionEvent | dict[str, Any]], binary: bool
) -> None:
    open_reply: str | None = None
    items: list[str] = []
    for event in sent(played(steps, binary=binary)):
        kind: str = event["type"]
        if kind == "response.created":
            open_reply, items = event["response"]["id"], []
        elif kind == "response.output_item.added":
            assert event["output_index"] == len(items)
            items.append(event["item"]["id"])
        elif kind == "response.done":
            assert event["response"]["id"] == open_reply
            assert [item["id"] for item in event["response"]["output"]] == items
            open_reply = None
        elif kind.startswith("response."):
            assert event["response_id"] == open_reply
            assert event.get("item_id", items[-1]) in items


@settings(deadline=None)
@given(STEPS)
def test_items_are_told_once_and_in_a_chain(steps: list[SessionEvent | dict[str, Any]]) -> None:
    added = [event for event in sent(played(steps, binary=False)) if event["type"] == "conversation.item.added"]
    ids = [event["item"]["id"] for event in added]
    assert len(set(ids)) == len(ids)
    assert [event["previous_item_id"] for event in added] == [None, *ids][: len(ids)]


@settings(deadline=None)
@given(STEPS)
def test_frames_count_without_gaps_and_can_be_read(steps: list[SessionEvent | dict[str, Any]]) -> None:
    told = frames(played(steps, binary=True))
    for kind in Kind:
        seqs = [frame.seq for frame in told if frame.kind is kind]
        assert seqs == list(range(len(seqs)))
    assert all(unpack(frame.pack()) == frame for frame in told)


PLACES = st.none() | st.sampled_from(["root", "a", "b", "c", "d"])
CHANGES = st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "b", "c", "d"]), PLACES), max_size=30)


@settings(deadline=None)
@given(CHANGES)
def test_the_list_of_items_is_the_one_that_the_events_tell_of(changes: list[tuple[bool, str, str | None]]) -> None:
    chosen = choices()
    translator = Translator(FakeSession(PERSONA, chosen.options), chosen)
    listed: list[str] = []
    for creates, item_id, place in changes:
        item = {"id": item_id, "type": "message", "role": "user", "content": [{"type": "text", "text": "x"}]}
        create = {"type": "conversation.item.create", "item": item, "previous_item_id": place}
        delete = {"type": "conversation.item.delete", "item_id": item_id}
        told, *_ = sent(translator.from_text(json.dumps(create if creates else delete)))
        if told["type"] == "conversation.item.deleted":
            listed.remove(item_id)
        elif told["type"] == "conversation.item.added":
            before = told["previous_item_id"]
            assert before == {None: listed[-1] if listed else None, "root": None}.get(place, place)
            listed.insert(0 if before is None else listed.index(before) + 1, item_id)
        else:
            assert (item_id in listed) if creates and place in (None, "root", *listed) else True
            assert creates or item_id not in listed
