"""The end of a turn: what the model is given, and what comes of bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.errors import WeightsError
from avatar.media import Samples
from avatar.stages import TurnDetector
from avatar.voice.hearing.endpoint import SmartTurn, last_seconds


def tone(seconds: float) -> Samples:
    return np.asarray(0.1 * np.sin(np.arange(int(seconds * 16_000)) * 0.3), dtype=np.float32)


def test_satisfies_the_protocol(tiny_turn: Path) -> None:
    engine: TurnDetector = SmartTurn(tiny_turn)
    assert (engine.name, engine.device) == ("smart-turn", "cpu")


def test_takes_the_file_or_its_folder(tiny_turn: Path) -> None:
    assert SmartTurn(tiny_turn).finished(tone(1)) == SmartTurn(tiny_turn.parent).finished(tone(1))


def test_short_sound_stands_at_the_end_with_silence_before() -> None:
    given = last_seconds(tone(1))
    assert given.shape == (128_000,)
    assert np.ptp(given[:112_000]) == 0.0
    assert given.mean() == pytest.approx(0.0, abs=1e-5)
    assert given.std() == pytest.approx(1.0, abs=1e-3)


def test_only_the_last_eight_seconds_count(tiny_turn: Path) -> None:
    detector, recent = SmartTurn(tiny_turn), tone(8)
    longer = np.concatenate([np.full(50_000, 0.7, dtype=np.float32), recent])
    assert detector.finished(longer) == detector.finished(recent)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, dtype=np.float32),
        np.zeros(16_000, dtype=np.float32),
    ],
)
def test_nothing_heard_is_no_finished_turn(tiny_turn: Path, samples: Samples) -> None:
    assert SmartTurn(tiny_turn).finished(samples) == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("size", [1, 399, 20_000])
def test_whatever_comes_the_answer_is_a_probability(tiny_turn: Path, size: int, value: float) -> None:
    samples = tone(2)[:size].copy()
    samples[0] = value
    assert 0.0 <= SmartTurn(tiny_turn).finished(samples) <= 1.0


def test_another_model_is_refused(tiny_vad: Path) -> None:
    with pytest.raises(WeightsError):
        SmartTurn(tiny_vad)
