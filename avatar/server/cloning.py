"""The cloning and editing of voices as the routes use them: loaded when first needed, called in worker threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import Request

from avatar.server.fittings import Fittings
from avatar.server.limits import Jobs
from avatar.server.uploads import UploadedForm
from avatar.voice.enrolment.reading import MAX_FILES

if TYPE_CHECKING:
    from avatar.voice.cloning import Cloning
    from avatar.voice.editing.desk import EditingDesk

T = TypeVar("T")


class Voices:
    """The cloning and editing of this process, loaded when they are first needed, and its fittings.

    Args:
        cloning, editing: load them; called in a worker thread. Without `editing` there is no route for it.
    """

    def __init__(self, cloning: Callable[[], Cloning], editing: Callable[[], EditingDesk] | None = None) -> None:
        self._lock = threading.Lock()
        self._cloning = cache(cloning)
        self._editing = None if editing is None else cache(editing)
        self.fittings = Fittings(self._fit)

    def cloning(self) -> Cloning:
        """Blocks while engines load."""
        with self._lock:
            return self._cloning()

    async def run(self, work: Callable[[Cloning], T]) -> T:
        """Do in a worker thread what needs the cloning."""
        return await asyncio.to_thread(lambda: work(self.cloning()))

    @property
    def edits(self) -> bool:
        """Whether recordings can be edited."""
        return self._editing is not None

    def editing(self) -> EditingDesk:
        """Blocks while engines load; there is one where `edits` says so."""
        assert self._editing is not None  # noqa: S101 - for the type checker
        with self._lock:
            return self._editing()

    def close(self) -> None:
        """Stop what runs in the background."""
        self.fittings.close()

    def _fit(self, voice: str, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> bool:
        cloning = self.cloning()
        before = cloning.own.get(voice).revision
        return cloning.fit(voice, progress, cancelled).revision != before


def voice_form(request: Request, uploads: Jobs) -> UploadedForm:
    """A form with recordings of a voice."""
    return UploadedForm(request, uploads, files=MAX_FILES, fields=16, field_bytes=64 * 1024)
