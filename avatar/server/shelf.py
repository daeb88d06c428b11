"""Files that visitors sent and films that were made for them: kept for an hour under names that cannot be guessed."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from avatar.errors import Language, NotFoundError

KEPT_S = 3600.0
"""How long something is kept after it was last asked for, in seconds."""

PLACES = 64
"""How many things are kept at once; the one unused for longest makes room."""

_ID = re.compile(r"[a-z]+_[0-9a-f]{32}")


@dataclass(slots=True)
class Thing:
    """Something on the shelf.

    Attributes:
        id: such as "photo_5f…".
        folder: its own, in which its files lie.
        language: of whoever put it there, for what is told later.
        used: when it was last asked for.
    """

    id: str
    folder: Path
    language: Language
    used: float


class Shelf:
    """Keeps things in a folder that vanishes with the process. Safe to share between threads.

    Args:
        now: the clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._things: dict[str, Thing] = {}
        self._root: Path | None = None

    def new(self, kind: str, language: Language) -> Thing:
        """An empty place.

        Args:
            kind: begins the id; lower-case letters.
        """
        with self._lock:
            self._make_room()
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix="avatar-shelf-"))
            thing = Thing(f"{kind}_{secrets.token_hex(16)}", self._root, language, self._now())
            thing.folder = self._root / thing.id
            thing.folder.mkdir()
            self._things[thing.id] = thing
            return thing

    def get(self, kind: str, thing_id: str) -> Thing:
        """What lies there under an id.

        Raises:
            NotFoundError: there is nothing of that kind, or no longer.
        """
        with self._lock:
            self._forget_old()
            thing = self._things.get(thing_id)
            if thing is None or not _ID.fullmatch(thing_id) or not thing_id.startswith(f"{kind}_"):
                raise NotFoundError(
                    "It is not there any more. Photographs and films are kept for an hour; upload it again.",
                    "已经不在了。照片和视频只保留一小时,请重新上传。",
                    code=f"{kind}_not_found",
                )
            thing.used = self._now()
            return thing

    def drop(self, thing: Thing) -> None:
        """Take it away, with its files."""
        with self._lock:
            self._forget(thing)

    def close(self) -> None:
        """Take everything away."""
        with self._lock:
            self._things.clear()
            if self._root is not None:
                shutil.rmtree(self._root, ignore_errors=True)
                self._root = None

    def _make_room(self) -> None:
        self._forget_old()
        while len(self._things) >= PLACES:
            self._forget(min(self._things.values(), key=lambda thing: thing.used))

    def _forget_old(self) -> None:
        for thing in [thing for thing in self._things.values() if self._now() - thing.used > KEPT_S]:
            self._forget(thing)

    def _forget(self, thing: Thing) -> None:
        self._things.pop(thing.id, None)
        shutil.rmtree(thing.folder, ignore_errors=True)
