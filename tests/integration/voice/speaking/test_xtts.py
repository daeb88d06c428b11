"""XTTS-v2: xtts/suite.py, in an environment of its own, since nothing else here needs what it brings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from filelock import FileLock
from platformdirs import user_cache_path

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]

ROOT = Path(__file__).resolve().parents[4]
SUITE = Path(__file__).resolve().parent / "xtts" / "suite.py"

REQUIREMENTS = (
    "coqui-tts==0.28.0", "coqui-tts-trainer==0.4.0", "coqpit-config==0.2.5", "transformers==5.23.0",
    "safetensors==0.8.0", "librosa==0.11.0", "lazy-loader==0.6", "einops==0.8.2", "anyascii==0.3.3",
    "ko-speech-tools==0.1.0", "psutil==7.2.2", "scipy==1.17.1", "six==1.17.0",
)  # fmt: skip
"""What XTTS imports of what the extra `xtts` installs, beyond our own; a third of it all. torchaudio and torchcodec
have stand-ins in xtts/standins/."""


def test_xtts_on_a_tiny_checkpoint() -> None:
    command = [str(environment()), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(SUITE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=_clean(), timeout=1200)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) >= 20


def environment() -> Path:
    """The Python of an environment that has the packages of this one and those of XTTS; made once and kept."""
    ours = sysconfig.get_path("purelib")
    folder = user_cache_path("avatar") / "interop" / "xtts"
    folder.parent.mkdir(parents=True, exist_ok=True)
    python, stamp = folder / "bin" / "python", folder / "requirements"
    wanted = "\n".join((sys.version, ours, *REQUIREMENTS))
    with FileLock(f"{folder}.lock"):
        if not stamp.is_file() or stamp.read_text() != wanted:
            _run(sys.executable, "-m", "venv", "--clear", str(folder))
            (site,) = folder.glob("lib/python*/site-packages")
            (site / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
            _run(str(python), "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", *REQUIREMENTS)
            stamp.write_text(wanted)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_clean())
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1][:300]
        pytest.skip(f"XTTS's packages cannot be installed here: {reason}")


def _clean() -> dict[str, str]:
    """The environment without this one's Python paths."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")}
