"""Listens to a clause that was just made, and says what is wrong with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from avatar.errors import AvatarError, Language
from avatar.media import HEARING_RATE, SPEECH_RATE, ClauseSpeech, Samples, resample
from avatar.stages import HearingHints, Recognizer
from avatar.voice.checking.judging import Verdict, judge
from avatar.voice.checking.silence import mute_s
from avatar.voice.checking.sounds import said
from avatar.voice.speaking.g2p import Phonetics

logger = logging.getLogger(__name__)

LEAST_UNITS = 3
"""Syllables or words of a clause that is transcribed; a recognizer needs context, and often misses a lone "呔！"."""


class Listener:
    """Judges clauses. Safe to share between threads.

    Args:
        recognizer: gives the recognizer; asked when it is first needed, since that may load it.
    """

    def __init__(self, recognizer: Callable[[], Recognizer]) -> None:
        self._recognizer = recognizer
        self._phonetics = Phonetics()

    def judge(self, clause: str, language: Language, speech: ClauseSpeech, sound: Samples) -> Verdict:
        """What is wrong with a clause. Blocks while it is transcribed.

        Args:
            clause: as it was given to the synthesizer, marks and all.
            language: that it was given.
            speech: tells when what should sound; its chunks are not touched.
            sound: float32 [n] at SPEECH_RATE, all of it.
        """
        silent = mute_s(sound, speech.phones)
        written = said(clause, language, self._phonetics)
        if len(written) < LEAST_UNITS:
            return Verdict(mute_s=silent, listened=False)
        try:
            hints = HearingHints(language=language)
            heard = self._recognizer().transcribe(resample(sound, SPEECH_RATE, HEARING_RATE), hints)
        except AvatarError as error:
            logger.warning("self_check.unheard code=%s", error.code)
            return Verdict(mute_s=silent, listened=False)
        verdict = judge(written, said(heard.text, language, self._phonetics))
        return replace(verdict, mute_s=silent)
