"""The sentences of the voice benchmark: two hundred in each language, eighty of them hard to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from avatar.errors import Language


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence.

    Attributes:
        reading: of a hard one, as a native speaker reads it: syllables of pinyin, or English words; else empty.
    """

    text: str
    reading: str


def sentences(language: Language, every: int = 1) -> list[Sentence]:
    """Every so manieth sentence of a language, the hard ones first."""
    lines = (Path(__file__).resolve().parent / f"voice_{language}.tsv").read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Sentence(text, reading[0] if reading else "") for _, text, *reading in cells][::every]
