"""What the benchmarks compute from what they saw."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples
from avatar.voice.checking.comparing import distance, units
from benchmarks._ears import AROUND_S, PASSAGE_S, missed, missed_each, passage, passages
from benchmarks._page import silence_after
from benchmarks._sentences import Sentence, sentences
from benchmarks._sightings import WINDOW, find
from benchmarks.streams import LATE_S, figures
from benchmarks.sync import Track, theil_sen
from benchmarks.understood import understood

STEP_MS = 5


def marks(onset_ms: int, sounding: list[tuple[int, int]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Two seconds in which the microphone is loud from a time on, and the player in between others."""
    time = np.arange(0, 2000, STEP_MS, dtype=np.float64)
    player = np.zeros(time.size)
    for start, end in sounding:
        player[(time >= start) & (time < end)] = 0.05
    return np.stack([time, np.where(time >= onset_ms, 0.3, 0.001), player], axis=1)


@pytest.mark.parametrize(
    ("sounding", "silence"),
    [
        ([(0, 1200)], 195.0),
        ([(0, 900)], 0.0),
        ([(0, 700), (1100, 1200)], None),
        ([(1050, 1200)], None),
        ([(0, 900), (1050, 1100)], 95.0),
        ([], None),
    ],
)
def test_silence_counts_where_there_was_sound_just_before(
    sounding: list[tuple[int, int]], silence: float | None
) -> None:
    assert silence_after(marks(1000, sounding)) == silence


def test_a_window_of_sound_is_found_where_it_is() -> None:
    sound = np.random.default_rng(0).integers(-9000, 9000, 200_000).astype(np.int16)
    assert find(sound[50_000 : 50_000 + WINDOW], sound, 60_000) == 50_000
    changed = sound[50_000 : 50_000 + WINDOW].copy()
    changed[3] += 1
    assert find(changed, sound, 60_000) is None
    assert find(sound[50_000 : 50_000 + WINDOW], sound, 150_000) is None
    assert find(np.zeros(WINDOW, dtype=np.int16), np.zeros(9000, dtype=np.int16), 0) is None


def test_a_slope_is_not_bent_by_outliers() -> None:
    x = np.arange(500, dtype=np.float64)
    y = 0.01 * x
    y[::7] += 500
    assert theil_sen(x, y, 400) == pytest.approx(0.01, abs=1e-4)
    assert theil_sen(np.zeros(3), np.ones(3), 10) == 0.0


def test_growth_is_told_with_its_error() -> None:
    rng = np.random.default_rng(1)
    at = np.arange(0, 1800, 1.0)
    track = Track(at, at // 24, 10 + 20 * at / 3600 + rng.normal(0, 3, at.size))
    slope, error = track.growth()
    assert slope == pytest.approx(20, abs=3)
    assert 0 < error < 5
    assert track.p95 < track.largest


def test_a_picture_is_late_when_it_is_ready_more_than_forty_milliseconds_after_its_instant() -> None:
    ready = np.full(100, 0.010)
    ready[:3] = LATE_S, LATE_S + 0.001, 0.2
    told = figures(np.stack([ready, np.full(100, 0.007)], axis=1))
    assert told["frames_late_share"] == pytest.approx(0.02)
    assert told["lateness_max_ms"] == pytest.approx(200.0)
    assert told["lateness_p95_ms"] == pytest.approx(10.0)
    assert told["frame_cpu_ms_p50"] == pytest.approx(7.0)


def test_what_was_heard_is_compared_as_it_sounds() -> None:
    expected = ["yi1", "jiu3", "san1", "liu4", "nian2", "ay", "eye"]
    assert units("1936年，AI！", "zh") == units("一九三六年AI", "zh") == expected
    assert units("He paid $5.", "en") == ["he", "paid", "five", "dollars"]


def test_how_a_recognizer_writes_a_number_is_no_error() -> None:
    room = Sentence("我住在302室。", "wo3 zhu4 zai4 san1 ling2 er4 shi4")
    assert missed("我住在302室", room, "zh") == missed("我住在三零二室", room, "zh") == (0, 7)
    assert missed("我住在303是", room, "zh") == (1, 7)
    call = Sentence("请拨110。", "qing3 bo1 yao1 yao1 ling2")
    assert missed("请播110", call, "zh") == (0, 5)
    assert missed("He has 110.", Sentence("", "he has one one zero"), "en") == (0, 5)


def test_whether_a_recognizer_writes_the_colour_of_a_syllable_is_no_error() -> None:
    assert missed("小孩在这玩。", Sentence("", "xiao3 hai2 r5 zai4 zhe4 r5 wan2 r5"), "zh") == (0, 5)


def test_a_third_tone_before_another_sounds_like_a_second() -> None:
    assert missed("房间即满了人", Sentence("房间挤满了人。", ""), "zh") == (0, 6)
    assert missed("房间集合了人", Sentence("房间挤满了人。", ""), "zh") == (1, 6)


def test_how_a_recognizer_writes_yao_is_no_error() -> None:
    call = Sentence("", "wo3 de5 dian4 hua4 shi4 yao1 san1 ba1 ling2 ling2 yao1 san1 ba1")
    assert missed("我的电话是要3800要38", call, "zh") == (1, 13)
    assert missed("请播打要要零", Sentence("", "qing3 bo1 da3 yao1 yao1 ling2"), "zh") == (0, 6)
    assert missed("我要3个", Sentence("", "wo3 yao4 san1 ge4"), "zh") == (0, 4)


def test_the_sentences_of_a_passage_are_judged_one_by_one() -> None:
    said = [Sentence(text, "") for text in ("他的信很短。", "我听见了。", "风吹过来。")]
    assert missed_each("他的信很短我听见了风吹过来", said, "zh") == [(0, 5), (0, 4), (0, 4)]
    assert missed_each("他的信很长，我听见，风吹过来了", said, "zh") == [(1, 5), (1, 4), (1, 4)]
    assert missed_each("", said, "zh") == [(5, 5), (4, 4), (4, 4)]


def test_a_passage_is_no_longer_than_is_heard_at_once() -> None:
    sounds = [np.ones(10 * SPEECH_RATE, dtype=np.float32)] * 5
    assert list(passages(sounds)) == [[0, 1], [2, 3], [4]]
    assert list(passages([])) == []
    assert passage(sounds[:2]).size == (20 + AROUND_S) * SPEECH_RATE < PASSAGE_S * SPEECH_RATE


def test_what_is_understood_is_told_for_hard_and_plain_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    class Deaf:
        """Hears a tenth of a second for each character, and the last of them always wrong."""

        def hear(self, sound: Samples, language: Language) -> str:
            return "".join(chr(round(float(value))) for value in sound[sound > 0][:-1]) + "不"

    def say(text: str, language: Language) -> Samples:
        return np.array([ord(character) for character in text if character not in "。，"], dtype=np.float32)

    said = [Sentence("他走了。", "ta1 zou3 le5"), Sentence("风很大。", ""), Sentence("雨停了。", "")] * 3
    tallies = understood(say, Deaf(), said, "zh")
    assert [(each.wrong, each.units, each.sentences) for each in tallies.values()] == [
        (2, 27, 9),
        (0, 9, 3),
        (2, 18, 6),
    ]
    assert "9 of 9 zh: 2 of 27, 7.41%" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("", "ab", 2), ("abc", "axc", 1), ("abcd", "bcd", 1)],
)
def test_distance_counts_changes(one: str, other: str, expected: int) -> None:
    assert distance(list(one), list(other)) == expected


def test_every_so_manieth_sentence() -> None:
    assert sentences("zh", 40) == sentences("zh")[::40]
