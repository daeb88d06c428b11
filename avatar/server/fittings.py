"""Fittings in the background: one at a time, the others wait; each can be asked after and cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from avatar.errors import AvatarError
from avatar.server.failures import unforeseen

Status = Literal["none", "waiting", "running", "done", "kept", "cancelled", "failed"]

Fit = Callable[[str, Callable[[float], None], Callable[[], bool]], bool]
"""Fits the voice of an id, told how to tell its progress and how to ask whether to stop; whether that won."""

MOST_KNOWN = 64


@dataclass(slots=True)
class Fitting:
    """One fitting and how far it is.

    Attributes:
        share: 0..1.
        error: of one that failed.
    """

    voice: str
    status: Status = "waiting"
    share: float = 0.0
    error: AvatarError | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def open(self) -> bool:
        """Whether it waits or runs."""
        return self.status in ("waiting", "running")


class Fittings:
    """Runs fittings in a thread of its own.

    Args:
        fit: see `Fit`; called in that thread.
    """

    def __init__(self, fit: Fit) -> None:
        self._fit = fit
        self._lock = threading.Lock()
        self._known: dict[str, Fitting] = {}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="avatar-fitting")

    def start(self, voice: str) -> Fitting:
        """Begin, or go on with what was begun."""
        with self._lock:
            known = self._known.get(voice)
            if known is not None and known.open and not known.stop.is_set():
                return known
            fitting = self._known[voice] = Fitting(voice)
            over = [each for each, one in self._known.items() if not one.open]
            for each in over[: max(0, len(self._known) - MOST_KNOWN)]:
                del self._known[each]
        self._worker.submit(self._run, fitting)
        return fitting

    def get(self, voice: str) -> Fitting:
        """How far the last fitting of a voice is."""
        return self._known.get(voice) or Fitting(voice, status="none")

    def cancel(self, voice: str) -> Fitting:
        """Stop it; one that waits is over at once, one that runs within a moment."""
        fitting = self.get(voice)
        fitting.stop.set()
        if fitting.status == "waiting":
            fitting.status = "cancelled"
        return fitting

    def close(self) -> None:
        """Stop all of them, and wait for the one that runs."""
        for fitting in self._known.values():
            fitting.stop.set()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _run(self, fitting: Fitting) -> None:
        if fitting.stop.is_set():
            fitting.status = "cancelled"
            return
        fitting.status = "running"

        def progress(share: float) -> None:
            fitting.share = share

        try:
            won = self._fit(fitting.voice, progress, fitting.stop.is_set)
        except Exception as error:  # noqa: BLE001 - it is told to whoever asks
            self._failed(fitting, error)
            return
        fitting.share = 1.0
        fitting.status = "done" if won else "kept"

    @staticmethod
    def _failed(fitting: Fitting, error: Exception) -> None:
        if fitting.stop.is_set():
            fitting.status = "cancelled"
            return
        fitting.error = error if isinstance(error, AvatarError) else unforeseen(error)
        fitting.status = "failed"
