"""Proving a graphics card in another process: whatever becomes of that process, there is a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from avatar.dialog.llama import trial
from avatar.errors import EngineError


def script(folder: Path, text: str) -> str:
    file = folder / "python"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("echo 'ERROR:ggml:CUDA error: no kernel image is available.' >&2; exit 1", "(CUDA error: no kernel image"),
        ("kill -ABRT $$", "cannot compute on cuda:0."),
        ("exec sleep 60", "(TimeoutExpired)"),
        ("cat; exit 1", "cannot compute on cuda:0."),
    ],
)
def test_a_card_that_cannot_is_told_of(text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", script(tmp_path, text))
    monkeypatch.setattr(trial, "PATIENCE_S", 2.0)
    with pytest.raises(EngineError) as caught:
        trial.prove(tmp_path, tmp_path / "model.gguf", "cuda:0")
    assert told in caught.value.en and "cuda:0" in caught.value.zh


def test_a_process_that_cannot_be_started_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "absent"))
    with pytest.raises(EngineError, match="FileNotFoundError"):
        trial.prove(tmp_path, tmp_path / "model.gguf", "cuda:0")


def test_what_it_is_given_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths as the settings may have them, from the folder where the server was started."""
    monkeypatch.chdir(tmp_path)
    seen: list[list[str]] = []

    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        seen.append(words)
        return subprocess.CompletedProcess(words, 0, b"", b"")

    monkeypatch.setattr(subprocess, "run", run)
    trial.prove(Path("libraries"), Path("model.gguf"), "cuda:0")
    assert seen[0][-2:] == [str(tmp_path / "libraries"), str(tmp_path / "model.gguf")]
