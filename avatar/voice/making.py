"""The fitter that the program runs on: `avatar.voice.fitting` with the engines of this process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import get_args

import numpy as np

from avatar.errors import EngineError, Language
from avatar.media import Samples
from avatar.stages import Synthesizer
from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting import Fitted, Studio, fit_instant, fit_style
from avatar.voice.fitting.fitted import Step
from avatar.voice.profiles import VoiceLibrary, VoiceProfile
from avatar.voice.speaking.marks import script_clauses

log = logging.getLogger(__name__)


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
        studio = self._studio()
        try:
            return fit_style(enrolment, start, studio, progress, cancelled)
        except (RuntimeError, OSError, KeyError) as error:
            log.warning("fitting_failed device=%s error=%s", studio.device, type(error).__name__)
            raise EngineError(
                f"The voice could not be fitted on {studio.device} ({type(error).__name__}). If the card's memory is "
                "full, close what else uses it, or set speaking.device to cpu. `avatar models verify` tries the model.",
                f"无法在 {studio.device} 上拟合音色({type(error).__name__})。若显存已满,请关闭占用显存的其他程序,"
                "或把 speaking.device 设为 cpu;可用 `avatar models verify` 检查权重。",
                code="fitting_failed",
            ) from error

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
