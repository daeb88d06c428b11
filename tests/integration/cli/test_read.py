"""Reading aloud with the real voice: stopped in the middle, gone on with, heard, and the same as without the stop."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from avatar.engines import Engines
from avatar.engines.voices import mark_network
from avatar.live.aloud.book import book_of
from avatar.live.aloud.reading import Reading, Step
from avatar.live.aloud.workshop import Manner, Workshop
from avatar.media import HEARING_RATE, SPEECH_RATE, read_audio, resample
from avatar.stages import HearingHints
from avatar.voice.checking.judging import judge
from avatar.voice.checking.sounds import said
from avatar.voice.speaking.g2p import Phonetics
from avatar.voice.watermark import detect

pytestmark = pytest.mark.integration

TEXT = "# 影的告别\n\n人睡到不知道时候的时候，就会有影来告别。\n\n朋友，我不想跟随你了。\n"
VOICE = "zm_yunxi"
NAME = "01 影的告别"


def read(engines: Engines, folder: Path, stop: int | None = None) -> int:
    """Read the text; stopped after so many clauses. How many were made."""
    narrator, book = engines.narrator, book_of(TEXT, "野草")

    def watch(step: Step) -> None:
        if step.made == stop:
            raise KeyboardInterrupt

    with Workshop(folder, "b.md", Manner(VOICE, "", 1.0, "kokoro")) as workshop:
        reading = Reading(book, book.chapters, workshop, lambda c, la: narrator.speak(c, VOICE, language=la), VOICE)
        reading.changed()
        try:
            reading.read(watch)
        except KeyboardInterrupt:
            assert stop is not None
        return reading.made


def test_a_book_is_read_stopped_and_gone_on_with(engines: Engines, tmp_path: Path) -> None:
    out, parts = tmp_path / "whole", tmp_path / "parts"
    assert read(engines, out) == 3
    assert read(engines, parts, stop=2) == 2
    assert [each.name for each in parts.iterdir()] == [".reading"]
    assert read(engines, parts) == 1
    assert sum(n for (place, _), n in engines.self_check.tally.clauses().items() if place == "script") == 6
    for name in (*(NAME + ending for ending in (".m4a", ".srt", ".vtt", ".json")), "野草.m4b"):
        assert (parts / name).read_bytes() == (out / name).read_bytes()

    sound = read_audio(out / f"{NAME}.m4a", SPEECH_RATE)
    assert detect(sound, mark_network(engines.settings)).marked
    heard = engines.recognizer.transcribe(resample(sound, SPEECH_RATE, HEARING_RATE), HearingHints(language="zh"))
    phonetics = Phonetics()
    assert judge(said(TEXT, "zh", phonetics), said(heard.text, "zh", phonetics)).lost <= 1

    words = json.loads((out / f"{NAME}.json").read_text(encoding="utf-8"))["words"]
    assert "".join(word["text"] for word in words) == TEXT.replace("\n", "").removeprefix("# ")
    hop = SPEECH_RATE // 100
    loud = np.sqrt(np.mean(sound[: sound.size // hop * hop].reshape(-1, hop) ** 2, axis=1)) > 0.005
    for before, word in zip([{"end": 0.0}, *words], words, strict=False):
        if word["start"] - before["end"] > 0.2:
            at = round(word["start"] * 100)
            assert not loud[max(0, at - 15) : max(0, at - 10)].any()
            assert loud[at : at + 12].any()
