"""How much of what is said is understood: the four hundred sentences of `avatar bench voice`, without its comparisons.

Each is said by the product's way out, and passages of up to 24 s are heard as they would be read aloud (`_ears`): a
third of the cost of hearing them one by one. What was heard wrong is shown as it comes, with the share so far, so a run
that is broken off has told something.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, get_args

import numpy as np
import typer

from avatar.engines import Engines
from avatar.errors import Language
from avatar.media import Samples
from avatar.settings import Settings
from benchmarks._ears import Ears, missed_each, passage, passages
from benchmarks._sentences import Sentence, sentences

VOICES: dict[Language, str] = {"zh": "zf_xiaoxiao", "en": "af_heart"}
"""Packs that kokoro-onnx has, too."""

THREADS = 2
AT_ONCE = 8
"""Sentences that are said before they are heard."""

UNITS: dict[Language, str] = {"zh": "zh_pinyin_error", "en": "en_wer"}


class Listener(Protocol):
    """What writes down what it hears."""

    def hear(self, sound: Samples, language: Language) -> str: ...


@dataclass(slots=True)
class Tally:
    """Units that were heard otherwise, and all of them."""

    wrong: int = 0
    units: int = 0
    sentences: int = 0

    def add(self, wrong: int, units: int) -> None:
        """One sentence more."""
        self.wrong += wrong
        self.units += units
        self.sentences += 1

    @property
    def error(self) -> float:
        return self.wrong / self.units if self.units else float("nan")


def run(settings: Settings, every: int = 1) -> dict[str, float]:
    """Measure.

    Args:
        every: take only every so manieth sentence.

    Returns:
        Shares of Mandarin syllables and English words that were not understood, also of the hard and the plain
        sentences alone, and how many sentences there were.
    """
    engines = Engines(settings.model_copy(update={"threads": THREADS}))
    figures: dict[str, float] = {}
    try:
        ears = Ears(settings, THREADS)
        for language in get_args(Language):
            tallies = understood(_saying(engines), ears, sentences(language, every), language)
            figures |= {f"{UNITS[language]}{kind}": tally.error for kind, tally in tallies.items()}
            figures[f"sentences_{language}"] = float(tallies[""].sentences)
    finally:
        engines.close()
    return figures


def understood(
    say: Callable[[str, Language], Samples], ears: Listener, said: Sequence[Sentence], language: Language
) -> dict[str, Tally]:
    """Let sentences be said and heard, and show what was heard wrong and how far it has come.

    Returns:
        Tallies of all, of the hard ones and of the plain ones: "", "_hard" and "_plain".
    """
    tallies = {"": Tally(), "_hard": Tally(), "_plain": Tally()}
    for start in range(0, len(said), AT_ONCE):
        part = said[start : start + AT_ONCE]
        sounds = [say(sentence.text, language) for sentence in part]
        for places in passages(sounds):
            heard = ears.hear(passage([sounds[place] for place in places]), language)
            together = [part[place] for place in places]
            for sentence, (wrong, units) in zip(together, missed_each(heard, together, language), strict=True):
                tallies[""].add(wrong, units)
                tallies["_hard" if sentence.reading else "_plain"].add(wrong, units)
                if wrong:
                    typer.echo(f"{wrong:2d} of {units:2d}  {sentence.text}", err=True)
            typer.echo(f"      heard: {heard}", err=True)
        seen = tallies[""]
        typer.echo(
            f"{seen.sentences} of {len(said)} {language}: {seen.wrong} of {seen.units}, {seen.error:.2%}", err=True
        )
    return tallies


def _saying(engines: Engines) -> Callable[[str, Language], Samples]:
    def say(text: str, language: Language) -> Samples:
        chunks = engines.synthesizer.speak(text, VOICES[language], language=language).chunks
        return np.concatenate([*chunks, np.zeros(0, dtype=np.float32)])

    return say
