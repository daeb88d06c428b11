"""Finding passages: by words (BM25), by meaning (multilingual e5), the two fused.

BM25: Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009; k1 and b as usual. Reciprocal rank fusion:
Cormack, Clarke and Büttcher, SIGIR 2009; k = 60. Vectors are of length 1, so their inner product is the cosine, and
exact search over the passages of one persona takes well under a millisecond.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.words import Term

K1, B = 1.5, 0.6
PART = 0.6
"""What a pair or a character that is no word of its own weighs against one that is."""

RRF_K = 60
COSINE_FLOOR, COSINE_SPAN = 0.82, 0.10


@dataclass(frozen=True, slots=True)
class Match:
    """A passage's place in the index and how it was found.

    Attributes:
        at: its number.
        rank: the fused rank score; higher is better, for ordering only.
        coverage: 0..1, the share of the question's words, by weight, that the passage holds.
        cosine: likeness in meaning, or 0 where it is unknown.
    """

    at: int
    rank: float
    coverage: float
    cosine: float


class WordIndex:
    """BM25 over the words of passages.

    Args:
        passages: the words of each, repeated as they stand, in the order in which the passages are numbered.
    """

    def __init__(self, passages: Sequence[Sequence[str]]) -> None:
        self._lengths = np.zeros(len(passages), dtype=np.float32)
        postings: dict[str, list[tuple[int, int]]] = {}
        for at, words in enumerate(passages):
            counts = Counter(words)
            self._lengths[at] = sum(counts.values())
            for word, count in counts.items():
                postings.setdefault(word, []).append((at, count))
        self._postings = {word: np.array(pairs, dtype=np.int32).T for word, pairs in postings.items()}
        self._size = len(passages)
        self._mean = float(self._lengths.mean()) if len(passages) else 1.0

    def scores(self, asked: Sequence[Term]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """BM25 and coverage of every passage.

        Args:
            asked: the words of the question.

        Returns:
            float32 [n] BM25 scores, and float32 [n] in 0..1: the share of the question's words by weight.
        """
        scores = np.zeros(self._size, dtype=np.float32)
        covered = np.zeros(self._size, dtype=np.float32)
        total = 0.0
        for term in asked:
            posting = self._postings.get(term.text)
            weight = self.weight(term.text)
            if posting is not None or term.whole:
                total += weight if term.whole else PART * weight
            if posting is None:
                continue
            at, count = posting
            length = 1 - B + B * self._lengths[at] / self._mean
            strength = weight if term.whole else PART * weight
            scores[at] += strength * count * (K1 + 1) / (count + K1 * length)
            covered[at] += strength
        return scores, covered / total if total else covered

    def holds(self, word: str) -> bool:
        """Whether any passage has this word."""
        return word in self._postings

    def weight(self, word: str) -> float:
        """The inverse document frequency; a word in no passage weighs as much as one in a single passage."""
        posting = self._postings.get(word)
        documents = 1 if posting is None else posting.shape[1]
        return math.log(1 + (self._size - documents + 0.5) / (documents + 0.5))


def fuse(
    words: NDArray[np.float32], coverage: NDArray[np.float32], cosines: NDArray[np.float32] | None, *, depth: int = 40
) -> list[Match]:
    """The best passages of both searches, best first.

    Args:
        words: float32 [n], BM25.
        coverage: float32 [n] in 0..1.
        cosines: float32 [n], or None where nothing has been embedded.
        depth: how many of each search take part.
    """
    ranks: dict[int, float] = {}
    for scores in (words, cosines):
        if scores is None:
            continue
        for place, at in enumerate(_best(scores, depth)):
            ranks[at] = ranks.get(at, 0.0) + 1.0 / (RRF_K + place + 1)
    matches = [
        Match(at, r, float(coverage[at]), 0.0 if cosines is None else float(cosines[at])) for at, r in ranks.items()
    ]
    return sorted(matches, key=lambda match: (-match.rank, match.at))


def _best(scores: NDArray[np.float32], depth: int) -> list[int]:
    order = np.argsort(-scores, kind="stable")[:depth]
    return [int(at) for at in order if scores[at] > 0]


def confidence(match: Match) -> float:
    """How sure it is, 0..1, that a passage bears on the question.

    Words: the share of the question's words, by weight, that the passage holds. Meaning: e5's cosines lie in a narrow
    band (about 0.80 for anything, 0.90 for an answer), which is stretched over 0..1. The surer of the two counts, and
    each raises the other a little.
    """
    meaning = min(1.0, max(0.0, (match.cosine - COSINE_FLOOR) / COSINE_SPAN))
    strong, weak = max(match.coverage, meaning), min(match.coverage, meaning)
    return min(1.0, strong * (0.85 + 0.15 * weak) + 0.15 * weak)
