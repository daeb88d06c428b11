"""A GIF of a film: half of its pictures, 255 colours that all of them share, no sound.

The colours are chosen from the first second, in which the mouth has moved; nothing is dithered, because dots that
change from picture to picture shimmer and make the file many times larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice
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
_CLEAR = 255  # the one that is left stands for what is transparent


def write_gif(path: Path, frames: Iterator[Pixels], comment: str, progress: Callable[[int], None] | None) -> int:
    """Write a GIF that repeats for ever.

    Args:
        frames: uint8 [size, size, 3] RGB, FPS of them a second, one at least; a fourth channel is the alpha, of which
            more than half is there and the rest is not.
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
    pictures = (_reduced(frame, palette) for frame in chain(beginning, kept))
    first = next(pictures)
    clear = {"transparency": _CLEAR, "disposal": 2} if beginning[0].shape[2] == 4 else {}
    first.save(
        path,
        format="GIF",
        save_all=True,
        append_images=pictures,
        duration=1000 * EVERY // FPS,
        loop=0,
        comment=comment.encode("utf-8"),
        optimize=False,
        **clear,
    )
    return counted.count


def _reduced(frame: Pixels, palette: Image.Image) -> Image.Image:
    """A picture in the colours of a palette."""
    reduced = Image.fromarray(np.ascontiguousarray(frame[..., :3])).quantize(palette=palette, dither=Image.Dither.NONE)
    if frame.shape[2] == 4:
        reduced.paste(_CLEAR, mask=Image.fromarray(np.where(frame[..., 3] < 128, 255, 0).astype(np.uint8)))
    return reduced


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
    strip = np.concatenate([frame[::2, ::2, :3] for frame in frames[::3]])
    return Image.fromarray(np.ascontiguousarray(strip)).quantize(_COLOURS, method=Image.Quantize.MEDIANCUT)
