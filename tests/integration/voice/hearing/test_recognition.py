"""What the real recognizer makes of speech, silence and noise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from statistics import mean, median

import numpy as np
import pytest

from avatar.errors import AudioError
from avatar.media import Samples
from avatar.stages import HearingHints, Recognizer
from avatar.voice.hearing.recognizer import FasterWhisperRecognizer

from .conftest import Speech

pytestmark = pytest.mark.integration


def noise(level: float, seconds: float = 4.0) -> Samples:
    return (np.random.default_rng(0).standard_normal(int(seconds * 16_000)) * level).astype(np.float32)


def cut(samples: Samples, lead: float, tail: float) -> Samples:
    """The speech with so many seconds of a quiet room before and after it."""
    loud = np.flatnonzero(np.abs(samples) > 0.03 * np.abs(samples).max())
    room = np.random.default_rng(0).normal(0.0, 1e-4, samples.size + 16_000).astype(np.float32)
    room[8_000 : 8_000 + samples.size] += samples
    return room[8_000 + loud[0] - int(lead * 16_000) : 8_000 + loud[-1] + int(tail * 16_000)]


def test_tells_the_truth_about_itself(recognizer: FasterWhisperRecognizer) -> None:
    engine: Recognizer = recognizer
    assert (engine.name, engine.device) == ("faster-whisper", "cpu")
    assert recognizer.compute_type.startswith("int8")


def test_chinese_questions(recognizer: FasterWhisperRecognizer, hints: HearingHints, speech: Speech) -> None:
    recordings = speech("zh_question")
    heard = [recognizer.transcribe(recording.samples, hints) for recording in recordings]
    assert {transcript.language for transcript in heard} == {"zh"}
    errors = [recording.error(transcript.text) for recording, transcript in zip(recordings, heard, strict=True)]
    assert mean(errors) <= 0.10
    texts = "".join(transcript.text for transcript in heard)
    assert "孔乙己" in texts
    assert "闰土" in texts
    assert "鲁迅" in texts
    assert not set(",?") & set(texts)


def test_english_questions(recognizer: FasterWhisperRecognizer, hints: HearingHints, speech: Speech) -> None:
    recordings = speech("en_question")
    heard = [recognizer.transcribe(recording.samples, hints) for recording in recordings]
    assert {transcript.language for transcript in heard} == {"en"}
    assert median(recording.error(one.text) for recording, one in zip(recordings, heard, strict=True)) <= 0.10
    assert "Kong Yiji" in heard[2].text


@pytest.mark.parametrize(("lead", "tail"), [(0.30, 0.13), (0.25, 0.25)])
def test_questions_cut_as_turn_taking_cuts_them(
    recognizer: FasterWhisperRecognizer, hints: HearingHints, speech: Speech, lead: float, tail: float
) -> None:
    recordings = speech("zh_question")
    heard = [recognizer.transcribe(cut(recording.samples, lead, tail), hints) for recording in recordings]
    errors = [recording.error(transcript.text) for recording, transcript in zip(recordings, heard, strict=True)]
    assert mean(errors) <= 0.10
    assert max(errors) <= 0.5


def test_words_have_times_within_the_speech(
    recognizer: FasterWhisperRecognizer, hints: HearingHints, speech: Speech
) -> None:
    recording = speech("zh_question_01")[0]
    padded = np.pad(recording.samples, 16_000)
    words = recognizer.transcribe(padded, hints).words
    assert "".join(word.text for word in words) == recognizer.transcribe(padded, hints).text
    assert all(0.0 < word.probability <= 1.0 for word in words)
    assert all(one.start <= one.end <= other.start + 1e-6 for one, other in pairwise(words))
    assert 0.9 <= words[0].start <= 1.8
    assert 5.9 <= words[-1].end <= 7.2


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.03, 4.0, 30.0])
def test_silence_is_empty(recognizer: FasterWhisperRecognizer, hints: HearingHints, seconds: float) -> None:
    heard = recognizer.transcribe(np.zeros(int(seconds * 16_000), dtype=np.float32), hints)
    assert (heard.text, heard.words) == ("", ())


@pytest.mark.parametrize("level", [0.003, 0.03, 0.3, 1.0])
def test_white_noise_is_empty(recognizer: FasterWhisperRecognizer, hints: HearingHints, level: float) -> None:
    assert recognizer.transcribe(noise(level), hints).text == ""


def test_a_hum_is_empty(recognizer: FasterWhisperRecognizer, hints: HearingHints) -> None:
    hum = (0.3 * np.sin(2 * np.pi * 50 * np.arange(64_000) / 16_000)).astype(np.float32)
    assert recognizer.transcribe(hum, hints).text == ""


def test_a_recording_in_two_languages_is_heard_piece_by_piece(
    recognizer: FasterWhisperRecognizer, hints: HearingHints, speech: Speech
) -> None:
    recordings = [*speech("zh_question_01"), *speech("zh_question_07"), *speech("en_question_04")]
    recordings += speech("zh_question_08")
    whole = np.concatenate([np.pad(recording.samples, (0, 12_000)) for recording in recordings])
    heard = recognizer.transcribe(whole, hints)
    assert heard.language == "zh"
    assert "先生，今天的年轻人很迷茫" in heard.text
    assert "鲁迅本人" in heard.text
    assert "Are you a real person" in heard.text
    assert "什么是希望" in heard.text
    starts = [word.start for word in heard.words]
    assert starts == sorted(starts)
    assert starts[-1] > whole.size / 16_000 - 4.0


def test_a_pause_inside_an_utterance_does_not_cut_it(
    recognizer: FasterWhisperRecognizer, hints: HearingHints, speech: Speech
) -> None:
    heard = recognizer.transcribe(speech("zh_pause_inside")[0].samples, hints)
    assert "我想问您一件事" in heard.text
    assert "您写阿" in heard.text


def test_the_language_is_taken_where_it_is_known(
    recognizer: FasterWhisperRecognizer, hints: HearingHints, speech: Speech
) -> None:
    english = HearingHints(language="en", names=hints.names)
    assert recognizer.transcribe(speech("zh_question_06")[0].samples, english).language == "en"


def test_threads_may_share_it(recognizer: FasterWhisperRecognizer, hints: HearingHints, speech: Speech) -> None:
    recordings = [recording.samples for recording in (*speech("zh_question_06"), *speech("en_question_05"))]
    alone = [recognizer.transcribe(samples, hints).text for samples in recordings]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda samples: recognizer.transcribe(samples, hints).text, recordings))
    assert together == alone


def test_what_is_not_a_number_does_no_harm(recognizer: FasterWhisperRecognizer, hints: HearingHints) -> None:
    assert recognizer.transcribe(np.full(16_000, np.nan, dtype=np.float32), hints).text == ""


def test_more_than_ten_minutes_are_refused(recognizer: FasterWhisperRecognizer, hints: HearingHints) -> None:
    with pytest.raises(AudioError) as caught:
        recognizer.transcribe(np.zeros(601 * 16_000, dtype=np.float32), hints)
    assert caught.value.code == "audio_too_long"
