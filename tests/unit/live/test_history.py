"""What a session remembers: given, forgotten, noted; replies with wishes of their own; a client that was away."""

from __future__ import annotations

import asyncio

import pytest

from avatar.errors import TextError
from avatar.live.events import ReplyAudio, ReplyDone, ReplyStarted, Video
from avatar.live.inbox import MAX_WAITING
from avatar.live.options import ReplyWish, SessionOptions
from tests.unit.live.fakes import Stage
from tests.unit.live.playing import ANSWER, Script, play

WRITTEN = SessionOptions(sound=False)


def prompt(scene: Stage, index: int = -1) -> list[str]:
    """What the model was given."""
    return [message.content for message in scene.generator.asked[index]]


async def answered(scene: Stage) -> None:
    """Ask for a reply and wait for its end."""
    scene.session.reply()
    await asyncio.sleep(20)


def run(script: Script, options: SessionOptions = WRITTEN) -> Stage:
    """Run a script against a session that writes."""
    return play(script, options=options)


def test_a_history_that_was_given_is_put_before_the_model() -> None:
    async def script(scene: Stage) -> None:
        scene.session.note("Answer in rhymes.")
        scene.session.type("第一问")
        scene.session.recall("第一答。")
        scene.session.recall("无问之答。")
        scene.session.type("第二问")
        await answered(scene)

    said = prompt(run(script))
    assert said[said.index("第一问") + 1] == "第一答。"
    assert "无问之答。" in said
    assert said[-1].endswith("第二问")
    assert "Answer in rhymes." in said[0]


def test_what_is_forgotten_is_not() -> None:
    async def script(scene: Stage) -> None:
        session = scene.session
        note = session.note("Answer in rhymes.")
        session.type("甲问", "a")
        session.type("乙问", "b")
        session.recall("甲乙答。", "c")
        session.type("丙问", "d")
        session.type("丁问", "e")
        for item in (note, "a", "d", "nobody"):
            session.forget(item)
        await answered(scene)

    said = prompt(run(script))
    assert "rhymes" not in said[0]
    assert said[said.index("乙问") + 1] == "甲乙答。"
    assert said[-1].endswith("丁问")
    assert not any("甲问" in text or "丙问" in text for text in said)


def test_an_exchange_of_which_all_is_forgotten_leaves_nothing() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("甲问", "a")
        reply = scene.session.reply()
        await asyncio.sleep(0.5)
        scene.session.forget(reply)
        await asyncio.sleep(20)
        scene.session.forget("a")
        scene.session.type("乙问")
        await answered(scene)

    scene = run(script)
    assert len(prompt(scene, 0)) == len(prompt(scene, 1))
    assert not any("甲问" in text or text == ANSWER for text in prompt(scene))


def test_a_spoken_question_can_be_forgotten_before_it_is_answered() -> None:
    async def script(scene: Stage) -> None:
        await scene.silence(0.3)
        await scene.speak(1.0)
        utterance = scene.session.commit()
        await scene.silence(0.5)
        scene.session.forget(utterance)
        scene.session.type("只问这个")
        await answered(scene)

    scene = run(script, SessionOptions(sound=False, turn_detection=None))
    assert prompt(scene)[-1].endswith("只问这个")
    assert "您怎么看" not in prompt(scene)[-1]


def test_instructions_of_one_reply_hold_for_that_one() -> None:
    async def script(scene: Stage) -> None:
        scene.session.reply(ReplyWish(instructions="Greet in French.", max_tokens=7))
        await asyncio.sleep(20)
        scene.session.type("第二问")
        await answered(scene)

    scene = run(script)
    assert prompt(scene, 0)[-1] == "Greet in French."
    assert scene.said == 2 * ANSWER
    assert not any("French" in text for text in prompt(scene, 1))
    assert ANSWER in prompt(scene, 1)


def test_one_reply_may_be_spoken_and_another_written() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("一")
        scene.session.reply(ReplyWish(sound=True))
        await asyncio.sleep(20)
        scene.session.type("二")
        await answered(scene)

    scene = run(script)
    spoken, written = (event.length for event in scene.of(ReplyDone))
    assert spoken > 0
    assert written == 0


def test_a_reply_apart_takes_nothing_and_leaves_nothing() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("从前", "past")
        scene.session.recall("往事。")
        scene.session.type("等着的问题")
        scene.session.reply(ReplyWish(apart=True, question="另一个问题"))
        await asyncio.sleep(20)
        scene.session.reply(ReplyWish(apart=True, instructions="Sum up."))
        await asyncio.sleep(20)
        await answered(scene)

    scene = run(script)
    other, summary, last = (prompt(scene, index) for index in range(3))
    assert other[-1].endswith("另一个问题")
    assert "往事。" not in other
    assert "往事。" in summary
    assert summary[-1] == "Sum up."
    assert last[-1].endswith("等着的问题")
    assert not any("另一个" in text or text == ANSWER for text in last)


def test_no_more_waits_than_there_is_room_for() -> None:
    async def script(scene: Stage) -> None:
        for index in range(MAX_WAITING):
            scene.session.type(f"问 {index}")
            scene.session.note(f"记 {index}")
        for write in (scene.session.type, scene.session.note):
            with pytest.raises(TextError) as caught:
                write("还有")
            assert caught.value.code == "too_many_messages"

    run(script)


def test_a_reply_of_which_nothing_was_heard_begins_again_when_the_client_is_back() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("您怎么看?")
        scene.session.reply()
        await asyncio.sleep(0.1)
        scene.session.suspend()
        await asyncio.sleep(30)
        scene.session.resume()
        await asyncio.sleep(20)

    scene = run(script)
    assert [event.status for event in scene.of(ReplyDone)] == ["cancelled", "completed"]
    assert [event.generation for event in scene.of(ReplyStarted)] == [1, 2]
    assert scene.remembered == [("您怎么看?", ANSWER)]


def test_a_reply_that_was_partly_heard_stays_so() -> None:
    async def script(scene: Stage) -> None:
        scene.session.type("您怎么看?")
        reply = scene.session.reply()
        await asyncio.sleep(3)
        scene.session.played(reply, 1000)
        scene.session.suspend()
        await asyncio.sleep(30)
        scene.session.resume()
        await asyncio.sleep(20)

    scene = run(script, SessionOptions())
    assert len(scene.of(ReplyStarted)) == 1
    assert scene.remembered == [("您怎么看?", ANSWER[:5])]


def test_the_question_of_a_lost_client_waits_for_it() -> None:
    async def script(scene: Stage) -> None:
        await scene.silence(0.3)
        await scene.speak(1.0)
        await scene.silence(0.1)
        scene.session.suspend()
        await asyncio.sleep(30)
        scene.session.resume()
        await scene.silence(15)

    scene = run(script, SessionOptions())
    assert scene.of(ReplyAudio) == []
    assert scene.remembered == []


def test_no_pictures_are_drawn_for_a_client_that_is_away() -> None:
    async def script(scene: Stage) -> None:
        await asyncio.sleep(1)
        scene.session.suspend()
        await asyncio.sleep(0.1)
        drawn = scene.animator.drawn
        await asyncio.sleep(30)
        assert scene.animator.drawn == drawn
        scene.session.resume()
        await asyncio.sleep(1)
        assert drawn + 20 <= scene.animator.drawn <= drawn + 32

    scene = run(script, SessionOptions(video=True))
    assert scene.animator.skipped == 0
    assert any(event.packet.key for event in scene.of(Video)[20:40])
