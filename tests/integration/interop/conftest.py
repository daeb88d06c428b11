"""A server on scripted engines, a recording to ask it with, and environments of their own for the clients of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from platformdirs import user_cache_path

from avatar.media import SPEECH_RATE, Samples, to_pcm16
from tests.browser.scripted import ScriptedServer, voice

HERE = Path(__file__).resolve().parent

RunClient = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedServer]:
    """The real server and the real session; what is understood and answered is known beforehand."""
    with ScriptedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def question() -> Samples:
    """float32 [n] at SPEECH_RATE: a voice for a second and a half, and silence around it."""
    pauses = [np.zeros(round(seconds * SPEECH_RATE), dtype=np.float32) for seconds in (0.5, 4.0)]
    return np.concatenate([pauses[0], voice(1.5), pauses[1]]).astype(np.float32)


@pytest.fixture
def run_client(tmp_path: Path, question: Samples) -> RunClient:
    """Runs one of the programs beside this file in its own environment: `run_client(name, requirements, url)`."""

    def run(name: str, requirements: Sequence[str], url: str) -> dict[str, Any]:
        recording = tmp_path / "question.pcm"
        recording.write_bytes(to_pcm16(question))
        python = _environment(name, requirements)
        command = [str(python), str(HERE / f"{name}_client.py"), url, str(recording)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=_clean())
        assert done.returncode == 0, done.stderr[-3000:]
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told

    return run


def _environment(name: str, requirements: Sequence[str]) -> Path:
    """The Python of an environment that has the requirements; made once and kept in the user's cache."""
    folder = user_cache_path("avatar") / "interop" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    python, stamp = folder / "bin" / "python", folder / "requirements"
    with FileLock(f"{folder}.lock"):
        if not stamp.is_file() or stamp.read_text().split() != list(requirements):
            _install(["-m", "venv", str(folder)], Path(sys.executable))
            _install(["-m", "pip", "install", "--quiet", *requirements], python)
            stamp.write_text("\n".join(requirements))
    return python


def _install(arguments: list[str], python: Path) -> None:
    done = subprocess.run([str(python), *arguments], capture_output=True, text=True, check=False, env=_clean())
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1][:300]
        pytest.skip(f"the client cannot be installed here: {reason}")


def _clean() -> dict[str, str]:
    """The environment without this one's Python paths."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")}
