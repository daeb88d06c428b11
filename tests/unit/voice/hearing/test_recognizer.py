"""What the recognizer refuses before it needs a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.errors import EngineError, WeightsError
from avatar.voice.hearing.recognizer import FasterWhisperRecognizer


def test_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"config\.json is missing") as caught:
        FasterWhisperRecognizer(tmp_path)
    assert "avatar models pull" in caught.value.zh


def test_damaged_files_or_devices_are_told(tmp_path: Path) -> None:
    for file in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / file).write_bytes(b"{}")
    with pytest.raises(EngineError, match="cannot run on cpu as int8"):
        FasterWhisperRecognizer(tmp_path)
