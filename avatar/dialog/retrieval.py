"""Finding passages: by words (BM25), by meaning (multilingual e5), the two fused.

BM25: Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009; k1 and b as usual. Reciprocal rank fusion:
Cormack, Clarke and Büttcher, SIGIR 2009. Vectors are of length 1, so their inner product is the cosine, and
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

K1, B = 0.9, 0.3
"""BM25's saturation and length normalisation; passages are nearly of one length, so little is to be normalised."""

PART = 0.6
"""What a pair or a character that is no word of its own weighs against one that is."""

RANK_K = 20
WORDS_WEIGHT = 2.0
"""Rank fusion: a small k lets the first places count, and words count twice, for they are what a question names."""

LIKE_FLOOR, LIKE_SPAN = 0.035, 0.05
"""e5's cosines lie in a narrow band that shifts with the question; what counts is the distance from its middle: up to
0.035 for any passage, 0.06 and more for one that answers (measured on questions that the texts answer, and do not)."""

Scores = NDArray[np.float32]
"""float32 [n], one for each passage."""


@dataclass(frozen=True, slots=True)
class WordScores:
    """What the words of a question say of every passage.

    Attributes:
        bm25: the score by which passages are ranked.
        coverage: 0..1, the share of the question's words, by weight.
        held: how many of the question's whole words.
    """

    bm25: Scores
    coverage: Scores
    held: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Match:
    """A passage's place in the index and how it was found.

    Attributes:
        at: its number.
        rank: the fused rank score; higher is better, for ordering only.
        coverage: 0..1, the share of the question's words, by weight, that the passage holds.
        held: how many of the question's whole words it holds.
        likeness: its cosine less the middle of all passages', or None where that tells nothing.
    """

    at: int
    rank: float
    coverage: float
    held: int
    likeness: float | None


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

    def scores(self, asked: Sequence[Term]) -> WordScores:
        """What the words of a question say of every passage.

        Args:
            asked: the words of the question.
        """
        scores = np.zeros(self._size, dtype=np.float32)
        covered = np.zeros(self._size, dtype=np.float32)
        held = np.zeros(self._size, dtype=np.int32)
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
            held[at] += term.whole
        return WordScores(scores, covered / total if total else covered, held)

    def holds(self, word: str) -> bool:
        """Whether any passage has this word."""
        return word in self._postings

    def weight(self, word: str) -> float:
        """The inverse document frequency; a word in no passage weighs as much as one in a single passage."""
        posting = self._postings.get(word)
        documents = 1 if posting is None else posting.shape[1]
        return math.log(1 + (self._size - documents + 0.5) / (documents + 0.5))


def fuse(words: Scores, cosines: Scores | None, *, depth: int = 60) -> Scores:
    """The passages' ranks in both searches as one score, zero for what neither found near its top.

    Args:
        words: BM25.
        cosines: likeness in meaning, zero where a passage has not been embedded; None where none has.
        depth: how many of each search take part.
    """
    fused = np.zeros(len(words), dtype=np.float32)
    for scores, weight in ((words, WORDS_WEIGHT), (cosines, 1.0)):
        if scores is None:
            continue
        order = np.argsort(-scores, kind="stable")[:depth]
        order = order[scores[order] > 0]
        fused[order] += weight / (RANK_K + 1 + np.arange(len(order), dtype=np.float32))
    return fused


def confidence(match: Match) -> float:
    """How sure it is, 0..1, that a passage bears on the question.

    By words: the share of the question's words, by weight, that the passage holds. A single word does not convince
    where meaning is known and does not support it ("今天天气怎么样" shares 天气 with a story and nothing else). Meaning
    may speak alone.
    """
    if match.likeness is None:
        return 0.85 * match.coverage
    meaning = min(1.0, max(0.0, (match.likeness - LIKE_FLOOR) / LIKE_SPAN))
    by_words = match.coverage * (0.9 if match.held > 1 else 1 / 3 + 2 / 3 * min(1.0, 4 * meaning))
    return max(0.95 * by_words, 0.9 * meaning) + 0.05 * min(by_words, meaning)
