"""Voice activity: windows, state and spans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.errors import WeightsError
from avatar.media import Samples
from avatar.stages import VoiceActivity
from avatar.voice.hearing.vad import WINDOW, SileroVoiceActivity, SpeechSpan, packaged_model, speech_spans


def noise(samples: int) -> Samples:
    return np.random.default_rng(0).uniform(-0.01, 0.01, samples).astype(np.float32)


def test_satisfies_the_protocol(tiny_vad: Path) -> None:
    engine: VoiceActivity = SileroVoiceActivity(tiny_vad)
    assert (engine.name, engine.device) == ("silero", "cpu")


@pytest.mark.parametrize("chunk", [1, 160, 320, 511, 512, 513, 5000])
def test_any_chunking_gives_the_same(tiny_vad: Path, chunk: int) -> None:
    engine, sound = SileroVoiceActivity(tiny_vad), noise(5 * WINDOW + 100)
    whole = engine.open().push(sound)
    stream = engine.open()
    parts = [value for start in range(0, sound.size, chunk) for value in stream.push(sound[start : start + chunk])]
    assert len(whole) == 5
    assert parts == pytest.approx(whole, abs=1e-6)


def test_a_window_sees_the_end_of_the_one_before(tiny_vad: Path) -> None:
    sound = np.zeros(2 * WINDOW, dtype=np.float32)
    sound[WINDOW - 64 : WINDOW] = 0.5
    first, second = SileroVoiceActivity(tiny_vad).open().push(sound)
    assert first == pytest.approx(32 / 576)
    assert second == pytest.approx(64 / 576)


def test_streams_do_not_share_their_state(tiny_vad: Path) -> None:
    engine = SileroVoiceActivity(tiny_vad)
    one, other = engine.open(), engine.open()
    one.push(np.ones(3 * WINDOW, dtype=np.float32))
    assert other.push(np.zeros(WINDOW, dtype=np.float32)) == [0.0]


def test_reset_forgets_state_context_and_rest(tiny_vad: Path) -> None:
    stream = SileroVoiceActivity(tiny_vad).open()
    stream.push(np.ones(WINDOW + 100, dtype=np.float32))
    stream.reset()
    assert stream.push(np.zeros(WINDOW - 1, dtype=np.float32)) == []
    assert stream.push(np.zeros(1, dtype=np.float32)) == [0.0]


def test_what_is_not_a_number_does_not_stay_in_the_state(tiny_vad: Path) -> None:
    stream = SileroVoiceActivity(tiny_vad).open()
    values = stream.push(np.full(WINDOW, np.nan, dtype=np.float32)) + stream.push(np.zeros(WINDOW, dtype=np.float32))
    assert np.isfinite(values).all()


def test_a_whole_recording_includes_its_last_part_window(tiny_vad: Path) -> None:
    engine = SileroVoiceActivity(tiny_vad)
    assert engine.probabilities(noise(WINDOW + 1)).shape == (2,)
    assert engine.probabilities(noise(0)).shape == (0,)


def test_the_packaged_model_is_found_and_runs() -> None:
    assert packaged_model().name.startswith("silero_vad")
    assert max(SileroVoiceActivity().probabilities(np.zeros(16_000, dtype=np.float32))) < 0.2


def test_another_model_is_refused(tiny_turn: Path) -> None:
    with pytest.raises(WeightsError, match="another model"):
        SileroVoiceActivity(tiny_turn)


def test_a_missing_or_damaged_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="missing"):
        SileroVoiceActivity(tmp_path / "none.onnx")
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"not a model")
    with pytest.raises(WeightsError, match="damaged"):
        SileroVoiceActivity(damaged)


def test_spans_open_at_the_threshold_and_close_after_a_pause() -> None:
    quiet, loud, between = [0.0] * 20, [0.9] * 10, [0.4] * 20
    probabilities = np.array([*quiet, *loud, *between, *loud, *quiet, *loud], dtype=np.float32)
    assert speech_spans(probabilities) == [SpeechSpan(20 * WINDOW, 60 * WINDOW), SpeechSpan(80 * WINDOW, 90 * WINDOW)]
    assert speech_spans(np.array(quiet, dtype=np.float32)) == []
