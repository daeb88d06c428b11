"""Prompts that were read, kept on disk: what takes a processor ten seconds, a disk gives back at once."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

from avatar.files import tidy, whole

log = logging.getLogger(__name__)

KEPT = 16
"""Prompts kept; the longest unused go first."""


class KeptPrompts:
    """A folder of prompts' states. A file's name holds its digest: llama.cpp may end the process over a damaged one.

    Args:
        folder: made where it is absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        tidy(folder)

    def find(self, key: str) -> bytes | None:
        """The state under a key, if an earlier run wrote it and it is whole; it then counts as used now."""
        for file in self._folder.glob(f"{key}-*.kv"):
            state = file.read_bytes()
            if file.name == _name(key, state):
                os.utime(file)
                return state
            log.warning("kept_prompt_damaged", extra={"file": file.name})
            file.unlink(missing_ok=True)
        return None

    def keep(self, key: str, state: bytes) -> None:
        """Write a state; the longest unused go."""
        path = self._folder / _name(key, state)
        try:
            with whole(path) as unfinished:
                unfinished.write_bytes(state)
        except OSError:
            log.warning("prompt_not_kept", extra={"file": path.name})
        for old in sorted(self._folder.glob("*.kv"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)


def _name(key: str, state: bytes) -> str:
    return f"{key}-{hashlib.sha256(state).hexdigest()[:32]}.kv"
