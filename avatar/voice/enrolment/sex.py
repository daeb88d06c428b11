"""Whether a voice is heard as a woman's or a man's: by its embedding, and where that hesitates by its pitch."""

from __future__ import annotations

from avatar.voice.enrolment.windows import Sex
from avatar.voice.speaker import Embedding

_MIDDLE_HZ = 165.0
"""Between the medians of men and women (Traunmüller & Eriksson 1995)."""


def sex_of(embedding: Embedding, pitch_hz: float) -> Sex:
    """As the voice is heard."""
    return "female" if pitch_hz >= _MIDDLE_HZ else "male"
