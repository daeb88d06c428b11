"""The check of a voice on sentences that nothing was fitted to: whose voice is it, and are the words there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from avatar.errors import Language
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.stages import HearingHints
from avatar.voice.checking.comparing import distance, units
from avatar.voice.fitting.fitted import Cancelled, Fitted, FittingStopped
from avatar.voice.fitting.studio import Studio
from avatar.voice.speaker import Embedding, likeness


@dataclass(frozen=True, slots=True)
class Checked:
    """Cosine of the speaker embeddings of voice and person, and the share of syllables or words not understood."""

    similarity: float
    error: float


def check(
    fitted: Fitted,
    texts: Sequence[str],
    language: Language,
    target: Embedding,
    studio: Studio,
    cancelled: Cancelled = lambda: False,
) -> Checked:
    """Let a voice say sentences, and compare.

    Raises:
        FittingStopped: it was asked to.
    """
    sounds: list[Samples] = []
    wrong = total = 0
    for text in texts:
        if cancelled():
            raise FittingStopped
        sound = studio.say(text, fitted.style, language, fitted.pitch, fitted.deltas)
        missed, count = _missed(sound, text, language, studio)
        wrong += missed
        total += count
        sounds.append(sound)
    return Checked(likeness(studio.embedding(sounds), target), wrong / max(1, total))


def error_of(sound: Samples, text: str, language: Language, studio: Studio) -> float:
    """The share of a sentence's syllables or words that the recognizer does not understand."""
    missed, total = _missed(sound, text, language, studio)
    return missed / max(1, total)


def _missed(sound: Samples, text: str, language: Language, studio: Studio) -> tuple[int, int]:
    heard = studio.recognizer.transcribe(resample(sound, SPEECH_RATE, HEARING_RATE), HearingHints(language=language))
    expected = units(text, language)
    return distance(expected, units(heard.text, language)), len(expected)
