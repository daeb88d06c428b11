"""Folders in which something is put together before it is moved to its place, and what killed processes left of them.

A process that is killed cleans nothing up. So whoever works in such a folder holds a lock beside it, taken before the
folder is made; the system lets go of it however the process ends. A folder whose lock nobody holds is left over.
"""

from __future__ import annotations

import logging
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from avatar.files import tidy

log = logging.getLogger(__name__)

_PATIENT_S = 10.0
"""For one's own lock, which a sweep may have come upon before it was held."""

_NAME = re.compile(r"\.[a-z]+-[a-z0-9_]+")


@contextmanager
def unfinished(place: Path, kind: str) -> Iterator[Path]:
    """A folder for unfinished things within another, both made where they are not there; gone at the end.

    Args:
        kind: begins its name, behind a full stop; lower-case letters.

    Raises:
        OSError: it cannot be made.
    """
    folder = place / f".{kind}-{secrets.token_hex(8)}"
    place.mkdir(parents=True, exist_ok=True)
    with _locked(folder, within=_PATIENT_S):
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(place: Path, kind: str) -> None:
    """Remove the folders of a kind in which nobody works any more, and files that were long ago being written.

    What cannot be removed stays: opening what lies there must not fail for it.
    """
    names = {left.name.removesuffix(".lock") for left in place.glob(f".{kind}-*")}
    for name in sorted(filter(_NAME.fullmatch, names)):
        with suppress(OSError), _locked(place / name, within=0):  # a lock that is held is one, too
            shutil.rmtree(place / name, ignore_errors=True)
            log.info("unfinished_removed", extra={"kind": kind})
    tidy(place)


@contextmanager
def _locked(folder: Path, *, within: float) -> Iterator[None]:
    """Hold the lock of a folder, and take it away at the end.

    Args:
        within: so many seconds it must be had.

    Raises:
        OSError: it cannot be made, or somebody else holds it.
    """
    file = folder.with_name(f"{folder.name}.lock")
    with FileLock(file, timeout=within, thread_local=False):
        try:
            yield
        finally:
            with suppress(OSError):  # Windows removes no file that is open
                file.unlink()
    with suppress(OSError):
        file.unlink()
