"""What counts as lost or said twice, and what is only the recognizer's mistake."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.errors import Language
from avatar.media import SPEECH_RATE, PhoneSpan, Samples
from avatar.voice.checking.judging import Verdict, judge
from avatar.voice.checking.silence import mute_s
from avatar.voice.checking.sounds import Said, said, unlike
from avatar.voice.speaking.g2p import Phonetics


@cache
def phonetics() -> Phonetics:
    return Phonetics()


def verdict(written: str, heard: str, language: Language) -> Verdict:
    return judge(said(written, language, phonetics()), said(heard, language, phonetics()))


@pytest.mark.parametrize(
    ("written", "heard", "language"),
    [
        ("我傲慢地回顾，叱咤说：", "我熬慢的回故,赤诈说", "zh"),
        ("闰土和阿Q在百草园。", "润土和啊Q在百草园", "zh"),
        ("1936年10月19日", "一九三六年十月十九日", "zh"),
        ("他用GPU去了New York。", "他用gpu去了纽约", "zh"),
        ("他笑了。", "他笑", "zh"),
        ("Every day I read Lu Xun's essays.", "everyday i read lou shun essays", "en"),
        ("He paid $5 on the 3rd of May.", "He paid five dollars on the third of May", "en"),
        ("I scream for ice cream.", "Ice cream for ice cream", "en"),
    ],
)
def test_what_a_recognizer_mistakes_is_no_fault(written: str, heard: str, language: Language) -> None:
    assert verdict(written, heard, language).faults == 0


@pytest.mark.parametrize(
    ("written", "heard", "language", "expected"),
    [
        ("从百草园到三味书屋。", "从百草园三味书屋", "zh", Verdict(lost=1)),
        ("我家的后面有一个很大的园。", "我家的后面有一个很大", "zh", Verdict(lost=1)),
        ("我家的后面有一个很大的园。", "", "zh", Verdict(lost=12)),
        ("我家的后面有一个很大的园。", "我家的后面后面有一个很大的园", "zh", Verdict(repeated=2)),
        ("The old man went slowly home.", "The old man slowly home", "en", Verdict(lost=1)),
        ("The old man went slowly home.", "The old man man went slowly home", "en", Verdict(repeated=1)),
        ("The old man went home.", "The old man went home thank you for watching", "en", Verdict(added=4)),
    ],
)
def test_what_is_missing_or_too_much_is_counted(
    written: str, heard: str, language: Language, expected: Verdict
) -> None:
    found = verdict(written, heard, language)
    assert (found.lost, found.repeated, found.added) == (expected.lost, expected.repeated, expected.added)
    assert found.faults > 0


def test_marks_say_what_is_heard() -> None:
    assert (
        verdict('<sub alias="世界卫生组织">WHO</sub>说<break time="2s"/>要洗手。', "世界卫生组织说要洗手", "zh").faults
        == 0
    )


def test_likeness() -> None:
    assert unlike("man", "man") == 0
    assert unlike("man", "") == 1
    assert 0 < unlike("ʂɨ", "sɨ") < unlike("ʂɨ", "kɨ") < unlike("ʂɨ", "kau") <= 1


units_said = st.lists(st.builds(Said, st.text("aiumnŋkʂ", min_size=1, max_size=4), st.booleans()), max_size=12)


@given(units_said)
def test_the_same_is_always_good(units: list[Said]) -> None:
    assert judge(units, units).faults == 0


@given(units_said, units_said)
def test_no_more_is_lost_than_was_written(written: list[Said], heard: list[Said]) -> None:
    found = judge(written, heard)
    assert 0 <= found.lost <= len(written)
    assert 0 <= found.repeated + found.added <= len(heard)


def tone(seconds: float) -> Samples:
    return np.asarray(np.sin(np.arange(int(seconds * SPEECH_RATE)) / 10) / 5, dtype=np.float32)


def test_silence_where_phones_are_due() -> None:
    sound = tone(2.0)
    phones = (PhoneSpan("a", 0, 36_000), PhoneSpan("sil", 36_000, 48_000))
    assert mute_s(sound, phones) == 0
    sound[36_000:] = 0
    assert mute_s(sound, phones) == 0
    sound[24_000:] = 0
    assert mute_s(sound, phones) == pytest.approx(0.5, abs=0.03)


def test_silence_of_an_engine_that_tells_no_phones() -> None:
    sound = np.concatenate([tone(1.0), np.zeros(SPEECH_RATE, dtype=np.float32)])
    assert mute_s(sound, ()) == 0
    assert mute_s(np.concatenate([sound, np.zeros(SPEECH_RATE, dtype=np.float32)]), ()) == pytest.approx(2, abs=0.03)
    assert mute_s(np.zeros(100, dtype=np.float32), ()) == 0
