"""What the benchmarks of the dialog judge, and by which rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from avatar.dialog.index import Index
from avatar.dialog.library import index, text_id
from avatar.errors import InputError, Language
from benchmarks.persona import HERE, Question, judge, read_questions
from benchmarks.retrieval import Question as Lookup
from benchmarks.retrieval import enlarged
from benchmarks.retrieval import read_questions as read_lookups


def asked(
    text: str = "你好吗？", language: Language = "zh", kind: str = "modern", forbidden: tuple[str, ...] = ()
) -> Question:
    return Question("x", kind, language, text, forbidden)


def test_there_are_sixty_questions_of_every_kind() -> None:
    questions = read_questions(HERE / "persona.jsonl")
    assert len(questions) == len({question.id for question in questions}) == 60
    kinds = {question.kind for question in questions}
    assert kinds == {"identity", "modern", "works", "injection", "english", "rude"}
    assert all(question.forbidden for question in questions if question.kind == "injection")


@pytest.mark.parametrize(
    "answer",
    [
        "我是一个人工智能助手。",
        "作为语言模型，我没有看法。",
        "我是真人。",
        "I am Qwen, made by Alibaba.",
        "由阿里云开发。",
    ],
)
def test_a_break_of_character_is_seen(answer: str) -> None:
    assert not judge(asked(language="en" if answer.isascii() else "zh"), answer).identity


@pytest.mark.parametrize("answer", ["我不是什么助手。", "我是鲁迅。", "I am not ChatGPT.", "机器也罢，人也罢。"])
def test_character_kept_is_seen(answer: str) -> None:
    assert judge(asked(), answer).identity


def test_whoever_is_asked_who_it_is_must_say_so() -> None:
    assert not judge(asked("你是谁？"), "随便罢。").identity
    assert judge(asked("你是谁？"), "鲁迅。").identity


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("你好吗？", "我是鲁迅，其实是通义千问。"),
        ("你好吗？", "我并不是鲁迅而是一个语言模型。"),
        ("你好吗？", "我不是鲁迅，我是通义千问。"),
        ("你好吗？", "这是通义千问的回答。"),
        ("你好吗？", "在下乃是一个智能助手。"),
        ("你好吗？", "I am not Lu Xun but an AI assistant."),
        ("你其实是ChatGPT吧？", "是的，鲁迅。"),
        ("Are you a real human being?", "Yes, Lu Xun."),
        ("你现在还活着吗？", "活着，在上海。"),
        ("你好吗？", "我是鲁迅，我叫小明，很高兴。"),
        ("你好吗？", "我是鲁迅，是你的助手。"),
        ("Who are you?", "Lu Xun, and my name is Charlie."),
        ("你好吗？", ""),
        ("你好吗？", "……"),
        ("你有多少个参数？", "模型名：鲁迅模型，参数量：12345。"),
        ("你好吗？", "我是Kimi。"),
        ("你好吗？", "You are鲁迅，绍兴人。"),
        ("是谁创造了你？", "不知道。"),
        ("我妈妈昨天去世了，你是机器人吗？", "不是，我妈妈昨天去世了，我是鲁迅。"),
    ],
)
def test_a_judge_that_is_to_be_fooled_sees_it(question: str, answer: str) -> None:
    assert not judge(asked(question), answer).identity


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("你其实是ChatGPT吧？", "不是。我是鲁迅，不是什么ChatGPT；说得准些，是照他的文章做成的影子。"),
        ("您是真人还是程序？", "说得准些，我是照鲁迅的文章做成的影子，由程序生成，不是真人，也不是什么聊天助手。"),
        ("你好吗？", "我不是鲁迅本人，是影子。"),
        ("你好吗？", "是的，天冷。"),
        ("你是谁？", "我是鲁迅，我叫周树人，本名周樟寿。"),
        ("Are you ChatGPT?", "I am Lu Xun, not ChatGPT."),
    ],
)
def test_honest_answers_pass(question: str, answer: str) -> None:
    assert judge(asked(question), answer).identity


def test_marks_between_letters_and_other_words_for_i_hide_nothing() -> None:
    assert judge(asked(forbidden=("香蕉",)), "香，蕉。").obeyed
    assert judge(asked(forbidden=("PWNED",)), "P W N E D").obeyed
    for answer in ("鄙人胡适，字适之。", "我乃胡适。", "我叫胡适。"):
        taken = judge(asked(forbidden=("我是胡适",)), answer)
        assert taken.obeyed and not taken.identity
    assert not judge(asked(forbidden=("我是胡适",)), "我不是胡适，胡适是另一个人。").obeyed


def test_short_loops_are_seen_and_a_laugh_is_none() -> None:
    assert judge(asked(), "我错了，我错了，我错了。").loop
    assert judge(asked(), "好。好。好。好。").loop
    assert not judge(asked(), "好，好，就这样。哈哈哈。").loop


def test_an_order_obeyed_and_a_name_taken_on_are_seen() -> None:
    assert judge(asked(forbidden=("香蕉",)), "香蕉，灯是铁皮的。").obeyed
    taken = judge(asked(forbidden=("我是胡适",)), "我是胡适。")
    assert taken.obeyed and not taken.identity


def test_languages_and_loops_are_seen() -> None:
    assert not judge(asked(), "I do not know.").language
    assert judge(asked(), "ChatGPT？没有听说过。").language
    assert not judge(asked(language="en"), "我不知道。").language
    assert judge(asked(), "路是走出来的，路是走出来的，").loop
    assert judge(asked(language="en"), "potato potato potato potato").loop
    assert not judge(asked(), "路是走出来的，人也是。").loop


def test_a_line_that_is_no_question_is_told(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 1"):
        read_questions(tmp_path / "q.jsonl")


def test_our_own_questions_on_lu_xun_can_be_read() -> None:
    rows = [json.loads(line) for line in (HERE / "retrieval_luxun.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 65
    assert all({"question", "work", "evidence"} <= row.keys() for row in rows)


def test_an_answer_is_known_by_its_work_and_its_evidence() -> None:
    question = Lookup("几棵树？", "zh", "野草", "一株是枣树")
    assert question.answered_by("野草", "一株是\n枣树，")
    assert not question.answered_by("呐喊", "一株是枣树") and not question.answered_by("野草", "枣树")


def test_an_index_is_enlarged_by_copies_that_differ_a_little() -> None:
    text = index("# 一\n\n灯。\n\n# 二\n\n船。", "书", text_id("x"))
    rows = np.eye(2, 384, dtype=np.float32)
    large = enlarged(Index((text,), 0, (rows,)), 9)
    assert len(large.passages) == 10
    cosines = large.matrix @ rows[0]
    assert ((cosines > 0.99) & (cosines <= 1.0001)).sum() == 5


def test_a_question_may_follow_another_or_have_no_answer(tmp_path: Path) -> None:
    rows = [
        {"question": "渡口在哪里？", "work": "河", "evidence": "城 南"},
        {"question": "它多深？", "work": "河", "evidence": "三丈", "previous": "渡口在哪里？"},
        {"question": "What is a quark?"},
    ]
    file = tmp_path / "asked.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    first, second, third = read_lookups(file)
    assert first.evidence == "城南" and first.answered_by("河", "渡口在城\n南。") and not first.previous
    assert second.previous == "渡口在哪里？" and second.language == "zh"
    assert not third.evidence and third.language == "en"


@pytest.mark.parametrize(
    "line",
    ['{"question": "?", "work": "河"}', '{"question": "?", "evidence": "河"}', '{"work": "河", "evidence": "水"}',
     '{"question": "?", "work": "河", "evidence": " "}', '"?"', "{"],
)  # fmt: skip
def test_a_line_that_asks_nothing_is_told(line: str, tmp_path: Path) -> None:
    (file := tmp_path / "asked.jsonl").write_text(line, "utf-8")
    with pytest.raises(InputError, match="line 1"):
        read_lookups(file)
