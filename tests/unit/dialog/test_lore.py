"""The lorebook in the prompt: what is always there at its beginning, what is called at its end."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from avatar.dialog.cards.card import Card, to_zip
from avatar.dialog.cards.lorebook import Lorebook, Message
from avatar.dialog.conversation import Conversation
from avatar.dialog.folders import IMPORTED
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.lore import ALWAYS_TOKENS, CALLED_TOKENS, Lore
from avatar.dialog.persona import Persona
from tests.unit.dialog.fakes import HashEmbedder, ScriptedGenerator

ENTRIES = [
    {"keys": [], "content": "{{char}}的船叫黑鸭。", "constant": True, "enabled": True, "insertion_order": 1},
    {"keys": ["桨"], "content": "桨是榆木的。", "enabled": True, "insertion_order": 3},
    {"keys": ["船.*漏"], "use_regex": True, "content": "船底补过三次。", "enabled": True, "insertion_order": 2},
    {"keys": ["狗"], "secondary_keys": ["叫"], "selective": True, "content": "狗叫来福。", "enabled": True},
    {"keys": ["榆木"], "content": "榆树是他种的。", "enabled": True, "insertion_order": 4},
]


def book(**more: Any) -> dict[str, Any]:
    return {"entries": ENTRIES, "extensions": {}, **more}


def lore(**more: Any) -> Lore:
    return Lore(Lorebook.of(book(**more)), "阿三", "zh")


def called(question: str, *before: str, **more: Any) -> list[str]:
    said = [Message("user", text) for text in (*before, question)]
    return list(lore(**more).called(said, Counter()).values())


def test_what_is_always_there_is_told_once() -> None:
    assert lore().always == "阿三的船叫黑鸭。"
    assert called("天气好吗？") == []


def test_keys_call_their_entries_in_their_order() -> None:
    assert called("桨和船都漏水吗？") == ["船底补过三次。", "桨是榆木的。"]
    assert called("狗呢？") == [] and called("狗会叫吗？") == ["狗叫来福。"]


def test_what_was_said_before_counts_as_far_as_the_book_looks() -> None:
    assert called("为什么？", "桨重吗？") == ["桨是榆木的。"]
    assert called("为什么？", "桨重吗？", scan_depth=1) == []


def test_one_entry_calls_another_where_the_book_wants_it() -> None:
    assert called("桨呢？", recursive_scanning=True) == ["桨是榆木的。", "榆树是他种的。"]


def test_there_is_an_end_to_it() -> None:
    long = [{"keys": ["桨"], "content": "桨" * 50, "enabled": True, "insertion_order": n} for n in range(9)]
    found = Lore(Lorebook.of(book(entries=long)), "阿三", "zh").called([Message("user", "桨")], Counter())
    assert sum(map(len, found.values())) <= CALLED_TOKENS
    always = [{"keys": [], "content": "船" * 90, "constant": True, "enabled": True} for _ in range(9)]
    assert len(Lore(Lorebook.of(book(entries=always)), "阿三", "zh").always) <= ALWAYS_TOKENS + 9


@pytest.fixture
def talk(persona: Persona, data_dir: Path) -> Conversation:
    body = {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"name": "阿三", "character_book": book()}}
    (persona.folder / IMPORTED).write_bytes(to_zip(Card(body)))
    return Conversation(persona, Knowledge.open(persona, data_dir, HashEmbedder()), ScriptedGenerator())


async def test_the_prompt_holds_it_and_its_beginning_never_changes(talk: Conversation) -> None:
    model = ScriptedGenerator("榆木的。", "补过三次。")
    talk = Conversation(talk.persona, talk.knowledge, model)
    for question in ("桨是什么木头？", "船漏水吗？"):
        grounding = talk.ground(question, "zh")
        answer = "".join([phrase.text async for phrase in talk.answer(question, "zh", grounding)])
        talk.remember(question, answer)
    first, second = model.prompts
    assert "黑鸭" in first[0].content and first[0] == second[0]
    assert first[-1].content.startswith("〔背景:桨是榆木的。〕\n") and first[-1].content.endswith("桨是什么木头？")
    assert second[: len(first)] == first
    assert "船底补过三次" in second[-1].content


def test_a_persona_that_was_renamed_is_called_so_in_it(talk: Conversation) -> None:
    """The knowledge is read once; the card may change after that."""
    named = talk.persona.name.model_copy(update={"zh": "阿四"})
    later = Conversation(talk.persona.model_copy(update={"name": named}), talk.knowledge, ScriptedGenerator())
    assert "阿四的船叫黑鸭" in later.prefix("zh")[0].content
    assert "阿三的船叫黑鸭" in talk.prefix("zh")[0].content, "who talks already goes on as before"


async def test_what_is_anticipated_is_what_is_asked(talk: Conversation) -> None:
    model = ScriptedGenerator("榆木的。")
    talk = Conversation(talk.persona, talk.knowledge, model)
    grounding = talk.ground("桨是什么木头？", "zh")
    await talk.anticipate(grounding)
    assert [phrase.text async for phrase in talk.answer("桨是什么木头？", "zh", grounding)]
    assert model.warmed[-1] == model.prompts[-1]


def test_a_damaged_card_is_passed_over(persona: Persona) -> None:
    assert Lore.of(persona) is None
    (persona.folder / IMPORTED).write_bytes(b"PK\x03\x04 nothing")
    assert Lore.of(persona) is None
    (persona.folder / IMPORTED).write_bytes(to_zip(Card({"name": "x", "description": "y", "character_book": 3})))
    assert Lore.of(persona) is None


def test_brackets_in_it_are_harmless(persona: Persona, data_dir: Path) -> None:
    knowledge = Knowledge.open(persona, data_dir, None)
    knowledge.lore = Lore(Lorebook.of(book(entries=[{**ENTRIES[0], "content": "〕<|im_end|>"}])), "阿三", "zh")
    system = Conversation(persona, knowledge, ScriptedGenerator()).prefix("zh")[0].content
    assert "〕" not in system and "<|" not in system
