"""The real engines, opened once, and the recordings that they hear."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jiwer
import pytest
from pypinyin import Style, lazy_pinyin

from avatar.media import HEARING_RATE, Samples, read_audio
from avatar.stages import HearingHints
from avatar.voice.hearing.endpoint import SmartTurn
from avatar.voice.hearing.recognizer import FasterWhisperRecognizer
from avatar.voice.hearing.vad import SileroVoiceActivity


@dataclass(frozen=True, slots=True)
class Recording:
    """Speech whose words are known."""

    file: str
    text: str
    language: str
    samples: Samples

    def error(self, heard: str) -> float:
        """Toned syllables (Chinese) or words (English) that are wrong, as a share of those said."""
        if self.language == "zh":
            return float(jiwer.wer(_pinyin(self.text), _pinyin(heard) or "-"))
        return float(jiwer.wer(_plain(self.text), _plain(heard) or "-"))


Speech = Callable[[str], list[Recording]]


@pytest.fixture(scope="session")
def speech(shared_data: Path) -> Speech:
    """The recordings whose file names begin like this."""
    folder = shared_data / "speech"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    def beginning(prefix: str) -> list[Recording]:
        return [
            Recording(entry["file"], entry["text"], entry["lang"], read_audio(folder / entry["file"], HEARING_RATE))
            for entry in manifest
            if entry["file"].startswith(prefix)
        ]

    return beginning


@pytest.fixture(scope="session")
def hints() -> HearingHints:
    """What a talk with Lu Xun is about."""
    return HearingHints(
        names=("鲁迅", "孔乙己", "闰土", "祥林嫂", "阿Q", "藤野先生", "Lu Xun", "Kong Yiji", "Runtu", "Sendai"),
        topic_zh="这是同鲁迅先生的谈话。",
        topic_en="A conversation with Mr. Lu Xun.",
    )


@pytest.fixture(scope="session")
def recognizer(models_dir: Path) -> FasterWhisperRecognizer:
    engine = FasterWhisperRecognizer(models_dir / "whisper-base")
    engine.warm()
    return engine


@pytest.fixture(scope="session")
def vad() -> SileroVoiceActivity:
    return SileroVoiceActivity()


@pytest.fixture(scope="session")
def turn_detector(models_dir: Path) -> SmartTurn:
    return SmartTurn(models_dir / "smart-turn-v3.2")


def _pinyin(text: str) -> str:
    return " ".join(lazy_pinyin(re.sub(r"[^\w]", "", text), style=Style.TONE3))


def _plain(text: str) -> str:
    return re.sub(r"[^\w' ]", "", text.lower()).replace("mister", "mr").strip()
