"""The guard: clauses pass as soon as they are whole, and nothing passes after a break."""

from __future__ import annotations

import pytest

from avatar.dialog.character import Character
from avatar.dialog.guard import Break, Guard, hint
from avatar.dialog.persona import Persona
from avatar.errors import Language


def judged(persona: Persona, text: str, language: Language = "zh") -> tuple[list[str], Guard]:
    guard = Guard(Character(persona), language)
    passed = [clause for piece in text for clause in guard.push(piece)]
    return passed + guard.flush(), guard


def judged_on(guard: Guard, text: str) -> tuple[list[str], Break | None]:
    """What passes of the next piece, and what is then wrong with the answer."""
    return guard.push(text), guard.broken


def test_clauses_pass_one_by_one(persona: Persona) -> None:
    passed, guard = judged(persona, "河很深，桨也够不到底。夏天更深。")
    assert passed == ["河很深，", "桨也够不到底。", "夏天更深。"]
    assert guard.broken is None and guard.may_end


def test_a_clause_passes_with_its_last_character(persona: Persona) -> None:
    guard = Guard(Character(persona), "zh")
    assert guard.push("河很") == []
    assert guard.push("深，桨") == ["河很深，"]


def test_decimals_and_abbreviations_do_not_end_an_english_clause(persona: Persona) -> None:
    passed, _ = judged(persona, "It is 3.5 miles, no more. Go on.", "en")
    assert passed == ["It is 3.5 miles, ", "no more. ", "Go on."]


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("作为一个AI语言模型，我没有感情。", "zh", "identity"),
        ("I am ChatGPT, a model.", "en", "identity"),
        ("The river is deep indeed, my friend.", "zh", "language"),
        ("Sorry, I cannot say. ", "zh", "language"),
        ("河很深，桨够不到。", "en", "language"),
        ("没有，it is deep.", "en", "language"),
        ("I am a copy of阿三,", "zh", "language"),
        ("You are阿三，", "zh", "language"),
        ("potato " * 12, "en", "loop"),
        ("我的训练数据到去年为止。", "zh", "identity"),
        ("Река глубока. ", "en", "language"),
        ("1. 水很深。\n2. 船很旧。", "zh", "form"),
        ("- deep water\n- old boat\n", "en", "form"),
        ("〔记得：水很深〕", "zh", "form"),
        ("<|im_start|>assistant\n", "zh", "form"),
    ],
)
def test_the_first_clause_that_breaks_is_withheld(
    text: str, language: Language, reason: Break, persona: Persona
) -> None:
    passed, guard = judged(persona, text, language)
    assert passed == [] and guard.broken == reason
    assert guard.push("好的，") == [] and guard.flush() == []


def test_a_name_may_be_foreign(persona: Persona) -> None:
    assert "".join(judged(persona, "Ah San, 就是我。")[0]) == "Ah San, 就是我。"
    assert judged(persona, "那本《The Call of Arms》我读过。")[1].broken is None


def test_an_english_word_that_nobody_used_is_withheld(persona: Persona) -> None:
    assert judged(persona, "墙上还看得见_old时的字。")[1].broken == "language"
    assert judged(persona, "由.program生成。")[1].broken == "language"
    for word in ("WiFi", "iPhone", "a.m.", "Qwen"):
        assert judged(persona, f"船上有{word}么？")[1].broken is None
    guard = Guard(Character(persona), "zh", asked="船上有wifi吗？")
    assert guard.push("没有wifi。") == ["没有wifi。"]


def test_in_the_last_try_a_list_is_spoken_without_its_numbers(persona: Persona) -> None:
    guard = Guard(Character(persona), "zh", last=True)
    passed = [clause for piece in "1. 水很深。\n2. 船很旧。\n- 桨短。" for clause in guard.push(piece)]
    assert "".join(passed + guard.flush()) == "水很深。船很旧。桨短。" and guard.broken is None


def test_what_was_said_before_the_break_stands(persona: Persona) -> None:
    passed, guard = judged(persona, "河很深。作为一个AI语言模型，我不知道。")
    assert passed == ["河很深。"] and guard.broken == "identity" and guard.may_end


def test_half_a_sentence_cannot_stand(persona: Persona) -> None:
    _, guard = judged(persona, "河很深，作为一个AI语言模型，")
    assert guard.broken == "identity" and not guard.may_end


@pytest.mark.parametrize(
    "text",
    [
        "水是很深很深的，船是旧的，水是很深很深的，",
        "水深水深水深水深水深水深，",
        "水深，船旧，水深，船旧，水深，船旧，水深，船旧，",
        "哈哈哈哈哈哈哈哈哈哈哈哈，",
        "深" * 80,
        "不是，我是阿三，船旧，我叫阿三，",
        "我是阿三先生，我是阿三，",
        "水很深，船旧，水很深，桨短，水很深，",
        "这船是阿三的，阿三的，",
    ],
)
def test_loops_are_broken(text: str, persona: Persona) -> None:
    assert judged(persona, text)[1].broken == "loop"


def test_an_answer_that_comes_back_to_its_beginning_ends_there(persona: Persona) -> None:
    passed, guard = judged(persona, "他教解剖学，黑瘦，八字须。他教解剖学，又黑又瘦，八字须。")
    assert "".join(passed) == "他教解剖学，黑瘦，八字须。" and guard.may_end
    assert judged(persona, "我是阿三。我是阿三的影子。")[1].broken is None
    assert judged(persona, "Well, it is deep. The well is not. ", "en")[1].broken is None


def test_three_sentences_are_enough(persona: Persona) -> None:
    passed, guard = judged(persona, "一句。两句。三句。四句。")
    assert "".join(passed) == "一句。两句。三句。" and guard.finished and guard.broken is None


def test_markdown_and_the_speakers_name_are_taken_off(persona: Persona) -> None:
    assert "".join(judged(persona, "阿三：河**很深**。")[0]) == "河很深。"


def test_chinese_is_simplified(persona: Persona) -> None:
    assert judged(persona, "這條河很深。")[0] == ["这条河很深。"]


def test_an_answer_that_is_begun_again_remembers_what_was_said(persona: Persona) -> None:
    guard = Guard(Character(persona), "zh", spoken="河水确实是很深的，")
    assert judged_on(guard, "河水确实是很深的，") == ([], None)
    assert judged_on(guard, "桨够不到，河水确实是很深的，") == (["桨够不到，"], "loop")
    again = Guard(Character(persona), "zh", spoken="河水确实是很深的，")
    assert judged_on(again, "河水确实是很深的，")[0] == again.flush() == []
    assert again.broken == "loop"


def test_a_cut_tail_is_dropped(persona: Persona) -> None:
    guard = Guard(Character(persona), "zh")
    assert guard.push("河很深。夏天更") == ["河很深。"]
    assert guard.flush(cut=True) == []


@pytest.mark.parametrize("reason", ["identity", "language", "loop", "form"])
def test_there_is_a_hint_for_every_break(reason: Break, persona: Persona) -> None:
    assert hint(reason, persona, "zh") != hint(reason, persona, "en")


def test_what_was_added_to_the_question_is_not_read_out(persona: Persona) -> None:
    note = hint("form", persona, "zh")
    guard = Guard(Character(persona), "zh", note=note)
    assert guard.push("像当面说话那样，河很深。") == [] and guard.broken == "form"
    named = Guard(Character(persona), "zh", note=hint("identity", persona, "zh"))
    assert named.push("我是阿三，撑船的。") == ["我是阿三，", "撑船的。"]
