"""What came after a persona's time."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.dialog.conversation import Conversation
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.later import later
from avatar.dialog.passage import Grounding
from avatar.dialog.persona import Persona, load_persona
from tests.unit.dialog.fakes import ScriptedGenerator


@pytest.mark.parametrize(
    "question",
    [
        "2022年世界杯冠军是谁？",
        "1949 年发生了什么？",
        "您怎么看智能手机？",
        "您会用Python写一个排序算法吗？",
        "年轻人都在刷短视频，您觉得好不好？",
        "二十一世纪会怎样？",
        "What do you think of electric cars?",
        "What happened in 1969?",
        "Do you use the Internet?",
        "现在的美国总统是谁？",
        "今天天气怎么样？",
        "What is the latest news?",
        "帮我写一段SQL。",
        "您怎么看AI写小说？",
    ],
)
def test_what_came_later(question: str) -> None:
    assert later(question, 1936)


@pytest.mark.parametrize(
    "question",
    [
        "1919年您在哪里？",
        "渔网上有几条鱼？",
        "您坐过火车吗？",
        "孔乙己欠十九个钱？",
        "Have you been to Java?",
        "What happened in 1919?",
        "He owes me 2000 coins.",
        "Did you see 1984 stars?",
        "今天天气真好，您喜欢秋天吗？",
        "当时的总统是谁？",
        "What did you aim at?",
    ],
)
def test_what_did_not(question: str) -> None:
    assert not later(question, 1936)


def test_a_later_persona_has_heard_of_more() -> None:
    assert later("您看电视吗？", 1936) and not later("您看电视吗？", 1980)
    assert later("您用手机吗？", 1980) and not later("您用手机吗？", 2020)


ASKED = "您怎么看智能手机？"


class Large(ScriptedGenerator):
    parameters = 7e9


async def said(conversation: Conversation, grounding: Grounding) -> str:
    return "".join([phrase.text async for phrase in conversation.answer(grounding.question, "zh", grounding)])


async def test_a_small_model_is_not_asked_what_came_later(persona: Persona, knowledge: Knowledge) -> None:
    model = ScriptedGenerator("手机是好东西。", "手机是好东西。")
    old = persona.model_copy(update={"knows_until": 1936})
    asked = Grounding(ASKED, "zh")
    assert await said(Conversation(persona, knowledge, model), asked) == "手机是好东西。"
    assert "没有听说过" in await said(Conversation(old, knowledge, model), asked)
    assert len(model.prompts) == 1


async def test_a_large_one_is_told(persona: Persona, knowledge: Knowledge) -> None:
    model = Large("手机？不懂。")
    old = persona.model_copy(update={"knows_until": 1936})
    assert await said(Conversation(old, knowledge, model), Grounding(ASKED, "zh")) == "手机？不懂。"
    assert "没有听说过" in model.prompts[0][-1].content


async def test_its_texts_may_speak_of_it(persona: Persona, knowledge: Knowledge) -> None:
    old = persona.model_copy(update={"knows_until": 1936})
    knowledge.add("渡口的人都买了智能手机，船夫也有一部智能手机。".encode(), "渡口新事.txt")
    talk = Conversation(old, knowledge, ScriptedGenerator("有一部。"))
    assert await said(talk, talk.ground(ASKED, "zh")) == "有一部。"


def test_lu_xun_knows_the_world_until_his_death(tmp_path: Path) -> None:
    assert load_persona("luxun", tmp_path).knows_until == 1936
