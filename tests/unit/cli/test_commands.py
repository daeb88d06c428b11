"""What the commands say when something is wrong, in both languages, and how they exit."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from avatar.cli import app
from avatar.cli.bench import chosen, machine, versions
from avatar.cli.doctor import Finding, examine
from avatar.errors import InputError
from avatar.media import wav_bytes
from avatar.settings import Settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def silence(tmp_path: Path) -> str:
    """A recording without speech."""
    import numpy as np

    file = tmp_path / "silence.wav"
    file.write_bytes(wav_bytes(np.zeros(24_000, dtype=np.float32)))
    return str(file)


def test_a_question_that_is_not_there(tmp_path: Path) -> None:
    result = run("ask", "nowhere.wav", "--out", "a.mp4")
    assert result.exit_code == 2
    assert "There is no file nowhere.wav" in result.stderr


def test_a_question_that_is_no_sound(tmp_path: Path) -> None:
    (tmp_path / "fake.wav").write_bytes(b"not a recording" * 100)
    result = run("ask", "fake.wav", "--out", "a.mp4")
    assert result.exit_code == 2
    assert "fake.wav is not a recording" in result.stderr
    assert not (tmp_path / "a.mp4").exists()


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """A picture without a face."""
    Image.new("RGB", (200, 200), (120, 110, 100)).save(tmp_path / "grey.png")
    return str(tmp_path / "grey.png")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--out", "a.mp4"), "Give either --text or --audio"),
        (("--out", "a.mp4", "--text", "x", "--audio", "b.wav"), "Give either --text or --audio"),
        (("--out", "a.avi", "--text", "x"), "must end in one of .mp4, .webm, .gif"),
        (("--out", "nowhere/a.mp4", "--text", "x"), "There is no folder nowhere"),
        (("--out", "a.mp4", "--text", "x", "--size", "500"), "--size is a multiple of 16"),
        (("--out", "a.mp4", "--text", "x", "--subtitles", "ass"), "--subtitles is one of srt, vtt"),
        (("--out", "a.mp4", "--text", "x", "--ground", "none"), "--ground is one of own, consent, historical"),
    ],
)
def test_animating_with_wishes_that_cannot_be_met(picture: str, wrong: tuple[str, ...], said: str) -> None:
    result = run("animate", picture, *wrong)
    assert result.exit_code == 2
    assert said in result.stderr


def test_animating_what_is_no_picture(tmp_path: Path, silence: str) -> None:
    for name, said in ((silence, "is not a picture"), ("nowhere.jpg", "There is no file nowhere.jpg")):
        result = run("animate", name, "--text", "x", "--out", "a.mp4")
        assert result.exit_code == 2
        assert said in result.stderr
    assert not (tmp_path / "a.mp4").exists()


def test_the_same_in_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_LANGUAGE", "zh")
    result = run("ask", "nowhere.wav", "--out", "a.mp4")
    assert "没有文件 nowhere.wav" in result.stderr


def test_a_question_that_is_too_long(tmp_path: Path) -> None:
    import numpy as np

    (tmp_path / "long.wav").write_bytes(wav_bytes(np.zeros(8000 * 601, dtype=np.float32), 8000))
    result = run("ask", "long.wav", "--out", "a.mp4")
    assert result.exit_code == 2
    assert "longer than 600 seconds" in result.stderr


@pytest.mark.parametrize("out", ["a.avi", "a", "nowhere/a.mp4"])
def test_an_output_that_cannot_be_written_is_refused_first(silence: str, out: str) -> None:
    result = run("ask", silence, "--out", out)
    assert result.exit_code == 2
    assert "must end in" in result.stderr or "no folder" in result.stderr


def test_weights_that_are_missing(silence: str) -> None:
    result = run("ask", silence, "--out", "a.mp4")
    assert result.exit_code == 3
    assert "avatar models pull" in result.stderr


def test_more_to_say_than_can_be_said_at_once() -> None:
    result = run("say", "x" * 100_000, "--out", "a.wav")
    assert result.exit_code == 2
    assert "10000 are the most" in result.stderr and "avatar read" in result.stderr


def test_nothing_to_say() -> None:
    assert run("say", "  ", "--out", "a.wav").exit_code == 2


def test_an_unknown_language(silence: str) -> None:
    assert run("ask", silence, "--out", "a.mp4", "--language", "fr").exit_code == 2


def test_an_unknown_benchmark_names_those_there_are() -> None:
    result = run("bench", "nothing")
    assert result.exit_code == 2
    assert "reply" in result.stderr


def test_an_unknown_engine_names_those_there_are(silence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_LLM__ENGINE", "gpt")
    result = run("ask", silence, "--out", "a.mp4")
    assert result.exit_code == 2
    assert "embedded" in result.stderr


def test_a_port_that_is_taken() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("serve", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 7
    assert "--port" in result.stderr


def test_the_personas_as_json() -> None:
    result = run("personas", "--json")
    assert result.exit_code == 0
    assert "luxun" in {who["id"] for who in json.loads(result.stdout)}


def test_the_doctor_names_what_is_missing_and_its_mend() -> None:
    result = run("doctor", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert not report["ok"]
    missing = {row["topic"]: row["mend"] for row in report["findings"] if row["status"] == "missing"}
    assert missing["weights kokoro-82m"] == "avatar models pull kokoro-82m"
    assert "engine recognizer" in missing


def test_the_doctor_finds_the_libraries(tmp_path: Path) -> None:
    findings = [finding for finding in examine(Settings()) if finding.topic in ("torch", "numba", "h264", "python")]
    assert all(isinstance(finding, Finding) and finding.status == "ok" for finding in findings)
    assert len(findings) == 4


def test_a_benchmark_gets_the_options_that_it_takes_and_no_other() -> None:
    takes, without = ModuleType("takes"), ModuleType("without")
    takes.run = lambda settings, minutes=6.0: {}  # type: ignore[attr-defined]
    without.run = lambda settings: {}  # type: ignore[attr-defined]
    assert chosen(takes, minutes=30.0) == {"minutes": 30.0}
    assert chosen(takes, minutes=None) == chosen(without, minutes=None) == {}
    with pytest.raises(InputError, match="takes no --minutes"):
        chosen(without, minutes=30.0)


def test_a_benchmark_says_where_it_was_taken() -> None:
    assert machine()["cores"]
    assert set(versions()) >= {"python", "numpy", "onnxruntime"}
