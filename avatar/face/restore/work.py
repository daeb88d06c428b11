"""The repairs in their order: the print cut out, noise, levels, scratches, size, tint.

Scratches come after noise and fading, both of which hide them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from avatar.errors import PhotoError
from avatar.face.landmarks import FaceFinder
from avatar.face.network import Points
from avatar.face.photo import MAX_SIDE
from avatar.face.restore.enlarge import FACTOR, Upscaler
from avatar.face.restore.prints import Corners, find_print, straighten
from avatar.face.restore.scratches import find_scratches, mend
from avatar.face.restore.tone import NOISY, PALE, Colouriser, denoise, is_monochrome, noise_of, restore_levels, span_of
from avatar.media import Pixels
from avatar.stages import ONLY_FACE, FaceChoice

Progress = Callable[[float], None]
"""Told how much of the work is done, 0..1; what it raises breaks the work off."""

SMALL_FACE = 220.0
"""A face lower than this many pixels gains by being enlarged."""

SCRATCHED = 0.006
"""The share of the picture under scratches from which mending is proposed."""

MANY_LINES = 24
"""More lines than that are rather the picture's own: a woodcut, an engraving."""

LARGEST = MAX_SIDE // FACTOR
"""Pictures up to this many pixels on a side are enlarged."""


@dataclass(frozen=True, slots=True)
class Repairs:
    """What is to be done."""

    straighten: bool = False
    scratches: bool = False
    noise: bool = False
    fading: bool = False
    enlarge: bool = False
    tint: bool = False

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(bool(getattr(self, field.name)) for field in fields(self))


@dataclass(frozen=True, slots=True)
class Damage:
    """What was found.

    Attributes:
        corners: of a print that lies in the picture, or None.
        lines, spots: scratches and creases, specks of dust.
        scratched: the share of the picture under them.
        noise: grain in grey levels.
        span: of the tones, 0..255.
        monochrome: whether it has no colours.
        proposed: the repairs that would show; a tint is never proposed, being a matter of taste.
    """

    corners: Corners | None
    lines: int
    spots: int
    scratched: float
    noise: float
    span: float
    monochrome: bool
    proposed: Repairs


def assess(photo: Pixels, points: Points | None) -> Damage:
    """Look at what could be mended.

    Args:
        photo: uint8 [height, width, 3] RGB.
        points: float32 [478, 3], the face's landmarks, where there is one.
    """
    corners = find_print(photo)
    found = find_scratches(photo, points)
    noise, span = noise_of(photo), span_of(photo)
    tall = float(np.ptp(points[:, 1])) if points is not None else 0.0
    scratched = float(found.mask.mean())
    proposed = Repairs(
        straighten=corners is not None,
        scratches=scratched > SCRATCHED and found.lines <= MANY_LINES,
        noise=noise > NOISY,
        fading=span < PALE,
        enlarge=0 < tall < SMALL_FACE and max(photo.shape[:2]) <= LARGEST,
    )
    return Damage(corners, found.lines, found.spots, scratched, noise, span, is_monochrome(photo), proposed)


class Restorer:
    """Restores photographs. Safe to share between threads.

    Args:
        finder: tells a face's features from scratches.
        upscaler: enlarges.
        colouriser: gives colour, or a tint.
    """

    def __init__(self, finder: FaceFinder, upscaler: Upscaler, colouriser: Colouriser) -> None:
        self._finder = finder
        self._upscaler = upscaler
        self._colouriser = colouriser

    def points(self, photo: Pixels, choice: FaceChoice = ONLY_FACE) -> Points | None:
        """The landmarks of the face that is meant, or None where it cannot be told."""
        try:
            return self._finder.chosen(photo, choice)
        except PhotoError:
            return None

    def restore(self, photo: Pixels, repairs: Repairs, progress: Progress = lambda share: None) -> Pixels:
        """The photograph, mended as wished.

        Args:
            photo: uint8 [height, width, 3] RGB.
        """
        steps = _Steps(repairs.count, progress)
        if repairs.straighten:
            corners = find_print(photo)
            photo = straighten(photo, corners) if corners is not None else photo
            steps.done()
        for wished, work in ((repairs.noise, denoise), (repairs.fading, restore_levels)):
            if wished:
                photo = work(photo)
                steps.done()
        points = self.points(photo) if repairs.scratches or repairs.tint else None
        if repairs.scratches:
            photo = mend(photo, find_scratches(photo, points))
            steps.done()
        if repairs.enlarge and max(photo.shape[:2]) <= LARGEST:
            photo = self._upscaler.enlarge(photo)
        if repairs.tint:
            photo = self._colouriser.colour(photo, points)
        progress(1.0)
        return photo


class _Steps:
    """Counts the repairs that are done."""

    def __init__(self, count: int, progress: Progress) -> None:
        self._count = max(count, 1)
        self._done = 0
        self._progress = progress
        progress(0.0)

    def done(self) -> None:
        self._done += 1
        self._progress(self._done / self._count)
