"""What becomes of the recognizer's raw words."""

from __future__ import annotations

import pytest

from avatar.stages import HeardWord
from avatar.voice.hearing.transcript import (
    finished_words,
    is_invention,
    joined,
    punctuated,
    repetition,
    said_once,
    simplified,
)


def words(*texts: str) -> list[HeardWord]:
    return [HeardWord(text, float(index), index + 1.0, 0.5) for index, text in enumerate(texts)]


def test_traditional_characters_become_simplified() -> None:
    assert simplified("您怎麼看這個問題") == "您怎么看这个问题"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("你好,吗?", "你好，吗？"),
        ("说说 什么", "说说，什么"),
        ("Hello, are you there?", "Hello, are you there?"),
        ("用 Python 写", "用 Python 写"),
        ("三.五", "三。五"),
        ("第3.5节", "第3.5节"),
    ],
)
def test_marks_after_chinese_characters_are_full_width(raw: str, text: str) -> None:
    assert punctuated(raw) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "。。。",
        "请不吝点赞订阅转发打赏支持明镜与点点栏目",
        "字幕由Amara.org社区提供",
        "Subtitles by the community",
        "我不知道" * 6,
        "好" * 30,
        "会提到鲁迅孔乙己闰土祥林嫂",
    ],
)
def test_inventions_are_known(text: str) -> None:
    assert is_invention(text, "这是谈话。会提到鲁迅、孔乙己、闰土、祥林嫂。", doubtful=False)


@pytest.mark.parametrize(
    "text", ["嗯。", "对，对。", "哈哈哈哈哈哈哈哈", "孔乙己", "谢谢大家", "Kong Yiji.", "不不不不，我不去"]
)
def test_what_people_say_is_no_invention(text: str) -> None:
    assert not is_invention(text, "会提到孔乙己。 It mentions Kong Yiji.", doubtful=False)


@pytest.mark.parametrize(
    ("said", "seconds", "left"),
    [
        ((" A", " light", " rain", " is", " falling.") * 2, 2.0, 5),
        ((" A", " light", " rain", " is", " falling.") * 2, 4.0, 10),
        (("窗外", "下着", "小雨，") * 2, 1.2, 3),
        (("窗外", "下着", "小雨。") * 2, 3.0, 6),
        ((*(" A", " light", " rain", " is", " falling.") * 3, " A", " light"), 2.0, 5),
        ((*(" A", " light", " rain", " is", " falling."), " A", " light"), 1.0, 7),
        (("对", "对") * 2, 0.3, 4),
        (("你好",) * 7, 0.5, 3),
        (("今天天气", "今", "天天气"), 0.5, 3),
        (("今天", "天气很", "好今天天气很好"), 0.5, 3),
        ((), 1.0, 0),
    ],
)
def test_what_was_written_twice_and_said_once(said: tuple[str, ...], seconds: float, left: int) -> None:
    assert said_once(words(*said), seconds) == words(*said)[:left]


def test_farewells_of_films_are_struck_out_only_in_doubt() -> None:
    assert is_invention("Thanks for watching!", "", doubtful=True)
    assert not is_invention("Thanks for watching!", "", doubtful=False)


def test_repetition_is_high_in_loops_only() -> None:
    assert repetition("我不知道" * 20) > 2.4
    assert repetition("您为什么放弃学医，改去写文章？") < 2.4
    assert repetition("") == 0.0


def test_words_follow_the_text_when_a_name_is_put_right() -> None:
    heard = finished_words(words("您", "認識", "任", "土", "嗎?"), "zh", ("闰土",))
    assert [word.text for word in heard] == ["您", "认识", "闰土", "吗？"]
    assert (heard[2].start, heard[2].end) == (2.0, 4.0)


def test_a_name_inside_a_longer_word_keeps_what_is_around_it() -> None:
    heard = finished_words(words("和任", "土说"), "zh", ("闰土",))
    assert [word.text for word in heard] == ["和闰土说"]


def test_english_names_take_the_place_of_several_words() -> None:
    heard = finished_words(words(" Who", " was", " Kang", " Yijie?"), "en", ("Kong Yiji",))
    assert joined(heard) == " Who was Kong Yiji?"
    assert (heard[2].start, heard[2].end) == (2.0, 4.0)


def test_a_change_of_length_in_conversion_does_not_move_the_words() -> None:
    heard = finished_words(words("記憶", "體", "好,"), "zh", ())
    assert len(heard) == 3
    assert heard[2].text == "好，"
