"""The first rung, in seconds: the nearest stock voice and what regression makes of the speaker's embedding.

Both, and the middle between them, say a sentence. What sounds most like the person to the speaker encoder is taken,
of those whose words are understood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting.check import error_of
from avatar.voice.fitting.fitted import Cancelled, Fitted, FittingStopped, Step
from avatar.voice.fitting.library import Library, read_library
from avatar.voice.fitting.sentences import PROBES
from avatar.voice.fitting.studio import Studio
from avatar.voice.profiles import Style
from avatar.voice.speaker import likeness

_LOST = 0.02
"""By how much the share of what is not understood may lie above the best candidate's."""

_REACH = 7.0
"""How far from the mean a regressed timbre may lie: as far as the farthest stock one. Nobody has heard it yet."""

_NATURAL = (0.6, 1.7)
"""Factors on the fundamental frequency beyond which words are lost."""


def fit_instant(enrolment: Enrolment, studio: Studio, cancelled: Cancelled = lambda: False) -> Fitted:
    """A voice that leans towards the person's, within about three seconds.

    Args:
        enrolment: whose voice it shall be.
        studio: the engines.
        cancelled: asked between sentences.

    Raises:
        FittingStopped: it was asked to.
        EngineError: an engine failed.
    """
    library = read_library()
    language = enrolment.language
    text = PROBES[language][0]
    tried: list[_Tried] = []
    for timbre, done in candidates(library, enrolment):
        if cancelled():
            raise FittingStopped
        style = studio.style(timbre, language, enrolment.sex)
        pitch = pitch_factor(enrolment.pitch_hz, studio.natural_hz(style, text, language))
        sound = studio.say(text, style, language, pitch)
        score = likeness(studio.embedding([sound]), enrolment.embedding)
        tried.append(_Tried(style, pitch, done, score, error_of(sound, text, language, studio)))
    fewest = min(each.error for each in tried)
    best = max((each for each in tried if each.error <= fewest + _LOST), key=lambda each: each.similarity)
    scores = {"similarity": best.similarity, "error": best.error}
    return Fitted(best.style, best.pitch, best.done, scores=scores)


@dataclass(frozen=True, slots=True)
class _Tried:
    style: Style
    pitch: float
    done: tuple[Step, ...]
    similarity: float
    error: float


def candidates(library: Library, enrolment: Enrolment) -> list[tuple[NDArray[np.float32], tuple[Step, ...]]]:
    """Timbres, float32 [128], all within reach of the stock ones."""
    voice = enrolment.embedding, enrolment.sex, enrolment.language
    nearest = library.timbres[library.nearest(*voice)]
    regressed = library.space().within(library.regressed(*voice), _REACH)
    both: tuple[Step, ...] = ("nearest", "regression")
    middle = np.asarray((nearest + regressed) / 2, dtype=np.float32)
    return [(nearest, ("nearest",)), (regressed, ("regression",)), (middle, both)]


def pitch_factor(wanted_hz: float, natural_hz: float) -> float:
    """The factor that brings a pack to a person's fundamental frequency, as far as it stays natural."""
    return float(np.clip(wanted_hz / natural_hz, *_NATURAL)) if wanted_hz > 0 else 1.0
