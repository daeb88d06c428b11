"""Whole conversations on scripted engines and a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from avatar.live.events import (
    Failed,
    PartlyUnderstood,
    PresenceChanged,
    ReplyAudio,
    ReplyDone,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Understood,
    Video,
)
from avatar.live.options import SessionOptions
from tests.unit.live.fakes import CHARACTER, KNOWN, Stage, picture_times
from tests.unit.live.playing import ANSWER, LONG, ask, play


def test_a_spoken_question_is_answered_in_order() -> None:
    scene = play(ask)
    kinds = [type(event) for _, event in scene.events]
    order = [SpeechStarted, SpeechStopped, Understood, ReplyStarted, ReplyAudio, ReplyDone]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    assert scene.said == ANSWER
    (done,) = scene.of(ReplyDone)
    assert done.status == "completed"
    assert done.text == ANSWER
    assert scene.remembered == [("您怎么看希望?", ANSWER)]


def test_the_sound_has_no_gaps_and_no_overlaps() -> None:
    scene = play(ask)
    position = 0
    for block in scene.of(ReplyAudio):
        assert block.start == position
        position += block.samples.size
    assert position == len(ANSWER) * CHARACTER == scene.of(ReplyDone)[0].length


def test_the_first_clause_sounds_while_the_rest_is_written() -> None:
    scene = play(ask)
    writing_ends = scene.when(ReplyStarted) + 0.3 + 0.05 * len(ANSWER)
    assert scene.when(ReplyAudio) < writing_ends


def test_recognition_begins_before_the_turn_is_over() -> None:
    scene = play(ask, scores=(0.1, 0.1, 0.9))
    assert len(scene.recognizer.heard) == 1
    assert scene.of(ReplyDone)[0].status == "completed"


def test_what_is_said_is_told_while_it_is_being_said() -> None:
    async def script(scene: Stage) -> None:
        await scene.speak(4.0)
        await scene.silence(10.0)

    scene = play(script, texts=("您怎么看希望?",), scores=(0.9,))
    partial = [index for index, (_, event) in enumerate(scene.events) if isinstance(event, PartlyUnderstood)]
    whole = [index for index, (_, event) in enumerate(scene.events) if isinstance(event, SpeechStopped)]
    assert partial and max(partial) < min(whole)
    assert scene.recognizer.overheard == sorted(scene.recognizer.overheard)
    assert len(scene.recognizer.heard) == 1


def test_what_was_prepared_is_void_when_the_speaker_goes_on() -> None:
    async def script(scene: Stage) -> None:
        await scene.speak(1.0)
        await scene.silence(0.4)
        await scene.speak(1.0)
        await scene.silence(10.0)

    scene = play(script, texts=("您怎么", "您怎么看希望?"), scores=(0.1, 0.9))
    assert [event.text for event in scene.of(Understood)] == ["您怎么看希望?"]
    assert len(scene.of(ReplyStarted)) == 1
    assert max(scene.recognizer.heard) > 1.5 * scene.recognizer.heard[0]


def test_speech_over_the_reply_stops_everything() -> None:
    async def script(scene: Stage) -> None:
        await scene.silence(0.5)
        await scene.speak(1.0)
        await scene.silence(2.0)
        await scene.speak(1.0)
        await scene.silence(12.0)

    scene = play(script, texts=("您怎么看希望?", "请停一下。"), answer=LONG)
    first, second = scene.of(ReplyDone)
    assert (first.status, first.reason) == ("cancelled", "turn_detected")
    assert second.status == "completed"
    stopped_at = next(index for index, (_, event) in enumerate(scene.events) if event is first)
    assert all(
        event.generation != first.generation for _, event in scene.events[stopped_at:] if isinstance(event, ReplyAudio)
    )


def test_only_what_was_heard_is_remembered() -> None:
    async def script(scene: Stage) -> None:
        await scene.silence(0.5)
        await scene.speak(1.0)
        await scene.silence(2.0)
        await scene.speak(1.0)

    scene = play(script)
    (first,) = scene.of(ReplyDone)[:1]
    (_, heard), *_ = scene.remembered
    assert 0 < len(heard) < len(ANSWER)
    assert ANSWER.startswith(heard)
    assert len(heard) <= len(first.text)


def test_a_reply_that_was_sent_but_not_yet_heard_is_remembered_as_heard() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("您怎么看希望?")
        scene.session.reply()
        await asyncio.sleep(3.0)
        assert scene.of(ReplyDone)[0].status == "completed"
        await scene.speak(1.0)

    scene = play(script)
    (_, heard), *_ = scene.remembered
    assert ANSWER.startswith(heard)
    assert 10 < len(heard) < 20


def test_the_players_report_decides_what_was_heard() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("您怎么看希望?")
        reply = scene.session.reply()
        await asyncio.sleep(3.0)
        scene.session.played(reply, 700)
        scene.session.cancel()

    scene = play(script)
    assert scene.remembered == [("您怎么看希望?", ANSWER[:4])]


def test_a_backchannel_changes_nothing() -> None:
    async def script(scene: Stage) -> None:
        await scene.silence(0.5)
        await scene.speak(1.0)
        await scene.silence(2.0)
        await scene.speak(0.26)
        await scene.silence(12.0)

    scene = play(script)
    assert [done.status for done in scene.of(ReplyDone)] == ["completed"]
    assert len(scene.of(SpeechStarted)) == 1
    assert len(scene.of(Understood)) == 1


def test_a_question_cut_in_two_by_a_false_end_is_answered_whole() -> None:
    async def script(scene: Stage) -> None:
        await scene.speak(1.0)
        await scene.silence(0.3)
        await scene.speak(1.0)
        await scene.silence(12.0)

    scene = play(script, texts=("您怎么看", "希望和青年?"))
    assert scene.remembered == [("您怎么看\n希望和青年?", ANSWER)]


def test_nothing_understood_starts_no_reply() -> None:
    scene = play(ask, texts=("",))
    assert scene.of(ReplyStarted) == []
    assert scene.of(Understood)[0].text == ""
    assert [event.presence for event in scene.of(PresenceChanged)][-1] == "idle"


def test_silence_starts_nothing() -> None:
    scene = play(lambda scene: scene.silence(20.0))
    assert scene.events == []


@pytest.mark.parametrize(
    ("texts", "answer", "replies"),
    [(("!",), ANSWER, 0), (("您怎么看希望?",), "!", 1), (("您怎么看希望?",), "希望是有的,坏的。", 1)],
    ids=["recognizer", "generator", "synthesizer"],
)
def test_a_failing_stage_is_told_once_and_the_session_lives_on(texts: Sequence[str], answer: str, replies: int) -> None:
    async def script(scene: Stage) -> None:
        await ask(scene)
        scene.recognizer.texts = ["再说一次。"]
        scene.generator.text = ANSWER
        await ask(scene)

    scene = play(script, texts=texts, answer=answer)
    assert len(scene.of(Failed)) == 1
    assert [done.status for done in scene.of(ReplyDone)][-1] == "completed"
    assert [done.error for done in scene.of(ReplyDone)][:-1] == [failed.error for failed in scene.of(Failed)][:replies]


def test_the_writing_stops_when_the_session_closes() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("您怎么看希望?")
        scene.session.reply()
        await asyncio.sleep(0.5)

    scene = play(script)
    assert scene.generator.stopped == 1
    assert scene.of(ReplyDone)[0].reason == "disconnected"


def test_the_persona_is_read_before_the_first_question() -> None:
    scene = play(lambda scene: scene.silence(0.1))
    assert scene.generator.warmed == 1


def test_pictures_follow_the_sound() -> None:
    scene = play(ask, options=SessionOptions(video=True))
    spoken = [event for event in scene.of(Video) if event.generation == 1]
    assert [event.pts_ms for event in spoken][: len(spoken)] == picture_times(len(spoken))
    assert spoken[0].packet.key
    sound_s = len(ANSWER) * 0.2
    assert len(spoken) > 25 * sound_s
    first, later = (scene.animator.told.index(f"speak {CHARACTER // 2} {count} 0") for count in (KNOWN, 9 - KNOWN))
    assert scene.animator.told.index("begin") < first < later


def test_the_face_is_alive_before_anyone_speaks() -> None:
    scene = play(lambda scene: scene.silence(4.0), options=SessionOptions(video=True))
    assert 95 <= len(scene.of(Video)) <= 110
    assert {event.generation for event in scene.of(Video)} == {0}


def test_pictures_never_run_ahead_of_their_sound() -> None:
    scene = play(ask, options=SessionOptions(video=True))
    sent = 0
    sounding = True
    for _, event in scene.events:
        if isinstance(event, ReplyAudio):
            sent += event.samples.size
        if isinstance(event, ReplyDone):
            sounding = False
        if isinstance(event, Video) and event.generation == 1 and sounding:
            assert event.pts_ms * 24 <= sent


def test_presence_goes_round() -> None:
    async def script(scene: Stage) -> None:
        await ask(scene)
        assert len(scene.of(PresenceChanged)) == 4

    scene = play(script)
    assert [event.presence for event in scene.of(PresenceChanged)] == ["listening", "thinking", "speaking", "idle"]


def test_a_session_left_while_it_speaks_ends() -> None:
    async def script(scene: Stage) -> None:
        await scene.silence(0.5)
        await scene.speak(1.0)
        await scene.silence(2.5)

    scene = play(script, options=SessionOptions(video=True))
    assert scene.of(ReplyAudio)
    assert scene.of(PresenceChanged)[-2:] == [PresenceChanged("speaking"), PresenceChanged("idle")]
