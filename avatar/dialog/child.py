"""A module of this package as a process of its own.

Python looks for modules in the folder where such a process begins, before all others: a `json.py` that lies where the
server was started would be taken for Python's own. So it begins in the folder that holds this package.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""What the package lies in; where the process begins."""


def command(module: str, *words: str | Path) -> list[str]:
    """What starts it. Paths are made absolute."""
    return [sys.executable, "-m", module, *(str(word.absolute() if isinstance(word, Path) else word) for word in words)]


def environment() -> dict[str, str]:
    """The environment of this process, in which the package is found where it was found here."""
    places = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
