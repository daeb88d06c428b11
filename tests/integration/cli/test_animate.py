"""`avatar animate` with the real voice and the real networks, from the command line to the decoded file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest
from typer.testing import CliRunner

from avatar.cli import app

pytestmark = pytest.mark.integration

PHOTO = "portraits/sargent_portrait.jpg"


@pytest.fixture(autouse=True)
def in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_LANGUAGE", "en")
    monkeypatch.setenv("AVATAR_CACHE_DIR", str(tmp_path / "cache"))


def test_a_photograph_says_a_text(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "film.mp4"
    wish = ["--text", "你好。我们走吧。", "--voice", "zf_xiaoxiao", "--size", "256", "--subtitles", "srt", "--json"]
    result = CliRunner().invoke(
        app, ["animate", str(shared_data / PHOTO), "--out", str(out), "--ground", "historical", *wish]
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout[result.stdout.index("{") :])
    with av.open(str(out)) as container:
        lasts = [
            float((stream.duration or 0) * (stream.time_base or 0))
            for stream in (*container.streams.video, *container.streams.audio)
        ]
        assert container.streams.video[0].codec_context.width == 256
        assert "historical" in container.metadata["comment"]
    assert abs(lasts[0] - lasts[1]) < 0.06
    assert told["frames"] / 25 == pytest.approx(lasts[0], abs=0.001)
    assert out.with_suffix(".srt").read_text(encoding="utf-8").count("-->") == 2
    assert told["faces"] == 1


def test_a_photograph_says_what_was_recorded(shared_data: Path, tmp_path: Path) -> None:
    speech = sorted((shared_data / "speech").glob("*.wav"))[0]
    out = tmp_path / "film.gif"
    result = CliRunner().invoke(
        app, ["animate", str(shared_data / PHOTO), "--out", str(out), "--audio", str(speech), "--size", "256"]
    )
    assert result.exit_code == 0, result.output
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 5


def test_a_command_that_is_stopped_leaves_nothing(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "film.mp4"
    out.parent.mkdir()
    command = [sys.executable, "-c", "from avatar.cli import main; main()", "animate", str(shared_data / PHOTO)]
    process = subprocess.Popen([*command, "--out", str(out), "--text", "很长的一段话,说也说不完。" * 60])
    while process.poll() is None and not list(out.parent.glob(".film-*")) and not _ready(process):
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 130
    assert list(out.parent.iterdir()) == []


def _ready(process: subprocess.Popen[bytes]) -> bool:
    """Whether the command has had ten seconds of the processor: it is in the midst of its work by then."""
    times = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(times[11]) + int(times[12])) / 100 > 10
