"""The visible mark that a film of a made face carries: "AI 生成 · AI-generated", small, in its lower left corner.

`badge.png` holds the words (Noto Sans CJK Bold, SIL Open Font License, drawn once), so that no font has to be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from avatar.media import Pixels

_WIDTH = 0.3  # of the picture's
_MARGIN = 0.02
_PLATE, _WORDS = 0.5, 0.95  # how much of the dark plate and of the white words covers the picture


def badged(frames: Iterable[Pixels]) -> Iterator[Pixels]:
    """The same frames with the mark, uint8 [height, width, 3 or 4]; each a picture of its own.

    Args:
        frames: RGB; a fourth channel is the alpha, which the mark is seen through nowhere.
    """
    for frame in frames:
        height, width = frame.shape[:2]
        words = _words(max(64, round(_WIDTH * width)))
        rows, columns = words.shape[0], min(words.shape[1], width)
        top, left = max(height - rows - round(_MARGIN * height), 0), round(_MARGIN * width)
        marked = frame.copy()
        place = np.s_[top : top + rows, left : left + columns]
        marked[(*place, slice(3, None))] = 255
        under = marked[(*place, slice(3))].astype(np.float32)
        share = words[: under.shape[0], : under.shape[1], None]
        dark = under * (1.0 - _PLATE)
        marked[(*place, slice(3))] = dark + (255.0 - dark) * share * _WORDS + 0.5
        yield marked


@lru_cache(maxsize=8)
def _words(width: int) -> NDArray[np.float32]:
    """float32 [height, width] in 0..1: where the words are."""
    with Image.open(BytesIO(files("avatar.face").joinpath("badge.png").read_bytes())) as image:
        scaled = image.convert("L").resize((width, max(1, round(image.height * width / image.width))))
        return np.asarray(scaled, dtype=np.float32) / 255.0
