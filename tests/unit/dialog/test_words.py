"""Words, folded and reduced, the same for asking and for text."""

from __future__ import annotations

import pytest

from avatar.dialog.stemming import beginnings, stem
from avatar.dialog.words import folded, terms, tokens


def test_traditional_and_wide_letters_are_folded() -> None:
    assert folded("魯迅與阿Ｑ") == "鲁迅与阿q"
    assert set(tokens("魯迅")) == set(tokens("鲁迅"))


@pytest.mark.parametrize("name", ["闰土", "孔乙己", "范爱农", "祥林嫂", "吕纬甫", "子君"])
def test_a_name_in_no_dictionary_is_found_in_a_sentence(name: str) -> None:
    asked = {term.text for term in terms(f"您说说{name}是什么样的人？")}
    assert asked & set(tokens(f"后来{name}便走了，没有人再提起他。"))
    assert not asked & set(tokens("后来船便走了，没有人再提起它。"))


@pytest.mark.parametrize(
    ("asked", "written"), [("服务器", "伺服器"), ("伺服器", "服务器"), ("屏幕", "螢幕"), ("土豆", "馬鈴薯")]
)
def test_a_thing_is_found_by_what_it_is_called_elsewhere(asked: str, written: str) -> None:
    found = {term.text: term.whole for term in terms(f"{asked}在哪里？")}
    assert found[asked]
    held = found.keys() & set(tokens(f"{written}在這裏。"))
    assert held and not any(found[word] for word in held)


def test_stop_words_find_nothing() -> None:
    assert tokens("这是什么？") == [] and tokens("What is it, please?") == []
    assert terms("您怎么看？") == []


def test_english_endings() -> None:
    assert stem("trees") == stem("tree")
    assert stem("stories") == stem("story")
    assert stem("corrected") == stem("corrects")
    assert stem("Lu's".lower()) == "lu"
    assert stem("ing" * 100_000) == "ing" * 100_000
    assert stem("1795") == "1795"
    assert stem("class") == "class" and stem("us") == "us" and stem("need") == "need"


@pytest.mark.parametrize(
    "forms",
    [
        "ask asked asking asks", "like liked liking", "marry married marries", "stop stopped", "hope hoped hoping",
        "come came coming", "write wrote written writing", "agree agreed", "die died dying", "house houses housing",
        "travel travelled", "fall fell falling", "box boxes", "woman women", "wife wives", "go went gone goes",
    ],
)  # fmt: skip
def test_all_forms_of_an_english_word_are_one(forms: str) -> None:
    assert len({stem(form) for form in forms.split()}) == 1
    assert all(form.startswith(beginnings(stem(form))) for form in forms.split())


def test_words_that_differ_stay_apart() -> None:
    assert len({stem(word) for word in ("hop", "hope", "plan", "plane", "bed", "red", "sing", "thing", "rate")}) == 9


def test_a_question_finds_the_past() -> None:
    asked = {term.text for term in terms("Where did she go, and whom did she marry?")}
    assert asked <= set(tokens("She went to Whitby and was married there."))


def test_what_is_whole_and_what_is_not() -> None:
    found = {term.text: term.whole for term in terms("人工智能和猹")}
    assert found["人工智能"] and found["猹"]
    assert not found["工智"]
