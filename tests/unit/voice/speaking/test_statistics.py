"""What is measured of a voice is measured once."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from avatar.errors import Language
from avatar.voice.deltas import Deltas
from avatar.voice.profiles import Style
from avatar.voice.speaking.statistics import Measured, VoiceStatistics

SHAPE = (2, 3, 1)
STYLE: Style = np.zeros((510, 256), dtype=np.float32)


class Meter:
    """Counts how often it measures."""

    def __init__(self) -> None:
        self.calls: list[Language] = []

    def __call__(self, style: Style, language: Language, deltas: Deltas) -> Measured:
        self.calls.append(language)
        return Measured(np.full(SHAPE, len(self.calls), dtype=np.float32), -20.0 - len(self.calls))


def test_a_voice_is_measured_once(tmp_path: Path) -> None:
    meter = Meter()
    statistics = VoiceStatistics(meter, tmp_path / "voices", SHAPE)
    first = statistics.of(STYLE, "zh")
    assert statistics.of(STYLE.copy(), "zh") is first
    again = VoiceStatistics(meter, tmp_path / "voices", SHAPE)
    assert np.array_equal(again.of(STYLE, "zh").channels, first.channels)
    assert again.of(STYLE, "zh").loudness == -21.0
    assert meter.calls == ["zh"]


def test_languages_and_styles_are_told_apart(tmp_path: Path) -> None:
    meter = Meter()
    statistics = VoiceStatistics(meter, tmp_path, SHAPE)
    values = [statistics.of(STYLE, "zh"), statistics.of(STYLE, "en"), statistics.of(STYLE + 1, "zh")]
    assert [value.channels[0, 0, 0] for value in values] == [1, 2, 3]


def test_threads_wait_for_one_measurement(tmp_path: Path) -> None:
    meter = Meter()
    statistics = VoiceStatistics(meter, tmp_path, SHAPE)
    threads = [threading.Thread(target=statistics.of, args=(STYLE, "zh")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.calls == ["zh"]


@pytest.mark.parametrize("damage", [b"", b"not numpy", b"PK\x03\x04 breaks off", None])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    meter = Meter()
    VoiceStatistics(meter, tmp_path, SHAPE).of(STYLE, "zh")
    (path,) = tmp_path.glob("*.npz")
    if damage is None:
        np.savez(path, channels=np.zeros((1, 1)), loudness=0.0)
    else:
        path.write_bytes(damage)
    assert VoiceStatistics(meter, tmp_path, SHAPE).of(STYLE, "zh").channels.shape == SHAPE
    assert len(meter.calls) == 2
    assert [file.suffix for file in tmp_path.iterdir()] == [".npz"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    statistics = VoiceStatistics(Meter(), tmp_path / "file" / "voices", SHAPE)
    assert statistics.of(STYLE, "zh").channels.shape == SHAPE
