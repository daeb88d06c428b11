"""Misheard names are put right, and little else is touched."""

from __future__ import annotations

import pytest

from avatar.voice.hearing.names import find_repairs, repair_names
from avatar.voice.hearing.spans import Repair

NAMES = (
    *("鲁迅", "孔乙己", "闰土", "阿Q", "祥林嫂", "范爱农", "藤野先生", "子君", "涓生", "七斤", "水生", "野草"),
    *("Lu Xun", "Kong Yiji", "Runtu", "Ah Q"),
)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("任土小时候拿着钢叉在做什么？", "闰土小时候拿着钢叉在做什么？"),
        ("轮土小时候", "闰土小时候"),
        ("准土小时候", "闰土小时候"),
        ("润吐小时候", "闰土小时候"),
        ("恐疑季到底是个什么样的人？", "孔乙己到底是个什么样的人？"),
        ("孔一剂和恐乙祭", "孔乙己和孔乙己"),
        ("您是路迅本人吗？", "您是鲁迅本人吗？"),
        ("详林少反复讲她儿子的事", "祥林嫂反复讲她儿子的事"),
        ("范爱侬是怎么死的？", "范爱农是怎么死的？"),
        ("藤也先生怎么改您的讲义？", "藤野先生怎么改您的讲义？"),
        ("您写阿秋的时候", "您写阿Q的时候"),
        ("阿q的精神", "阿Q的精神"),
        ("捐生和自军养的狗", "涓生和子君养的狗"),
    ],
)
def test_chinese_names_are_repaired(heard: str, said: str) -> None:
    assert repair_names(heard, NAMES) == said


@pytest.mark.parametrize(
    "text",
    [
        "如图所示,今天天气很好。",
        "我爱农村的生活。",
        "旅行的时候下起雨来。",
        "春天的时候野草长起来。",
        "二十七斤的鱼",
        "孔乙己是站着喝酒而穿长衫的唯一的人。",
        "请用一句话说说什么是希望。",
        "您怎么看AI和人工智能?",
        "",
        "。，！",
    ],
)
def test_other_words_stand(text: str) -> None:
    assert repair_names(text, NAMES) == text


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("What kind of man was Kang Yijie?", "What kind of man was Kong Yiji?"),
        ("Mr. Luzon, what would you say?", "Mr. Lu Xun, what would you say?"),
        ("Tell me about Lu Hsun.", "Tell me about Lu Xun."),
        ("Who is Run Tu's father?", "Who is Runtu's father?"),
        ("lu xun and runtu", "Lu Xun and Runtu"),
    ],
)
def test_latin_names_are_repaired(heard: str, said: str) -> None:
    assert repair_names(heard, NAMES) == said


@pytest.mark.parametrize(
    "text",
    [
        "Run to the hills. Run to me.",
        "Rude people run too fast.",
        "London is big, and Hong Kong is bigger.",
        "Is there a lesson in it?",
        "Lu Xun wrote it, and Kong Yiji is in it.",
        "I queue at the shop, ah, quite long.",
    ],
)
def test_other_english_words_stand(text: str) -> None:
    assert repair_names(text, NAMES) == text


def test_without_names_nothing_changes() -> None:
    assert repair_names("任土 Kang Yijie", ()) == "任土 Kang Yijie"


def test_names_of_strange_form_do_no_harm() -> None:
    strange = ("", "药", "(.*)", "[", "a\\b", "《呐喊》", "Q", "\0\0", "李 四")
    assert repair_names("任土说(abc)和[药]。", strange) == "任土说(abc)和[药]。"


def test_repairs_tell_where_they_are() -> None:
    assert find_repairs("是任土,是恐疑季。", NAMES) == [Repair(1, 3, "闰土"), Repair(5, 8, "孔乙己")]
