"""What happens in a session, as a client reads it."""

from __future__ import annotations

import base64

import pytest

from avatar.errors import EngineError
from avatar.live.events import (
    CancelReason,
    Failed,
    Filled,
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
    Styled,
    Understood,
    Video,
)
from avatar.media import Packet, from_pcm16, to_pcm16
from avatar.server.narration import Outgoing
from avatar.server.protocol.framing import Flag, Kind
from avatar.server.translator import Translator
from tests.unit.server.fake_session import spoken_reply, spoken_turn, tone
from tests.unit.server.wire import ask, choices, frames, pair, sent, types


def told(translator: Translator, events: list[SessionEvent]) -> list[Outgoing]:
    return [message for event in events for message in translator.from_session(event)]


def cancelled(reply_id: str = "resp_1", reason: CancelReason = "turn_detected") -> ReplyDone:
    return ReplyDone(reply_id, 1, "cancelled", "他是", 4800, StageTimes(), reason)


def test_a_spoken_turn_has_the_documented_order() -> None:
    _, translator = pair()
    assert types(told(translator, spoken_turn() + spoken_reply())) == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio.delta",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio_transcript.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]


def test_the_ids_of_a_turn_agree() -> None:
    _, translator = pair()
    events = sent(told(translator, spoken_turn() + spoken_reply()))
    of_user = {
        event["item_id"] for event in events if event["type"].startswith(("input_audio", "conversation.item.in"))
    }
    assert of_user == {"item_user"}
    of_reply = [event for event in events if event["type"].startswith("response.") and "item_id" in event]
    assert {event["response_id"] for event in of_reply} == {"resp_1"}
    assert len({event["item_id"] for event in of_reply}) == 1
    assert {(event["output_index"], event["content_index"]) for event in of_reply} == {(0, 0)}
    added = [event for event in events if event["type"] == "conversation.item.added"]
    assert [event["previous_item_id"] for event in added] == [None, "item_user"]
    done = events[-1]["response"]
    assert done["output"][0]["id"] == added[1]["item"]["id"] == of_reply[0]["item_id"]


def test_the_transcript_comes_with_its_language_and_length() -> None:
    _, translator = pair()
    completed = sent(told(translator, spoken_turn()))[-1]
    assert completed["transcript"] == "孔乙己是谁?"
    assert completed["language"] == "zh"
    assert completed["usage"] == {"type": "duration", "seconds": 1.5}
    (retrieved,) = ask(translator, "conversation.item.retrieve", item_id="item_user")
    assert retrieved["item"]["content"] == [{"type": "input_audio", "transcript": "孔乙己是谁?"}]


def test_without_transcription_the_words_are_not_told() -> None:
    _, translator = pair(choices(transcribe=False))
    messages = told(translator, spoken_turn())
    assert types(messages)[-1] == "conversation.item.done"
    assert "孔乙己" not in str(sent(messages))


def test_silence_is_told_as_an_empty_transcript() -> None:
    _, translator = pair()
    events = told(translator, [SpeechStarted("u", 0), SpeechStopped("u", 500), Understood("u", "", "en")])
    assert types(events)[-1] == "conversation.item.input_audio_transcription.completed"
    assert sent(events)[-1]["transcript"] == ""


def test_a_mere_uh_huh_makes_no_item() -> None:
    _, translator = pair()
    events = told(translator, [SpeechStarted("u", 0), SpeechStopped("u", 300)])
    assert types(events) == ["input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"]


def test_a_committed_utterance_is_told_once() -> None:
    session, translator = pair(choices(turn_detection=None))
    ask(translator, "input_audio_buffer.append", audio=base64.b64encode(to_pcm16(tone(0.5))).decode())
    first = ask(translator, "input_audio_buffer.commit")
    later = sent(told(translator, [SpeechStopped("item_commit", 500), Understood("item_commit", "你好", "zh")]))
    assert first[0]["type"] == "input_audio_buffer.committed"
    assert [event["type"].rpartition(".")[2] for event in later] == ["delta", "completed"]
    assert later[-1]["usage"]["seconds"] == 0.5
    assert session.heard == 0


def test_sound_arrives_as_it_was() -> None:
    _, translator = pair()
    deltas = [
        base64.b64decode(event["delta"])
        for event in sent(told(translator, spoken_reply()))
        if event["type"] == "response.output_audio.delta"
    ]
    assert b"".join(deltas) == to_pcm16(tone(0.2)) * 2


@pytest.mark.parametrize("kind", ["audio/pcmu", "audio/pcma"])
def test_telephone_sound_is_as_long_and_as_loud(kind: str) -> None:
    _, translator = pair()
    ask(translator, "session.update", session={"audio": {"output": {"format": {"type": kind}}}})
    events = sent(told(translator, spoken_reply()))
    data = b"".join(base64.b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta")
    assert len(data) == 2 * 0.2 * 8000
    assert events[-1]["response"]["audio"]["output"]["format"] == {"type": kind}


def test_the_end_of_a_reply_holds_its_words() -> None:
    _, translator = pair()
    done = sent(told(translator, spoken_reply()))[-1]["response"]
    assert done["status"] == "completed"
    assert done["status_details"]["type"] == "completed"
    item = done["output"][0]
    assert item["status"] == "completed"
    assert item["content"] == [{"type": "output_audio", "transcript": "他是个读书人,穿长衫而站着喝酒。"}]


def test_a_reply_without_sound_is_text() -> None:
    _, translator = pair(choices(sound=False))
    done = ReplyDone("r", 1, "completed", "你好。", 0, StageTimes())
    events = told(translator, [ReplyStarted("r", 1, "zh"), ReplyText("r", "你好。"), done])
    assert types(events)[-7:-1] == [
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
    ]
    assert sent(events)[-1]["response"]["output"][0]["content"] == [{"type": "output_text", "text": "你好。"}]


@pytest.mark.parametrize(
    ("reason", "told_reason"),
    [
        ("turn_detected", "turn_detected"),
        ("client_cancelled", "client_cancelled"),
        ("disconnected", "client_cancelled"),
    ],
)
def test_a_cancelled_reply_says_why(reason: CancelReason, told_reason: str) -> None:
    _, translator = pair()
    events = told(translator, [*spoken_reply()[:5], cancelled(reason=reason)])
    response = sent(events)[-1]["response"]
    assert response["status"] == "cancelled"
    assert response["status_details"] == {"type": "cancelled", "reason": told_reason, "error": None}
    assert response["output"][0]["status"] == "incomplete"
    assert response["output"][0]["content"][0]["transcript"] == "他是"


def test_what_comes_late_is_not_told() -> None:
    _, translator = pair()
    told(translator, [*spoken_reply()[:5], cancelled()])
    late: list[SessionEvent] = [ReplyAudio("resp_1", 1, 9600, tone(0.1)), ReplyText("resp_1", "晚了"), cancelled()]
    assert told(translator, late) == []
    told(translator, spoken_reply("resp_2", 2)[:1])
    assert told(translator, late) == []
    assert types(told(translator, spoken_reply("resp_2", 2)[1:]))[-1] == "response.done"


def test_a_failed_reply_carries_its_error() -> None:
    _, translator = pair()
    error = EngineError("The model is out of reach.", "连不上模型。", code="llm_unreachable")
    done = ReplyDone("resp_1", 1, "failed", "", 0, StageTimes(), error=error)
    events = sent(told(translator, [*spoken_reply()[:1], Failed(error, "resp_1"), done]))
    failure = next(event for event in events if event["type"] == "error")
    assert failure["error"]["type"] == "server_error"
    assert failure["error"]["message"] == "连不上模型。"
    details = events[-1]["response"]["status_details"]
    assert details["type"] == "failed"
    assert details["error"]["code"] == "llm_unreachable"


def test_a_failure_outside_a_reply_is_an_error() -> None:
    _, translator = pair()
    assert types(told(translator, [Failed(EngineError("a", "b"))])) == ["error"]


def test_avatar_events_come_only_where_they_are_wanted() -> None:
    _, translator = pair()
    assert not [kind for kind in types(told(translator, spoken_turn() + spoken_reply())) if kind.startswith("avatar")]
    ask(translator, "session.update", session={"avatar": {"events": True}})
    events = sent(told(translator, spoken_turn("again") + spoken_reply("resp_2", 2)))
    ours = {event["type"]: event for event in events if event["type"].startswith("avatar.")}
    assert set(ours) == {"avatar.state", "avatar.reply.started", "avatar.citations", "avatar.timings"}
    assert ours["avatar.reply.started"]["generation"] == 2
    assert ours["avatar.citations"]["citations"][0] == {
        "id": "kong-1",
        "work": "孔乙己",
        "place": "第三段",
        "quote": "孔乙己是站着喝酒而穿长衫的唯一的人。",
    }
    assert ours["avatar.timings"]["first_audio_s"] == 1.2
    assert ours["avatar.timings"]["first_frame_s"] is None
    assert events[-2]["type"] == "response.done"


def test_pictures_on_the_realtime_socket_are_base64() -> None:
    _, translator = pair(choices(video=True))
    video = Video(0, 40, Packet(b"jpeg", key=True))
    (before,) = sent(told(translator, [video]))
    assert (before["type"], before["response_id"], before["pts_ms"]) == ("avatar.video.delta", None, 40)
    assert base64.b64decode(before["delta"]) == b"jpeg"
    told(translator, spoken_reply()[:1])
    (during,) = sent(told(translator, [Video(1, 0, Packet(b"x", key=False))]))
    assert (during["response_id"], during["key"], during["generation"]) == ("resp_1", False, 1)


@pytest.mark.parametrize("events", [True, False])
def test_a_held_reply_is_told_to_players_that_know_of_it(events: bool) -> None:
    _, translator = pair(choices(events=events))
    told(translator, spoken_reply()[:1])
    messages = sent(told(translator, [ReplyHeld("resp_1"), ReplyResumed("resp_1")]))
    assert [(message["type"], message["response_id"]) for message in messages] == (
        [("avatar.playback.held", "resp_1"), ("avatar.playback.resumed", "resp_1")] if events else []
    )


@pytest.mark.parametrize("events", [True, False])
def test_the_session_knows_whether_the_player_waits(events: bool) -> None:
    session, translator = pair()
    ask(translator, "session.update", session={"avatar": {"events": events}})
    assert session.options.waits is events


def test_pictures_can_be_turned_off() -> None:
    _, translator = pair(choices(video=True))
    ask(translator, "session.update", session={"avatar": {"video": False}})
    assert told(translator, [Video(0, 0, Packet(b"x", key=True))]) == []


@pytest.mark.parametrize(("codec", "kind"), [("h264", Kind.H264), ("jpeg", Kind.JPEG)])
def test_the_media_socket_sends_frames(codec: str, kind: Kind) -> None:
    _, translator = pair(choices(binary=True, events=True, video=True, codec=codec))
    messages = told(translator, spoken_reply(video=True))
    assert "response.output_audio.delta" not in types(messages)
    assert "response.output_audio_transcript.delta" in types(messages)
    sound = [frame for frame in frames(messages) if frame.kind is Kind.SPEECH]
    assert [(frame.seq, frame.pts_us, frame.flags) for frame in sound] == [
        (0, 0, Flag.NONE),
        (1, 200_000, Flag.NONE),
        (2, 400_000, Flag.END),
    ]
    assert b"".join(frame.payload for frame in sound) == to_pcm16(tone(0.2)) * 2
    assert abs(from_pcm16(sound[0].payload)).max() == pytest.approx(0.2, abs=0.01)
    pictures = [frame for frame in frames(messages) if frame.kind is kind]
    assert [frame.seq for frame in pictures] == list(range(10))
    assert [frame.flags for frame in pictures] == [Flag.KEY] + [Flag.NONE] * 9
    assert [frame.pts_us for frame in pictures] == [index * 40_000 for index in range(10)]
    assert {frame.generation for frame in frames(messages)} == {1}


def test_the_sound_of_a_cancelled_reply_ends_too() -> None:
    _, translator = pair(choices(binary=True))
    last = frames(told(translator, [*spoken_reply()[:5], cancelled()]))[-1]
    assert (last.kind, last.flags, last.payload, last.pts_us) == (Kind.SPEECH, Flag.END, b"", 200_000)


def test_presence_is_told() -> None:
    _, translator = pair(choices(events=True))
    (state,) = sent(translator.from_session(PresenceChanged("thinking")))
    assert (state["type"], state["state"]) == ("avatar.state", "thinking")


def test_errors_follow_the_language_that_is_spoken() -> None:
    _, translator = pair()
    told(translator, [Understood("u", "Who are you?", "en")])
    (answer,) = sent(translator.from_text("{}"))
    assert answer["error"]["message"] == answer["error"]["message_en"]


def test_a_filler_is_marked_and_none_of_the_words() -> None:
    _, translator = pair(choices(events=True))
    block = tone(0.5)
    filled: list[SessionEvent] = [
        Filled("resp_1", "这个么……", block.size),
        ReplyAudio("resp_1", 1, 0, block, filler=True),
    ]
    events = sent(told(translator, [*spoken_reply()[:1], *filled]))
    (filler,) = [event for event in events if event["type"] == "avatar.filler"]
    assert (filler["response_id"], filler["transcript"], filler["audio_end_ms"]) == ("resp_1", "这个么……", 500)
    assert [event["type"] for event in events[-2:]] == ["avatar.filler", "response.output_audio.delta"]
    _, strict = pair()
    assert "avatar.filler" not in types(told(strict, [*spoken_reply()[:1], *filled]))


def test_a_style_is_told_to_those_who_know_it() -> None:
    _, translator = pair(choices(events=True))
    (begun, *_) = spoken_reply()
    styled: list[SessionEvent] = [begun, Styled("resp_1", "warm", 36_000)]
    (event,) = [each for each in sent(told(translator, styled)) if each["type"] == "avatar.style"]
    assert (event["response_id"], event["style"], event["audio_start_ms"]) == ("resp_1", "warm", 1500)
    _, strict = pair()
    assert "avatar.style" not in types(told(strict, styled))


def test_pictures_that_wait_are_marked() -> None:
    _, translator = pair(choices(binary=True, events=True, video=True))
    told(translator, spoken_reply()[:5])
    video: list[SessionEvent] = [Video(1, 960, Packet(b"x", key=key), waiting=True) for key in (True, False)]
    pictures = frames(told(translator, video))
    assert [frame.flags for frame in pictures] == [Flag.KEY | Flag.WAITING, Flag.WAITING]
    assert [frame.pts_us for frame in pictures] == [960_000] * 2
    _, json = pair(choices(events=True, video=True))
    told(json, spoken_reply()[:5])
    assert [event["waiting"] for event in sent(told(json, [*video, Video(1, 1000, Packet(b"x", key=False))]))] == [
        True,
        True,
        False,
    ]
