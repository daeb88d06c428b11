"""Whether a voice is heard as a woman's or a man's: by its embedding, and by its pitch, which a raised voice lifts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar.voice.enrolment.windows import Sex
from avatar.voice.speaker import Embedding

_MIDDLE_HZ = 165.0
"""Between the medians of men and women (Traunmüller & Eriksson 1995)."""

_OCTAVE = 0.5
"""What an octave of pitch weighs beside the embedding, which says about 1 for a man and -1 for a woman."""

_FILE = Path(__file__).with_name("sex.npy")
"""float32 [257]: weights and offset, by ridge regression on 25 stock voices (docs/decisions/029-enrolment.md)."""


def sex_of(embedding: Embedding, pitch_hz: float) -> Sex:
    """As the voice is heard.

    Args:
        pitch_hz: the median; 0 where it is not known.
    """
    weights = _weights()
    score = float(weights[:-1] @ embedding + weights[-1])
    if pitch_hz > 0:
        score += _OCTAVE * float(np.log2(_MIDDLE_HZ / pitch_hz))
    return "male" if score > 0 else "female"


@cache
def _weights() -> NDArray[np.float32]:
    return np.asarray(np.load(_FILE, allow_pickle=False), dtype=np.float32)
