"""The check of a voice on sentences that nothing was fitted to: whose voice is it, and are the words there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from avatar.errors import Language
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.stages import HearingHints
from avatar.voice.fitting.fitted import Cancelled, Fitted, FittingStopped
from avatar.voice.fitting.studio import Studio
from avatar.voice.speaker import Embedding, likeness
from avatar.voice.speaking.mandarin.reading import read
from avatar.voice.speaking.normalise import words


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


def units(text: str, language: Language) -> list[str]:
    """What is compared: syllables with their tones, since most wrong characters are homophones, and English words."""
    return [unit.lower() for unit in _units(text, language)]


def _units(text: str, language: Language) -> Iterator[str]:
    pieces = [piece for piece in words(text, language) if piece.spoken]
    for script, run in groupby(pieces, key=lambda piece: piece.script):
        spoken = [piece.spoken for piece in run]
        if script == "zh":
            yield from (syllable for lexical in read("".join(spoken)) for syllable in lexical.syllables)
        elif script == "en":
            yield from " ".join(spoken).split()


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """How many units must be put in, taken out or changed to make the one of the other (Levenshtein, 1966)."""
    row = list(range(len(other) + 1))
    for index, unit in enumerate(one, start=1):
        before, row[0] = row[0], index
        for place, against in enumerate(other, start=1):
            change = before + (unit != against)
            before, row[place] = row[place], min(change, row[place] + 1, row[place - 1] + 1)
    return row[-1]
