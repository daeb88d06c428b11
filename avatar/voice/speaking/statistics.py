"""What a voice is like over a sentence, measured once and kept: its normalised channels' statistics, and its loudness.

The first stand in for what a clause's first window is too short to have (see docs/decisions/005-speaking.md); the other
tells how loud a clause will be before it is rendered.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from avatar.errors import Language
from avatar.files import whole
from avatar.voice.deltas import NO_DELTAS, Deltas
from avatar.voice.profiles import Style
from avatar.voice.speaking.acoustics import Floats

log = logging.getLogger(__name__)

_WAY = b"true peaks"
"""How voices are measured, part of their files' names: what an older limiter let through is measured anew."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A voice over a sentence.

    Attributes:
        channels: the normalised channels' means and variances, float32 [2, channels, 1].
        loudness: in LU, of the voice's sound beyond what the energy of its clauses foretells (`level.foretold`).
    """

    channels: Floats
    loudness: float


Measure = Callable[[Style, Language, Deltas], Measured]
"""Renders a sentence in a style, with a voice's deltas."""


class VoiceStatistics:
    """One file for each style and language, in a folder that may be emptied at any time. Safe to share."""

    def __init__(self, measure: Measure, folder: Path, shape: tuple[int, ...]) -> None:
        """
        Args:
            measure: takes about as long as the sentence lasts.
            folder: created where it is missing; where it cannot be written, the statistics live in memory only.
            shape: of the channels' statistics; a file of another is measured anew.
        """
        self._measure = measure
        self._folder = folder
        self._shape = shape
        self._known: dict[str, Measured] = {}
        self._lock = threading.Lock()

    def of(self, style: Style, language: Language, deltas: Deltas = NO_DELTAS) -> Measured:
        """What is known of a voice, from memory, from its file, or measured now."""
        digest = hashlib.sha256(_WAY + style.tobytes() + language.encode())
        for layer in sorted(deltas):
            digest.update(layer.encode() + deltas[layer].tobytes())
        key = digest.hexdigest()[:24]
        known = self._known.get(key)
        if known is not None:
            return known
        with self._lock:
            if key not in self._known:
                self._known[key] = self._read(key) or self._make(key, style, language, deltas)
            return self._known[key]

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npz"

    def _read(self, key: str) -> Measured | None:
        """What a file holds; None where there is none, or one that cannot be used."""
        try:
            with self._path(key).open("rb") as kept, np.load(kept, allow_pickle=False) as file:
                channels, loudness = np.asarray(file["channels"], dtype=np.float32), float(file["loudness"])
        except (OSError, ValueError, EOFError, KeyError, TypeError, BadZipFile):
            return None
        usable = channels.shape == self._shape and np.isfinite(channels).all() and math.isfinite(loudness)
        return Measured(channels, loudness) if usable else None

    def _make(self, key: str, style: Style, language: Language, deltas: Deltas) -> Measured:
        measured = self._measure(style, language, deltas)
        try:
            self._write(key, measured)
        except OSError as error:
            log.warning("voice statistics not kept: %s", error.strerror)
        return measured

    def _write(self, key: str, measured: Measured) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with whole(self._path(key)) as unfinished, unfinished.open("wb") as file:
            np.savez(file, channels=measured.channels, loudness=np.float64(measured.loudness))
