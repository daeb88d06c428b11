"""What a question follows on is weighed when the next is looked up, and never while an answer is being kept."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from avatar.dialog.cards.card import Card, to_zip
from avatar.dialog.cards.lorebook import Message
from avatar.dialog.conversation import Conversation
from avatar.dialog.folders import IMPORTED
from avatar.dialog.following import Following
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.lore import Lore
from avatar.dialog.persona import Persona
from tests.unit.dialog.fakes import HashEmbedder, ScriptedGenerator

KEPT = "@@keep_activate_after_match\n"


@pytest.fixture
def knowledge(persona: Persona, data_dir: Path) -> Knowledge:
    """Of a card with a lorebook that looks at the last message alone."""
    entries = [
        {"keys": ["桨"], "content": f"{KEPT}桨是榆木的。", "enabled": True, "insertion_order": 1},
        {"keys": ["狗"], "content": "狗叫来福。", "enabled": True, "insertion_order": 2},
    ]
    book = {"entries": entries, "extensions": {}, "scan_depth": 1}
    body = {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"name": "阿三", "character_book": book}}
    (persona.folder / IMPORTED).write_bytes(to_zip(Card(body)))
    return Knowledge.open(persona, data_dir, HashEmbedder())


@pytest.fixture
def talk(persona: Persona, knowledge: Knowledge) -> Conversation:
    return Conversation(persona, knowledge, ScriptedGenerator())


def test_keeping_an_answer_weighs_nothing(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[str] = []
    called, whole = Lore.called, Knowledge.whole

    def scanned(lore: Lore, said: Sequence[Message], matched: Counter[int]) -> dict[int, str]:
        weighed.append(threading.current_thread().name)
        return called(lore, said, matched)

    def cut(knowledge: Knowledge, question: str, previous: str) -> str:
        weighed.append(threading.current_thread().name)
        return whole(knowledge, question, previous)

    monkeypatch.setattr(Lore, "called", scanned)
    monkeypatch.setattr(Knowledge, "whole", cut)
    for _ in range(3):
        talk.remember("桨是什么木头？", "榆木。")
    assert weighed == []
    found: list[Any] = []
    worker = threading.Thread(target=lambda: found.append(talk.ground("还有呢？", "zh")), name="worker")
    worker.start()
    worker.join(20)
    assert found[0].lore == ("桨是榆木的。",) and set(weighed) == {"worker"} and len(weighed) == 3 + 3 + 2


def test_what_was_called_stays_where_the_card_wants_it(talk: Conversation) -> None:
    assert talk.ground("桨和狗呢？", "zh").lore == ("桨是榆木的。", "狗叫来福。")
    assert talk.ground("天气好吗？", "zh").lore == (), "what is only looked up was not said"
    talk.remember("桨和狗呢？", "都好。")
    talk.remember("然后呢？", "没有了。")
    assert talk.ground("天气好吗？", "zh").lore == ("桨是榆木的。",)
    talk.reset()
    assert talk.ground("天气好吗？", "zh").lore == ()


def test_the_question_before_is_made_whole_and_can_be_forgotten(knowledge: Knowledge) -> None:
    following = Following(knowledge, None)
    assert following.previous() == "" and following.called("桨呢？", ()) == ()
    following.note("渡船是什么做的？", ())
    following.note("然后呢？", ())
    assert following.previous() == "渡船是什么做的？ 然后呢？"
    following.turn_away()
    assert following.previous() == ""
    following.note("渡船是什么做的？", ())
    following.turn_away()
    following.note("然后呢？", ())
    assert following.previous() == "然后呢？"
    following.note("", ())
    assert following.previous() == ""
