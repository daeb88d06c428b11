"""A GIF of a film: half of its pictures, 255 colours that all of them share, no sound.

The colours are chosen from the first second, in which the mouth has moved; nothing is dithered, because dots that
change from picture to picture shimmer and make the file many times larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from avatar.errors import InputError
from avatar.media import FPS, Pixels

EVERY = 2
"""One picture of so many is kept: 12.5 a second."""

LONGEST_S = 60
"""A longer GIF would be larger than anybody wants to load, and is held in memory until it is written."""

_COLOURS = 255


def write_gif(path: Path, frames: Iterator[Pixels], comment: str, progress: Callable[[int], None] | None) -> int:
    """Write a GIF that repeats for ever.

    Args:
        frames: uint8 [size, size, 3] RGB, FPS of them a second, one at least.
        comment: written into the file.
        progress: told the count after each frame.

    Returns:
        How many frames were taken in.

    Raises:
        InputError: there are more than LONGEST_S seconds.
    """
    counted = _Counted(frames, progress)
    kept = islice(counted, 0, None, EVERY)
    beginning = list(islice(kept, FPS // EVERY))
    palette = _palette(beginning)
    pictures = (Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in beginning)
    rest = (Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in kept)
    first = next(pictures)
    first.save(
        path,
        format="GIF",
        save_all=True,
        append_images=_joined(pictures, rest),
        duration=1000 * EVERY // FPS,
        loop=0,
        comment=comment.encode("utf-8"),
        optimize=False,
    )
    return counted.count


def _joined(*parts: Iterator[Image.Image]) -> Iterator[Image.Image]:
    for part in parts:
        yield from part


class _Counted:
    """Frames that are counted as they pass."""

    def __init__(self, frames: Iterator[Pixels], progress: Callable[[int], None] | None) -> None:
        self._frames = frames
        self._progress = progress
        self.count = 0

    def __iter__(self) -> Iterator[Pixels]:
        for frame in self._frames:
            self.count += 1
            if self.count > LONGEST_S * FPS:
                raise InputError(
                    f"A GIF holds at most {LONGEST_S} seconds. Make an MP4 or a WebM, or shorten the speech.",
                    f"GIF 最长 {LONGEST_S} 秒。请改用 MP4 或 WebM,或缩短要说的话。",
                    code="gif_too_long",
                )
            yield frame
            if self._progress is not None:
                self._progress(self.count)


def _palette(frames: list[Pixels]) -> Image.Image:
    """The colours of some pictures, as the picture that PIL takes a palette from."""
    strip = np.concatenate([frame[::2, ::2] for frame in frames[::3]])
    return Image.fromarray(np.ascontiguousarray(strip)).quantize(_COLOURS, method=Image.Quantize.MEDIANCUT)
