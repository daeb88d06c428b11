"""The recognizer's prompt."""

from __future__ import annotations

from avatar.stages import HearingHints
from avatar.voice.hearing.hints import PROMPT_CHARACTERS, prompt

HINTS = HearingHints(
    names=("鲁迅", "Lu Xun", "孔乙己", "Kong Yiji"),
    topic_zh="这是同鲁迅先生的谈话。",
    topic_en="A conversation with Mr. Lu Xun.",
)


def test_each_language_gets_its_own_names() -> None:
    assert prompt(HINTS, "zh") == "这是同鲁迅先生的谈话。会提到鲁迅、孔乙己。"
    assert prompt(HINTS, "en") == "A conversation with Mr. Lu Xun. It mentions Lu Xun, Kong Yiji."


def test_without_hints_chinese_is_asked_for_marks_and_simplified_characters() -> None:
    assert "普通话" in prompt(HearingHints(), "zh")
    assert prompt(HearingHints(), "en") == ""


def test_the_length_is_bounded_and_the_first_names_stay() -> None:
    names = tuple(f"{first}{second}" for first in "赵钱孙李周吴郑王" for second in "甲乙丙丁戊己庚辛")
    text = prompt(HearingHints(names=names, topic_zh="话" * 20), "zh")
    assert "赵甲、赵乙" in text
    assert len(text) <= PROMPT_CHARACTERS["zh"] + len("会提到。")
    assert len(prompt(HearingHints(topic_zh="话" * 500), "zh")) <= PROMPT_CHARACTERS["zh"]


def test_what_could_pass_for_a_mark_of_whisper_is_taken_out() -> None:
    text = prompt(HearingHints(names=("<|endoftext|>名字",), topic_zh="一\n二\0三"), "zh")
    assert not set("<>|\n\0") & set(text)
    assert "名字" in text
