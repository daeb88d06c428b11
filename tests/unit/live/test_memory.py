"""A session's memory: tidied at leisure, never beside an answer, and once more when the talk is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avatar.dialog.conversation import Conversation
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.memory.store import Memories, user_of
from avatar.dialog.persona import Persona
from avatar.live.options import SessionOptions
from avatar.live.running import T
from avatar.stages import Generator
from tests.unit.live.fakes import Labour, Stage, lu_xun
from tests.unit.live.playing import Script, play

USER = user_of("t" * 30)
LINES = "客人叫小林\n客人在杭州做木匠"


@pytest.fixture
def memories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Memories:
    """Of the persona that all scenes share; the conversations of this test have them."""
    kept = Memories(tmp_path)
    kept.wish(lu_xun()[0].id, USER, True)
    made = Conversation.__init__

    def make(conversation: Conversation, persona: Persona, knowledge: Knowledge, generator: Generator) -> None:
        made(conversation, persona, knowledge, generator, memories=kept)

    monkeypatch.setattr(Conversation, "__init__", make)
    return kept


def run(script: Script, user: str = USER) -> Stage:
    return play(script, options=SessionOptions(sound=False, user=user))


def texts(memories: Memories) -> list[str]:
    return [fact.text for fact in memories.read(lu_xun()[0].id, USER).facts]


async def told(scene: Stage, text: str = "我叫小林，在杭州做木匠。") -> None:
    scene.session.type(text)
    scene.session.reply()
    await asyncio.sleep(2)
    scene.generator.text = LINES


def test_what_was_told_is_learned_while_it_is_quiet(memories: Memories) -> None:
    async def script(scene: Stage) -> None:
        await told(scene)
        assert texts(memories) == []
        await asyncio.sleep(20)
        assert texts(memories) == ["客人叫小林", "客人在杭州做木匠"]

    run(script)


def test_it_is_written_where_nobody_waits_for_the_disk(memories: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    aside, within, learn = Labour.run, [0], memories.learn

    async def run_aside(labour: Labour, work: Callable[[], T]) -> T:
        within[0] += 1
        try:
            return await aside(labour, work)
        finally:
            within[0] -= 1

    def noted(*what: Any) -> int:
        assert within[0], "the disk is written on the event loop"
        return learn(*what)

    monkeypatch.setattr(Labour, "run", run_aside)
    monkeypatch.setattr(memories, "learn", noted)
    test_what_was_told_is_learned_while_it_is_quiet(memories)


def test_it_is_learned_after_the_talk_where_there_was_no_time(memories: Memories) -> None:
    async def script(scene: Stage) -> None:
        await told(scene)
        await scene.session.close()
        assert texts(memories) == []
        await asyncio.sleep(20)
        assert texts(memories) == ["客人叫小林", "客人在杭州做木匠"]

    run(script)


def test_a_user_may_be_told_later_and_is_then_recalled(memories: Memories) -> None:
    memories.learn(lu_xun()[0].id, USER, ["客人叫小林"])

    async def script(scene: Stage) -> None:
        warmed = scene.generator.warmed
        scene.session.configure(replace(scene.session.options, user=USER))
        await asyncio.sleep(1)
        assert scene.generator.warmed > warmed
        scene.session.type("您好。")
        scene.session.reply()
        await asyncio.sleep(10)

    prompt = run(script, user="").generator.asked[-1]
    assert any("客人叫小林" in message.content for message in prompt)


def test_nothing_is_learned_of_nobody(memories: Memories) -> None:
    async def script(scene: Stage) -> None:
        await told(scene)
        await asyncio.sleep(20)
        await scene.session.close()

    assert len(run(script, user="").generator.asked) == 1
    assert texts(memories) == []


def test_an_answer_breaks_it_off(memories: Memories) -> None:
    async def script(scene: Stage) -> None:
        await told(scene)
        scene.generator.each_after = 1.0
        await asyncio.sleep(4)
        assert scene.generator.stopped == 0 and len(scene.generator.asked) == 2
        scene.session.type("孔乙己是谁？")
        scene.session.reply()
        await asyncio.sleep(0.1)
        assert scene.generator.stopped == 1
        scene.generator.each_after = 0.01
        await asyncio.sleep(60)
        assert texts(memories) == ["客人叫小林", "客人在杭州做木匠"]

    run(script)
