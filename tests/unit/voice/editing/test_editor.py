"""Edits without weights: the voice and the person are buzzes, words are what the test says."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from avatar.errors import AudioError, InputError, TextError
from avatar.media import SPEECH_RATE, resample
from avatar.stages import HeardWord
from avatar.voice.editing import Edited, Editor, Wish
from avatar.voice.editing.aligning import Window, rough_times, window
from avatar.voice.editing.hearing import understood
from avatar.voice.editing.permission import demand_own
from avatar.voice.editing.recording import Recording, as_raw
from avatar.voice.editing.scene import scene
from avatar.voice.editing.texts import Change, tokens
from avatar.voice.speaker import SpeakerEncoder
from tests.unit.voice.editing.talker import Ear, OneVoice, Talker, TalkerVoice, spoken
from tests.unit.voice.enrolment.sounds import noise, syllables

TEXT = "今天我们一起去公园走走。"
NEW = "今天我们一起去学校走走。"
LOW = OneVoice().embed(spoken(tokens(TEXT, "zh"))[0], SPEECH_RATE)
HIGH = OneVoice().embed(spoken(tokens(TEXT, "zh"), 220.0)[0], SPEECH_RATE)


def recording(rate: int = SPEECH_RATE, channels: int = 1, kind: str = "int16") -> Recording:
    """Somebody at 120 Hz, three decibels louder than the voice, with a little noise."""
    sound, _ = spoken(tokens(TEXT, "zh"))
    sound = 1.4 * sound + noise(sound.size / SPEECH_RATE, 0.001)[: sound.size]
    waves = np.repeat(resample(sound, SPEECH_RATE, rate)[:, None], channels, axis=1)
    return Recording(as_raw(waves, np.zeros((0, channels), dtype=kind)), rate)


def editor(*heard: str) -> Editor:
    return Editor(Ear(list(heard)), cast(SpeakerEncoder, OneVoice()), lambda sound: False, None)


def edited(given: Recording, *heard: str, talker: Talker | None = None, **wish: Any) -> Edited:
    voice = TalkerVoice(talker or Talker(hertz=140.0), (LOW,))
    return editor(TEXT, *heard).edit(given, Wish(**wish), voice)


def untouched(before: Recording, done: Edited) -> bool:
    here = there = 0
    for part in done.parts:
        if not np.array_equal(done.recording.raw[here : part.start], before.raw[there : part.old_start]):
            return False
        here, there = part.end, part.old_end
    return np.array_equal(done.recording.raw[here:], before.raw[there:])


@pytest.mark.parametrize(
    ("rate", "channels", "kind"), [(24_000, 1, "int16"), (44_100, 2, "int32"), (8_000, 1, "float32")]
)
def test_words_are_changed_and_all_else_stays(rate: int, channels: int, kind: str) -> None:
    given = recording(rate, channels, kind)
    done = edited(given, NEW, wanted="公园", by="学校")
    assert (done.old, done.new) == (TEXT, NEW)
    (part,) = done.parts
    assert part.made and part.clicks == 0 and part.tries == 1
    assert (part.words.found, part.words.total) == (2, 2)
    assert (done.recording.rate, str(done.recording.raw.dtype)) == (rate, kind)
    assert done.recording.raw.shape[1] == channels
    assert untouched(given, done)
    assert not np.array_equal(done.recording.raw[part.start : part.end], given.raw[part.start : part.end])
    start, end = 0.1 + 7 * 0.24, 0.1 + 9 * 0.24
    assert part.old_start / rate == pytest.approx(start - 0.02, abs=0.08)
    assert part.old_end / rate == pytest.approx(end - 0.02, abs=0.08)
    before, after = given.waves[part.old_start : part.old_end], done.recording.waves[part.start : part.end]
    assert after.std() == pytest.approx(before.std(), rel=0.35)


def test_pace_and_pitch_are_the_persons() -> None:
    talker = Talker(hertz=140.0)
    edited(recording(), NEW, talker=talker, wanted="公园", by="学校")
    (old, _, _), (new, speed, pitch) = talker.calls[:2]
    assert (old, new) == (TEXT[:-1], NEW[:-1])
    assert speed == pytest.approx(1.0, abs=0.15)
    assert pitch == pytest.approx(120 / 140, abs=0.03)


def test_words_are_put_in() -> None:
    given = recording()
    new = "今天我们一起去美丽公园走走。"
    done = edited(given, new, wanted="去公园", by="去美丽公园")
    assert untouched(given, done)
    assert done.recording.seconds - given.seconds == pytest.approx(0.48, abs=0.12)


def test_words_are_taken_out_and_nothing_is_made() -> None:
    given, talker = recording(), Talker(hertz=140.0)
    done = edited(given, "今天我们去公园走走。", talker=talker, wanted="一起", by="")
    (part,) = done.parts
    assert not part.made
    assert len(talker.calls) == 1
    assert untouched(given, done)
    assert given.seconds - done.recording.seconds == pytest.approx(0.48, abs=0.1)
    assert (part.words.found, part.words.total) == (2, 2)


def test_a_whole_text_with_two_changes() -> None:
    given = recording()
    done = edited(given, "明天我们一起去学校走走。", text="明天我们一起去学校走走。")
    assert len(done.parts) == 2
    assert untouched(given, done)


def test_what_is_not_understood_is_made_again_and_the_best_is_kept() -> None:
    talker = Talker(hertz=140.0)
    done = edited(recording(), "今天我们一起去大楼走走。", NEW, talker=talker, wanted="公园", by="学校")
    assert (done.parts[0].tries, done.parts[0].first.found, done.parts[0].words.found) == (2, 0, 2)
    never = edited(recording(), "没有听懂。", wanted="公园", by="学校")
    assert (never.parts[0].tries, never.parts[0].words.found) == (3, 0)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"wanted": "昨天", "by": "前天"}, "edit_not_found"),
        ({"wanted": "走", "by": "跑"}, "edit_ambiguous"),
        ({"wanted": "公园", "by": "公园"}, "edit_nothing"),
        ({"text": "今天，我们一起去公园走走!"}, "edit_nothing"),
        ({"text": "从前有座山，山里有座庙。"}, "edit_everything"),
        ({"wanted": "公园", "by": "学校" * 30}, "edit_too_long"),
        ({"wanted": "公园", "by": "学校", "transcript": "完全是另外一段话，与此无关。"}, "edit_wrong_transcript"),
    ],
)  # fmt: skip
def test_wishes_that_cannot_be_met(wish: dict[str, Any], code: str) -> None:
    with pytest.raises(TextError) as caught:
        edited(recording(), **wish)
    assert caught.value.code == code
    assert caught.value.zh != caught.value.en


def test_silence_and_speech_without_words() -> None:
    quiet = Recording(np.zeros((24_000, 1), dtype=np.int16), 24_000)
    for given, heard in ((quiet, TEXT), (recording(), "")):
        with pytest.raises(AudioError) as caught:
            editor(heard).edit(given, Wish("公园", "学校"), TalkerVoice(Talker(), (LOW,)))
        assert caught.value.code == "no_words"


def test_another_persons_recording_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        editor(TEXT).edit(recording(), Wish("公园", "学校"), TalkerVoice(Talker(), (HIGH,)))
    assert caught.value.code == "another_speaker"


def test_a_voice_edits_what_it_spoke_itself() -> None:
    assert demand_own(LOW, (), lambda: LOW, lambda: True) == pytest.approx(1.0)
    assert demand_own(LOW, (HIGH,), lambda: LOW, lambda: True) == pytest.approx(1.0)
    for spoken_like, marked in ((LOW, False), (HIGH, True)):
        with pytest.raises(InputError) as caught:
            demand_own(LOW, (), lambda like=spoken_like: like, lambda is_marked=marked: is_marked)  # type: ignore[misc]
        assert caught.value.code == "another_speaker"


def test_words_that_were_not_heard_lie_between_their_neighbours() -> None:
    row = tokens("一二三四", "zh")
    heard = [HeardWord("一", 0.0, 0.5, 1.0), HeardWord("四", 1.5, 2.0, 1.0)]
    assert rough_times(row, heard, "zh", 48_000) == ((0, 12_000), (12_000, 24_000), (24_000, 36_000), (36_000, 48_000))


def test_a_long_recording_is_looked_at_around_the_change() -> None:
    size = 30 * SPEECH_RATE
    sound = syllables(30.0)
    times = tuple((at * SPEECH_RATE // 2, (at + 1) * SPEECH_RATE // 2) for at in range(60))
    found = window(times, Change(30, 31, 30, 31), (0, 60), sound)
    assert 4 <= (found.end - found.start) / SPEECH_RATE <= 9
    assert found.first < 30 < found.last
    assert window(times, Change(30, 31, 30, 31), (28, 34), sound).first == 28
    assert found.end <= size


def test_words_where_there_is_no_sound() -> None:
    with pytest.raises(TextError) as caught:
        scene(Window(10, 20, 0, 2), tokens("今天", "zh"), np.zeros(50, np.float32), np.zeros(257), Talker())
    assert caught.value.code == "edit_wrong_transcript"


def test_what_counts_as_understood() -> None:
    row = tokens("我们去学校走走", "zh")
    assert understood(row, 3, 5, tokens("我们去学校走走", "zh")).missed == 0
    assert understood(row, 3, 5, tokens("我们去雪校走走", "zh")).found == 1
    assert understood(row, 3, 5, tokens("我们去学大校走走", "zh")).extra == 1
    assert understood(row, 3, 3, tokens("我们去学校走走", "zh")).missed == 0
    assert understood(row, 3, 3, tokens("我们去大学校走走", "zh")).extra == 1
