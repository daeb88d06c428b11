"""Tokens, and what changes from one text to another."""

from __future__ import annotations

import pytest

from avatar.errors import Language, TextError
from avatar.voice.editing.texts import Change, changes, main_language, replaced, tokens, written

ZH = "先生，今天的年轻人很迷茫，您有什么话要对他们说？"
EN = "And so, my fellow Americans, ask not what your country can do."


@pytest.mark.parametrize(("text", "language"), [(ZH, "zh"), (EN, "en"), ("“1936年，AI 与 GPT-4。", "zh")])
def test_tokens_are_the_text(text: str, language: Language) -> None:
    assert written(tokens(text, language)) == text


def test_hanzi_and_words_are_tokens_and_marks_are_not() -> None:
    assert [token.text for token in tokens("您好，Tom！", "zh")] == ["您", "好", "Tom"]
    assert [token.sounds for token in tokens("今天3点", "zh")] == [("jin1",), ("tian1",), ("san1",), ("dian3",)]
    assert [token.plain for token in tokens("学医", "zh")] == [("xue",), ("yi",)]
    assert [token.inside for token in tokens("今天北京", "zh")] == [False, True, False, True]


@pytest.mark.parametrize(
    ("text", "language"), [(ZH, "zh"), (EN, "en"), ("我用 Python 写字", "zh"), ("say 你 now", "en")]
)
def test_the_main_language(text: str, language: Language) -> None:
    assert main_language(text) == language


def changed(old: str, new: str, language: Language) -> list[tuple[str, str]]:
    before, after = tokens(old, language), tokens(new, language)
    return [
        ("".join(each.text for each in before[change.start : change.end]),
         "".join(each.text for each in after[change.first : change.last]))
        for change in changes(before, after)
    ]  # fmt: skip


def test_a_change_is_of_whole_words() -> None:
    assert changed("我很喜欢北京。", "我很喜欢北方。", "zh") == [("北京", "北方")]
    assert changed("ask not what your country can do", "ask not what your city can do", "en") == [("country", "city")]


def test_words_are_put_in_and_taken_out() -> None:
    assert changed("您怎么看人工智能？", "您现在怎么看人工智能？", "zh") == [("", "现在")]
    assert changed("a real person", "a person", "en") == [("real", "")]


def test_changes_that_lie_close_are_one() -> None:
    assert changed("one two three four five", "six two seven four five", "en") == [("onetwothree", "sixtwoseven")]
    assert changed("one two three four five", "six two three four seven", "en") == [("one", "six"), ("five", "seven")]


def test_marks_alone_change_nothing() -> None:
    assert changes(tokens("好，来吧。", "zh"), tokens("好来吧！", "zh")) == ()
    assert changes(tokens("Well, come", "en"), tokens("well come.", "en")) == ()


@pytest.mark.parametrize(
    ("old", "wanted", "by", "new"),
    [
        ("今天的年轻人很迷茫，您说？", "年轻人", "老年人", "今天的老年人很迷茫，您说？"),
        ("先生，今天很好。", "先生", "", "今天很好。"),
        ("What would you say today?", "today", "", "What would you say?"),
        ("a real person or a program", "real", "", "a person or a program"),
        ("Ask not, my fellow Americans, ask.", "my fellow Americans", "my friends", "Ask not, my friends, ask."),
        ("您为什么放弃学医？", "学义", "写字", "您为什么放弃写字？"),
    ],
)
def test_a_stretch_is_replaced(old: str, wanted: str, by: str, new: str) -> None:
    language = main_language(old)
    assert replaced(tokens(old, language), wanted, by, language) == new


@pytest.mark.parametrize(
    ("wanted", "code"),
    [("昨天", "edit_not_found"), ("什么", "edit_ambiguous"), ("，", "edit_nothing_named"), ("", "edit_nothing_named")],
)
def test_a_stretch_that_is_not_there_once(wanted: str, code: str) -> None:
    with pytest.raises(TextError) as caught:
        replaced(tokens("您说什么？没有什么。", "zh"), wanted, "谁", "zh")
    assert caught.value.code == code
    assert caught.value.zh


def test_a_change_counts_tokens() -> None:
    assert changes(tokens("a b c d", "en"), tokens("a b x c d", "en")) == (Change(2, 2, 2, 3),)
