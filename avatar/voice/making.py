"""The fitter that the program runs on: `avatar.voice.fitting` with the engines of this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np

from avatar.errors import Language
from avatar.media import Samples
from avatar.stages import Synthesizer
from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting import Fitted, Studio, fit_instant, fit_style
from avatar.voice.fitting.fitted import Step
from avatar.voice.profiles import VoiceLibrary, VoiceProfile
from avatar.voice.speaking.marks import script_clauses


class EngineFitter:
    """Implements `avatar.voice.cloning.Fitter`.

    Args:
        studio: opens the engines of fitting, when they are first needed.
        synthesizer: what people hear, mark and all; likewise.
        voices: the library that both speak from.
    """

    def __init__(
        self, studio: Callable[[], Studio], synthesizer: Callable[[], Synthesizer], voices: VoiceLibrary
    ) -> None:
        self._studio = studio
        self._synthesizer = synthesizer
        self._voices = voices

    def instant(self, enrolment: Enrolment) -> Fitted:
        """See `Fitter`."""
        return fit_instant(enrolment, self._studio())

    def style(
        self, enrolment: Enrolment, start: Fitted, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Fitted:
        """See `Fitter`."""
        return fit_style(enrolment, start, self._studio(), progress, cancelled)

    def say(self, text: str, voice: str, language: Language) -> Samples:
        """See `Fitter`."""
        synthesizer = self._synthesizer()
        parts = [
            chunk
            for clause in script_clauses(text)
            for chunk in synthesizer.speak(clause, voice, language=language).chunks
        ]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)

    def fitted(self, profile: VoiceProfile) -> Fitted:
        """See `Fitter`."""
        style = self._voices.style(profile, profile.languages[0])
        deltas = self._voices.deltas(profile)
        done = tuple(step for step in get_args(Step) if step in profile.made)
        return Fitted(style, profile.pitch, done, deltas, scores=dict(profile.scores))
