"""What `avatar edit` refuses before anything is loaded, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from avatar.cli import app
from avatar.media import wav_bytes
from avatar.voice.editing import Edited, Wish
from avatar.voice.editing.editor import Part, Progress
from avatar.voice.editing.hearing import Understood
from avatar.voice.editing.recording import Recording, read


@pytest.fixture(autouse=True)
def recording(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(np.zeros(24_000, dtype=np.float32)))


@pytest.mark.parametrize(
    ("options", "english", "chinese"),
    [
        (("--out", "b.wav"), "Say what changes", "请说明要改什么"),
        (("--out", "b.wav", "--from", "x"), "Say what changes", "请说明要改什么"),
        (("--out", "b.wav", "--from", "x", "--to", "y", "--text", "z"), "Say what changes", "请说明要改什么"),
        (("--out", "b.mp3", "--text", "z"), "must end in .wav or .flac", "须以 .wav 或 .flac 结尾"),
        (("--out", "a.wav", "--text", "z"), "--out is the recording itself", "--out 就是原录音"),
        (("--out", "nowhere/b.wav", "--text", "z"), "There is no folder nowhere", "没有文件夹 nowhere"),
        (("--out", "b.wav", "--text", "z", "--language", "fr"), "--language is zh or en", "--language 是 zh 或 en"),
    ],
)
def test_wishes_that_cannot_be_met(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], english: str, chinese: str
) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    for language, said in (("en", english), ("zh", chinese)):
        monkeypatch.setenv("AVATAR_LANGUAGE", language)
        result = CliRunner().invoke(app, ["edit", "a.wav", "--voice", "host", *options])
        assert result.exit_code == 2
        assert said in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


class Desk:
    """Doubles the recording's first tenth of a second, in place of an edit."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Wish]] = []

    def edit(self, source: Path, voice: str, wish: Wish, progress: Progress) -> Edited:
        self.asked.append((voice, wish))
        progress("making", 0.5)
        given = read(source)
        raw = np.concatenate([given.raw[:2400], given.raw])
        part = Part(0, 2400, 0, 0, (1200,), "old", "new", True, Understood(1, 2), Understood(1, 2), 3, 0)
        return Edited(Recording(raw, given.rate), "old words", "new words", "en", 0.91, (part,))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    (tmp_path / "a.wav").write_bytes(wav_bytes(np.full(24_000, 0.1, dtype=np.float32)))
    monkeypatch.setenv("AVATAR_LANGUAGE", "en")
    made = Desk()
    monkeypatch.setattr("avatar.cli.edit.editing", lambda engines: made)
    return made


def test_a_recording_is_edited_and_written(desk: Desk, tmp_path: Path) -> None:
    asked = ["edit", "a.wav", "--voice", "me", "--from", "old", "--to", "new", "--out", "b.flac"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0
    assert "new words" in result.stdout
    assert "1 of 2 words were understood" in result.stderr
    assert len(read(tmp_path / "b.flac").raw) == 26_400
    assert desk.asked == [("me", Wish("old", "new"))]


def test_an_edit_as_json(desk: Desk) -> None:
    result = CliRunner().invoke(app, ["edit", "a.wav", "--voice", "me", "--text", "t", "--out", "b.wav", "--json"])
    told = json.loads(result.stdout)
    assert told["parts"] == [
        {"start": 0.0, "end": 0.1, "made": True, "tries": 3, "clicks": 0, "words": 2, "understood": 1}
    ]
    assert (told["old"], told["new"], told["likeness"]) == ("old words", "new words", 0.91)
