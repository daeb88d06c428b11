"""How styles sound to the speaker encoder: stock voices and blends of them, rendered once (scripts/voice_library.py).

From these a style is found for an embedding: the nearest, and by ridge regression (Hoerl and Kennard, 1970).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar.errors import Language
from avatar.voice.enrolment.windows import Sex
from avatar.voice.speaker import Embedding

Floats = NDArray[np.float32]

FILE = Path(__file__).parent / "library.npz"

RIDGE = 0.1
"""Weight of the ridge, against embeddings of length 1."""

_SHRINK = 0.15
"""Share of the mean variance that is mixed into the covariance of the stock timbres: 54 of them span no 128 axes."""

REACH = 10.0
"""How far a timbre may lie from the mean stock timbre, in the Mahalanobis sense. The stock ones themselves lie between
4 and 7."""


@dataclass(frozen=True, slots=True)
class Library:
    """What is stored.

    Attributes:
        names: of the packs; a blend's is empty.
        male: bool [n].
        timbres: float32 [n, 128].
        embeddings: float32 [n, 256] for each language.
    """

    names: tuple[str, ...]
    male: NDArray[np.bool_]
    timbres: Floats
    embeddings: Mapping[Language, Floats]

    def of_sex(self, sex: Sex) -> NDArray[np.int64]:
        """The rows of a sex."""
        return np.flatnonzero(self.male == (sex == "male"))

    def stock(self, sex: Sex, language: Language) -> NDArray[np.int64]:
        """The rows of stock voices of a sex that are native speakers of a language."""
        begins = ("z",) if language == "zh" else ("a", "b")
        return np.array([row for row in self.of_sex(sex) if self.names[row].startswith(begins)], dtype=np.int64)

    def nearest(self, embedding: Embedding, sex: Sex, language: Language) -> int:
        """The row of the stock voice that sounds most like it, among native speakers: the timbre of a voice of another
        language costs words (a Spanish one 7 % of the syllables)."""
        rows = self.stock(sex, language)
        return int(rows[np.argmax(self.embeddings[language][rows] @ embedding)])

    def regressed(self, embedding: Embedding, sex: Sex, language: Language) -> Floats:
        """The timbre that ridge regression gives an embedding, float32 [128], not yet within reach."""
        rows = self.of_sex(sex)
        sounds, timbres = self.embeddings[language][rows].astype(np.float64), self.timbres[rows].astype(np.float64)
        middle, mean = sounds.mean(axis=0), timbres.mean(axis=0)
        centred = sounds - middle
        gram = centred @ centred.T + RIDGE * np.eye(len(rows))
        return np.asarray(mean + (embedding - middle) @ centred.T @ np.linalg.solve(gram, timbres - mean), np.float32)

    def space(self) -> Space:
        """Where timbres lie."""
        stock = self.timbres[[row for row, name in enumerate(self.names) if name]].astype(np.float64)
        spread = np.cov(stock.T)
        spread += _SHRINK * np.trace(spread) / len(spread) * np.eye(len(spread))
        return Space(stock.mean(axis=0).astype(np.float32), np.linalg.inv(spread).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Space:
    """The mean of the stock timbres, float32 [128], and the inverse of their covariance, float32 [128, 128]."""

    mean: Floats
    precision: Floats

    def distance(self, timbre: Floats) -> float:
        """Mahalanobis distance from the mean."""
        away = timbre - self.mean
        return float(np.sqrt(max(0.0, float(away @ self.precision @ away))))

    def within(self, timbre: Floats, reach: float = REACH) -> Floats:
        """The timbre, drawn towards the mean where it lies out of reach."""
        far = self.distance(timbre)
        return timbre if far <= reach else np.asarray(self.mean + (timbre - self.mean) * (reach / far), np.float32)


@cache
def read_library(path: Path = FILE) -> Library:
    """The library that comes with the package."""
    with np.load(path, allow_pickle=False) as stored:
        return Library(
            names=tuple(str(name) for name in stored["names"]),
            male=stored["male"],
            timbres=stored["timbres"].astype(np.float32),
            embeddings={"zh": _unit(stored["zh"]), "en": _unit(stored["en"])},
        )


def _unit(rows: NDArray[np.float16]) -> Floats:
    wide = rows.astype(np.float32)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), dtype=np.float32)
