"""What `avatar edit` refuses before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from avatar.cli import app
from avatar.media import wav_bytes


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights, no data of the user's, and a recording."""
    for name in ("data_dir", "models_dir", "cache_dir"):
        monkeypatch.setenv(f"AVATAR_{name.upper()}", str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
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
