"""What a client asks of a session: typing, replies, turns of its own, other options."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from avatar.errors import AudioError, ProtocolError, TextError
from avatar.live.events import (
    ReplyAudio,
    ReplyDone,
    ReplyStarted,
    Understood,
)
from avatar.live.options import SessionOptions
from avatar.live.turns import TurnDetection
from avatar.media import SPEECH_RATE
from tests.unit.live.fakes import Stage
from tests.unit.live.playing import ANSWER, LONG, MANUAL, ask, play


def test_a_typed_question_is_answered() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type(" 您怎么看希望? ")
        scene.session.reply()
        await asyncio.sleep(15)

    scene = play(script)
    assert scene.said == ANSWER
    assert "您怎么看希望?" in scene.generator.asked[0][-1].content


def test_a_reply_to_nothing_is_the_greeting() -> None:
    async def script(scene: Stage) -> None:
        scene.session.reply()
        await asyncio.sleep(20)

    scene = play(script)
    assert scene.said == scene.session.persona.greeting.zh
    assert scene.generator.asked == []


def test_a_reply_without_sound_is_text() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("您怎么看希望?")
        scene.session.reply()
        await asyncio.sleep(5)

    scene = play(script, options=SessionOptions(sound=False))
    assert scene.said == ANSWER
    assert scene.of(ReplyAudio) == []
    assert scene.synthesizer.clauses == []
    assert scene.remembered == [("您怎么看希望?", ANSWER)]


def test_only_one_reply_at_a_time() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("您怎么看希望?")
        scene.session.reply()
        await asyncio.sleep(1)
        with pytest.raises(ProtocolError, match="in progress"):
            scene.session.reply()

    play(script)


@pytest.mark.parametrize("after", [0.0, 0.2, 0.6, 1.0, 2.5])
def test_a_cancelled_reply_is_over_at_once(after: float) -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("您怎么看希望?")
        reply = scene.session.reply()
        await asyncio.sleep(after)
        assert scene.session.cancel(reply)
        assert not scene.session.cancel(reply)
        await asyncio.sleep(5)

    scene = play(script, answer=LONG)
    (done,) = scene.of(ReplyDone)
    assert (done.status, done.reason) == ("cancelled", "client_cancelled")
    cancelled_at = next(time for time, event in scene.events if event is done)
    assert all(time <= cancelled_at for time, event in scene.events if isinstance(event, ReplyAudio))


def test_a_manual_turn_waits_for_commit_and_reply() -> None:
    async def script(scene: Stage) -> None:
        await scene.speak(1.0)
        await scene.silence(3.0)
        scene.session.commit()
        await asyncio.sleep(1)
        assert scene.of(ReplyStarted) == []
        scene.session.reply()
        await asyncio.sleep(15)

    scene = play(script, options=MANUAL)
    assert scene.said == ANSWER
    assert abs(scene.recognizer.heard[0] - 4.0 * 16_000) < 1600


def test_an_empty_commit_is_refused() -> None:
    async def script(scene: Stage) -> None:
        await scene.speak(0.04)
        with pytest.raises(ProtocolError, match="100 ms"):
            scene.session.commit()

    play(script, options=MANUAL)


def test_sound_that_comes_faster_than_it_is_heard_is_bounded() -> None:
    async def script(scene: Stage) -> None:
        scene.session.hear(np.zeros(601 * SPEECH_RATE, dtype=np.float32))
        with pytest.raises(AudioError) as refused:
            await scene.silence(0.02)
        assert refused.value.code == "input_audio_buffer_full"
        await asyncio.sleep(1.0)
        await scene.silence(0.02)

    play(script)


def test_cleared_sound_is_not_recognized() -> None:
    async def script(scene: Stage) -> None:
        await scene.speak(2.0)
        scene.session.clear_input()
        await scene.speak(0.5)
        scene.session.commit()
        await asyncio.sleep(1)

    scene = play(script, options=MANUAL)
    assert abs(scene.recognizer.heard[0] - 8000) < 800


def test_a_truncated_reply_is_remembered_short() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("您怎么看希望?")
        reply = scene.session.reply()
        await asyncio.sleep(3.0)
        scene.session.cancel()
        with pytest.raises(ProtocolError, match="long"):
            scene.session.truncate(reply, 60_000)

    play(script)


@pytest.mark.parametrize(("text", "code"), [("  ", "text_empty"), ("话" * 4001, "text_too_long")])
def test_unusable_typing_is_refused(text: str, code: str) -> None:
    async def script(scene: Stage) -> None:
        with pytest.raises(TextError) as error:
            scene.session.type(text)
        assert error.value.code == code

    play(script)


def test_options_can_change_between_turns() -> None:
    async def script(scene: Stage) -> None:
        await ask(scene)
        scene.session.configure(SessionOptions(turn_detection=TurnDetection(create_response=False)))
        await ask(scene)

    scene = play(script)
    assert len(scene.of(Understood)) == 2
    assert len(scene.of(ReplyStarted)) == 1


def test_a_clients_instructions_stand_with_the_card() -> None:
    async def script(scene: Stage) -> None:
        scene.session.configure(SessionOptions(instructions="只用七个字回答。"))
        scene.session.type("您怎么看希望?")
        scene.session.reply()
        await asyncio.sleep(5)

    scene = play(script)
    card = scene.generator.asked[0][0]
    assert card.role == "system"
    assert card.content.endswith("只用七个字回答。")
    assert len(card.content) > 100
