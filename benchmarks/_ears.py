"""Who listens in the voice benchmark: Whisper with its whole thirty seconds and a wide search.

The product's own recognizer trades some of that for speed; what it mishears is not the voice's fault. Silence is put on
both sides, as there was in what Whisper learned from: without it, it mishears first syllables.

Sentences can be heard one by one or several in one stretch of thirty seconds (`passages`), which costs a quarter:
Whisper computes thirty seconds whatever they hold. Nothing of what should be heard is told to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from avatar.errors import Language
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.models import model_path
from avatar.settings import Settings
from avatar.voice.checking.comparing import units
from avatar.voice.speaking.normalise.context import Context, digits
from benchmarks._sentences import Sentence

BEAMS = 5
AROUND_S = 0.5
_PROMPT = "以下是普通话的句子。"
"""Asks for simplified characters."""

PASSAGE_S = 24.0
"""The longest passage, of the thirty seconds that Whisper hears at once."""

_NUMBER = re.compile(r"\d{3,}")
_TIME = re.compile(r"\b(1[0-2]|[1-9])([0-5]\d)\b")
"""A time of day as recognizers write it: 805, 730 pm."""

_YAO = re.compile(r"要(?=要*[\d零〇一二三四五六七八九])|(?<=[\d零〇一二三四五六七八九])要")
"""幺 as recognizers write it beside digits: they hardly know the character."""


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


def passages(sounds: Sequence[Samples]) -> Iterator[list[int]]:
    """The places of sentences that are heard together: as many as fit into PASSAGE_S."""
    places: list[int] = []
    taken = 0.0
    for place, sound in enumerate(sounds):
        seconds = sound.size / SPEECH_RATE + AROUND_S
        if places and taken + seconds > PASSAGE_S:
            yield places
            places, taken = [], 0.0
        places.append(place)
        taken += seconds
    if places:
        yield places


def passage(sounds: Sequence[Samples]) -> Samples:
    """Sentences one after the other with AROUND_S of silence in between."""
    silence = np.zeros(int(AROUND_S * SPEECH_RATE), dtype=np.float32)
    return np.concatenate([part for sound in sounds for part in (sound, silence)][:-1])


def missed(heard: str, sentence: Sentence, language: Language) -> tuple[int, int]:
    """How many units of a sentence were not heard as they are read, and how many it has.

    Numbers of three digits and more that the recognizer wrote as digits may have been said as a number or digit by
    digit; 儿 that only colours a syllable is written by some and not by others; a third tone before a third tone is a
    second one to the ear, so 挤满 is no other sound than 即满.

    >>> missed("我住在302室。", Sentence("我住在302室。", "wo3 zhu4 zai4 san1 ling2 er4 shi4"), "zh")
    (0, 7)
    """
    return missed_each(heard, [sentence], language)[0]


def missed_each(heard: str, said: Sequence[Sentence], language: Language) -> list[tuple[int, int]]:
    """The same for each of the sentences of a passage, which are found in what was heard by aligning it."""
    readings = [_bare(each.reading.lower().split() or units(each.text, language)) for each in said]
    owners = [place for place, reading in enumerate(readings) for _ in reading]
    expected = _sounding([unit for reading in readings for unit in reading])
    ways = [_sounding(_bare(units(text, language))) for text in _ways(heard, language)]
    wrong = [0] * len(said)
    for place in min((_errors(expected, way) for way in ways), key=len):
        wrong[owners[min(place, len(owners) - 1)]] += 1
    return [(count, len(reading)) for count, reading in zip(wrong, readings, strict=True)]


_Unit = tuple[str, str]
"""A syllable or a word as the dictionary has it and as it sounds beside others."""


def _errors(expected: Sequence[_Unit], heard: Sequence[_Unit]) -> list[int]:
    """The places in what was expected where a unit was changed, left out or put in, from the last to the first."""

    def change(at: int, beside: int) -> int:
        one, other = expected[at], heard[beside]
        return int(one[0] != other[0] and one[1] != other[1])

    rows = [list(range(len(heard) + 1))]
    for at in range(len(expected)):
        row = [at + 1]
        for beside in range(len(heard)):
            row.append(min(rows[-1][beside] + change(at, beside), rows[-1][beside + 1] + 1, row[-1] + 1))
        rows.append(row)
    places = []
    at, beside = len(expected), len(heard)
    while at or beside:
        cost = rows[at][beside]
        if at and beside and cost == rows[at - 1][beside - 1] + change(at - 1, beside - 1):
            at, beside = at - 1, beside - 1
        elif at and cost == rows[at - 1][beside] + 1:
            at -= 1
        else:
            beside -= 1
        if cost > rows[at][beside]:
            places.append(at)
    return places


def _bare(syllables: list[str]) -> list[str]:
    return [each for each in syllables if each != "r5"]


def _sounding(syllables: Sequence[str]) -> list[_Unit]:
    """Each also with a third tone as it sounds before another."""
    return [
        (each, each[:-1] + "2" if each.endswith("3") and after.endswith("3") else each)
        for each, after in pairwise([*syllables, ""])
    ]


def _ways(heard: str, language: Language) -> list[str]:
    """What was heard with its numbers as they are, digit by digit, and digit by digit as on the telephone."""
    context = Context(language, "", "")

    def by_digits(found: re.Match[str]) -> str:
        return digits(found.group(), context)

    def called(found: re.Match[str]) -> str:
        return digits(found.group(), context, phone=True)

    spellings = [heard, _TIME.sub(r"\1:\2", heard) if language == "en" else _YAO.sub("幺", heard)]
    return [way for text in spellings for way in (text, _NUMBER.sub(by_digits, text), _NUMBER.sub(called, text))]
