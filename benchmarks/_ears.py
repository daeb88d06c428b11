"""Who listens in the voice benchmark: Whisper with its whole thirty seconds and a wide search.

The product's own recognizer trades some of that for speed; what it mishears is not the voice's fault. Silence is put on
both sides, as there was in what Whisper learned from: without it, it mishears first syllables.
"""

from __future__ import annotations

import re

import numpy as np

from avatar.errors import Language
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.models import model_path
from avatar.settings import Settings
from avatar.voice.checking.comparing import distance, units
from avatar.voice.speaking.normalise.context import Context, digits
from benchmarks._sentences import Sentence

BEAMS = 5
AROUND_S = 0.5
_PROMPT = "以下是普通话的句子。"
"""Asks for simplified characters."""

_NUMBER = re.compile(r"\d{3,}")


class Ears:
    """A recognizer that takes its time.

    Args:
        threads: that it computes with.
    """

    def __init__(self, settings: Settings, threads: int) -> None:
        from faster_whisper import WhisperModel

        self._whisper = WhisperModel(
            str(model_path("whisper-base", settings)),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            local_files_only=True,
        )

    def hear(self, sound: Samples, language: Language) -> str:
        """The text of a sentence.

        Args:
            sound: float32 [n] at SPEECH_RATE.
        """
        silence = np.zeros(int(AROUND_S * SPEECH_RATE), dtype=np.float32)
        heard = resample(np.concatenate([silence, sound, silence]), SPEECH_RATE, HEARING_RATE)
        segments, _ = self._whisper.transcribe(
            heard,
            language=language,
            beam_size=BEAMS,
            initial_prompt=_PROMPT if language == "zh" else None,
            condition_on_previous_text=False,
        )
        return "".join(segment.text for segment in segments).strip()


def missed(heard: str, sentence: Sentence, language: Language) -> tuple[int, int]:
    """How many units of a sentence were not heard as they are read, and how many it has.

    Numbers of three digits and more that the recognizer wrote as digits may have been said as a number or digit by
    digit; 儿 that only colours a syllable is written by some and not by others.

    >>> missed("我住在302室。", Sentence("我住在302室。", "wo3 zhu4 zai4 san1 ling2 er4 shi4"), "zh")
    (0, 7)
    """
    expected = _bare(sentence.reading.lower().split() or units(sentence.text, language))
    return min(distance(expected, _bare(units(text, language))) for text in _ways(heard, language)), len(expected)


def _bare(syllables: list[str]) -> list[str]:
    return [each for each in syllables if each != "r5"]


def _ways(heard: str, language: Language) -> list[str]:
    """What was heard with its numbers as they are, digit by digit, and digit by digit as on the telephone."""
    context = Context(language, "", "")

    def by_digits(found: re.Match[str]) -> str:
        return digits(found.group(), context)

    def called(found: re.Match[str]) -> str:
        return digits(found.group(), context, phone=True)

    return [heard, _NUMBER.sub(by_digits, heard), _NUMBER.sub(called, heard)]
