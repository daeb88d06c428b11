"""The statistics that a voice's normalised channels have over a sentence, measured once and kept.

They stand in for what a clause's first window is too short to have (see docs/decisions/005-speaking.md).
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from avatar.errors import Language
from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.profiles import Style
from avatar.voice.speaking.acoustics import Floats

log = logging.getLogger(__name__)

Measure = Callable[[Style, Language, Deltas], Floats]
"""Renders a sentence in a style, with a voice's deltas, and gives the statistics, float32 [2, channels, 1]."""


class VoiceStatistics:
    """One file for each style and language, in a folder that may be emptied at any time. Safe to share."""

    def __init__(self, measure: Measure, folder: Path, shape: tuple[int, ...]) -> None:
        """
        Args:
            measure: takes about as long as the sentence lasts.
            folder: created where it is missing; where it cannot be written, the statistics live in memory only.
            shape: of the statistics; a file of another is measured anew.
        """
        self._measure = measure
        self._folder = folder
        self._shape = shape
        self._known: dict[str, Floats] = {}
        self._lock = threading.Lock()

    def of(self, style: Style, language: Language, deltas: Deltas = NO_DELTAS) -> Floats:
        """The statistics of a voice, from memory, from its file, or measured now."""
        digest = hashlib.sha256(style.tobytes() + language.encode())
        for layer in sorted(deltas):
            digest.update(layer.encode() + deltas[layer].tobytes())
        key = digest.hexdigest()[:24]
        known = self._known.get(key)
        if known is not None:
            return known
        with self._lock:
            if key not in self._known:
                self._known[key] = self._read(key) if self._stored(key) else self._make(key, style, language, deltas)
            return self._known[key]

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npy"

    def _stored(self, key: str) -> bool:
        try:
            return bool(np.load(self._path(key), mmap_mode="r", allow_pickle=False).shape == self._shape)
        except (OSError, ValueError, EOFError):
            return False

    def _read(self, key: str) -> Floats:
        return np.asarray(np.load(self._path(key), allow_pickle=False), dtype=np.float32)

    def _make(self, key: str, style: Style, language: Language, deltas: Deltas) -> Floats:
        measured = self._measure(style, language, deltas)
        try:
            self._write(key, measured)
        except OSError as error:
            log.warning("voice statistics not kept: %s", error.strerror)
        return measured

    def _write(self, key: str, measured: Floats) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, measured)
            Path(name).replace(self._path(key))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
