"""Distances between syllables."""

from __future__ import annotations

import pytest

from avatar.voice.hearing.pinyin import distance, syllables


def apart(one: str, other: str) -> float:
    return distance(syllables(one)[0], syllables(other)[0])


def test_a_tone_is_almost_nothing() -> None:
    assert 0.0 < apart("妈", "马") < 0.1
    assert apart("妈", "妈") == 0.0


@pytest.mark.parametrize("pair", ["南兰", "知资", "吃次", "诗丝", "今经", "真正", "班帮", "任闰"])
def test_usual_confusions_are_cheap(pair: str) -> None:
    assert apart(*pair) <= 0.3


@pytest.mark.parametrize("pair", ["妈西", "国鱼", "天土"])
def test_other_syllables_are_far(pair: str) -> None:
    assert apart(*pair) > 0.5


def test_is_symmetric() -> None:
    assert apart("庄", "江") == apart("江", "庄")


def test_letters_sound_as_they_are_said() -> None:
    assert apart("Q", "秋") < 0.1
    assert [syllable.initial for syllable in syllables("阿Q小D")] == ["", "q", "x", "d"]
