"""Words that mean "stop"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.live.stopping import asks_to_stop


@pytest.mark.parametrize(
    "text",
    [
        "停", "停!", "停停停。", "请停一下。", "等一下", "等等,等等。", "先等一下吧", "别说了。", "够了!", "不对不对",
        "慢着",
        "Stop.", "stop stop!", "Wait, wait.", "Hold on.", "Please stop talking.", "Wait a minute", "OK, stop it now.",
    ],
)  # fmt: skip
def test_a_request_to_stop(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "嗯。", "对,对。", "是", "是不是", "啊", "好", "哦,是这样", "谢谢观看", "等你的回信", "停车场", "不错",
        "uh-huh", "mm", "yeah", "right", "no", "I see.", "Thank you.", "stopped", "waiter", "the wait was long",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    assert not asks_to_stop(text)


@given(st.text(max_size=60))
def test_every_text_has_an_answer(text: str) -> None:
    assert asks_to_stop(text) in (True, False)


@pytest.mark.parametrize("word", ["停", "等一下", "stop ", "please ", "请"])
def test_no_text_takes_long(word: str) -> None:
    assert not asks_to_stop((word * 60)[:58] + "a")
    assert not asks_to_stop(word * 2000)
