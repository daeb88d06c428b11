"""One token on the graphics card, in a process of its own, before the server trusts it.

Where a card or its driver cannot run the library's kernels, ggml ends the process. The packaged build holds machine
code for compute capabilities 8.6, 8.9, 12.0 and 12.1 and PTX for 7.5, 8.0 and 9.0, which the driver compiles; one that
is older than the build does not (an H100 with driver 580 was seen to fail).
"""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

from avatar.dialog.child import ROOT, command, environment
from avatar.errors import EngineError

PATIENCE_S = 180.0
"""For loading a large model from a slow disk and, the first time, compiling for the card."""

_ERROR = "CUDA error"


def prove(libraries: Path, model: Path, device: str) -> None:
    """Compute one token there.

    Args:
        libraries: the folder of llama.cpp.
        model: a GGUF file.
        device: "cuda" or "cuda:N", for what is told.

    Raises:
        EngineError: it cannot be done.
    """
    try:
        done = subprocess.run(
            command("avatar.dialog.llama.trial", libraries, model),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
            cwd=ROOT,
            env=environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unusable(device, type(error).__name__) from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").splitlines()
        raise _unusable(device, next((_reason(line) for line in lines if _ERROR in line), ""))


def _reason(line: str) -> str:
    """What stands behind the name of the logger and the level."""
    return line[line.index(_ERROR) :].strip().rstrip(".")


def _unusable(device: str, reason: str) -> EngineError:
    told = f" ({reason[:200]})" if reason else ""
    return EngineError(
        f"llama.cpp cannot compute on {device}{told}. It needs CUDA 13's libraries and a driver as new as its build. "
        "Get a newer driver, or set llm.device to cpu.",
        f"llama.cpp 无法在 {device} 上运行{told}。它需要 CUDA 13 的运行库和足够新的显卡驱动。"
        "请更新驱动，或把 llm.device 设为 cpu。",
    )


def main(libraries: Path, model: Path) -> None:
    """Read one token with every layer on the card."""
    from avatar.dialog.llama.context import Context, Runtime, Step

    context = Context(Runtime(libraries, 1, "cuda"), model, sequences=1, length=256, batch=8)
    if not context.read([Step(0, 0, context.tokens("1")[0], wanted=True)]):
        sys.exit(1)


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)  # what the library says goes to stderr, for the sentence above
    main(Path(sys.argv[1]), Path(sys.argv[2]))
