"""Where the real models hear speech begin and end, and whether it sounds finished."""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest

from avatar.media import Samples
from avatar.voice.hearing.endpoint import SmartTurn
from avatar.voice.hearing.vad import SileroVoiceActivity, SpeechSpan, speech_spans

from .conftest import Speech

pytestmark = pytest.mark.integration

QUIET = 3_200
"""Samples of silence after which the detector is asked: 0.2 s."""


def spans_of(vad: SileroVoiceActivity, samples: Samples, pause_s: float = 0.5) -> list[SpeechSpan]:
    return speech_spans(vad.probabilities(samples), pause_s=pause_s)


def test_speech_begins_and_ends_where_the_sound_does(vad: SileroVoiceActivity, speech: Speech) -> None:
    samples = speech("zh_question_03")[0].samples
    loud = np.flatnonzero(np.abs(samples) > 0.1 * np.abs(samples).max())
    (span,) = spans_of(vad, np.pad(samples, 32_000))
    assert abs(span.start - (loud[0] + 32_000)) < 0.25 * 16_000
    assert abs(span.end - (loud[-1] + 32_000)) < 0.25 * 16_000


def test_a_stream_hears_what_the_whole_recording_holds(vad: SileroVoiceActivity, speech: Speech) -> None:
    samples = speech("en_question_02")[0].samples
    stream = vad.open()
    streamed = [value for start in range(0, samples.size, 320) for value in stream.push(samples[start : start + 320])]
    assert streamed == pytest.approx(vad.probabilities(samples)[: len(streamed)], abs=1e-4)


def test_a_pause_is_heard(vad: SileroVoiceActivity, speech: Speech) -> None:
    first, second = spans_of(vad, speech("zh_pause_inside")[0].samples)
    assert 0.7 <= (second.start - first.end) / 16_000 <= 1.4


def test_finished_questions_score_high(vad: SileroVoiceActivity, turn_detector: SmartTurn, speech: Speech) -> None:
    scores = []
    for recording in (*speech("zh_question"), *speech("en_question")):
        end = spans_of(vad, recording.samples)[-1].end + QUIET
        scores.append(turn_detector.finished(np.pad(recording.samples, (0, QUIET))[:end]))
    assert median(scores) > 0.9
    assert min(scores) > 0.5


def test_the_silence_inside_a_question_scores_low(
    vad: SileroVoiceActivity, turn_detector: SmartTurn, speech: Speech
) -> None:
    samples = speech("zh_pause_inside")[0].samples
    inner = spans_of(vad, samples)[0].end
    assert turn_detector.finished(samples[: inner + QUIET]) < 0.5
