"""Finding passages: by words (BM25), by meaning (multilingual e5), the two fused.

BM25: Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009; k1 and b as usual. A story names its people
once and then says "she", so the words of the passages beside one count a little as its own. The two searches are fused
by score, both in shares of what they could be: ranks would forget by how much the first is ahead. Vectors are of length
1, so their inner product is the cosine, and exact search over the passages of one persona takes about a millisecond.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.postings import Postings, key_of
from avatar.dialog.words import Term

K1, B = 0.9, 0.3
"""BM25's saturation and length normalisation; passages are nearly of one length, so little is to be normalised."""

PART = 0.6
"""What a pair or a character that is no word of its own weighs against one that is."""

BESIDE = 0.2
"""What a word in the passage before or after counts, where that belongs to the same piece."""

MEANING_BESIDE = 0.3
"""What the likeness of the passage before or after counts, where that belongs to the same piece."""

MEANING_WEIGHT = 10.0
"""What a cosine's distance from the middle counts against a share of the question's words: e5's best lie 0.06 to 0.1
above the middle, so that meaning alone weighs what words do where all of them are found."""

SURE_WORDS, SURE_WORD, SURE_MEANING, SURE_ALONE = 10.0, 5.5, 85.0, -5.75
"""The logit of a passage's bearing on the question: what the share of the question's words adds where the passage holds
several, and where it holds one at most; what a cosine's distance from the middle adds; and where it starts. Logistic
regression over 114 questions that texts answer and 70 that they do not, each kind counted alike."""

SURE_WORDS_UNHEARD, SURE_WORD_UNHEARD, SURE_UNHEARD = 12.5, 5.8, -3.3
"""The same where meaning is not known."""

MATCHES = 60
"""Passages that are looked at as answers to one question."""

LOOKED_UP = 1024
"""Words whose places are remembered: one search asks for each of its own several times."""

Scores = NDArray[np.float32]
"""float32 [n], one for each passage."""


@dataclass(frozen=True, slots=True)
class WordScores:
    """What the words of a question say of every passage.

    Attributes:
        bm25: the score by which passages are ranked, as a share of the question's words by weight: 0 to about 1.9.
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
        likeness: its cosine less the middle of all passages', on the scale of Chinese; None where that tells nothing.
    """

    at: int
    rank: float
    coverage: float
    held: int
    likeness: float | None


class WordIndex:
    """BM25 over the words of passages.

    Args:
        texts: the words of the passages of each text, in the order in which the passages are numbered.
        continues: bool [n]: whether a passage follows the one before it in the same piece; None where none does.
    """

    def __init__(self, texts: Sequence[Postings], continues: NDArray[np.bool_] | None = None) -> None:
        self._texts = texts
        self._starts = np.cumsum([0, *(len(text.lengths) for text in texts)])
        self._size = int(self._starts[-1])
        self._continues = np.zeros(self._size, dtype=np.bool_) if continues is None else continues
        lengths = np.concatenate([np.zeros(0, dtype=np.float32), *(text.lengths for text in texts)])
        self._lengths = self._with_beside(lengths)
        self._mean = float(self._lengths.mean()) if self._size else 1.0
        self._found = lru_cache(LOOKED_UP)(self._look_up)

    def scores(self, asked: Sequence[Term]) -> WordScores:
        """What the words of a question say of every passage.

        Args:
            asked: the words of the question.
        """
        scores = np.zeros(self._size, dtype=np.float32)
        covered = np.zeros(self._size, dtype=np.float32)
        held = np.zeros(self._size, dtype=np.int32)
        length = K1 * (1 - B + B * self._lengths / self._mean)
        total = 0.0
        for term in asked:
            found = self._found(term.text)
            strength = self._rarity(sum(part.stop - part.start for _, part in found)) * (1.0 if term.whole else PART)
            if found or term.whole:
                total += strength
            if not found:
                continue
            counts = np.zeros(self._size, dtype=np.float32)
            for number, part in found:
                at = self._starts[number] + self._texts[number].at[part]
                counts[at] = self._texts[number].counts[part]
                covered[at] += strength
                held[at] += term.whole
            counts = self._with_beside(counts)
            scores += strength * counts * (K1 + 1) / (counts + length)
        return WordScores(scores / max(total, 1e-9), covered / max(total, 1e-9), held)

    def _with_beside(self, counts: Scores) -> Scores:
        return in_company(counts, self._continues, BESIDE)

    def holds(self, word: str) -> bool:
        """Whether any passage has this word."""
        return bool(self._found(word))

    def weight(self, word: str) -> float:
        """The inverse document frequency; a word in no passage weighs as much as one in a single passage."""
        return self._rarity(sum(part.stop - part.start for _, part in self._found(word)))

    def _rarity(self, passages: int) -> float:
        return math.log(1 + (self._size - max(passages, 1) + 0.5) / (max(passages, 1) + 0.5))

    def _look_up(self, word: str) -> tuple[tuple[int, slice], ...]:
        """The texts that have a word, and where in their postings it stands."""
        key = key_of(word)
        found = ((number, text.of(key)) for number, text in enumerate(self._texts))
        return tuple((number, part) for number, part in found if part.stop > part.start)


def in_company(scores: Scores, continues: NDArray[np.bool_], share: float) -> Scores:
    """Scores with a share of those of the passages before and after, in the same piece.

    Args:
        scores: of each passage.
        continues: bool [n]: whether a passage follows the one before it in the same piece.
        share: what a neighbour's counts.
    """
    with_others = scores.copy()
    joined = continues[1:]
    with_others[1:] += share * scores[:-1] * joined
    with_others[:-1] += share * scores[1:] * joined
    return with_others


def fuse(words: Scores, likeness: Scores | None) -> Scores:
    """Both searches as one score; what is zero in both is zero.

    A text is searched while it is still being embedded: a passage without a vector is taken to say by its meaning what
    it says by its words, lest it fall behind those that have one.

    Args:
        words: BM25 as a share of the question's words.
        likeness: each cosine less the middle of all, in company; NaN where a passage has none, None where no one has.
    """
    if likeness is None:
        return words
    meaning = np.where(np.isnan(likeness), words, MEANING_WEIGHT * np.maximum(likeness, 0.0))
    return np.asarray(words + meaning, dtype=np.float32)


def matches_of(fused: Scores, by_words: WordScores, likeness: Scores | None) -> list[Match]:
    """The best passages, best first; none that is zero.

    Args:
        fused: by which they are ranked.
        by_words: what the words say of each.
        likeness: what its meaning tells of each; NaN where it tells nothing, None where it tells nothing of any.
    """
    return [
        Match(
            int(at),
            float(fused[at]),
            float(by_words.coverage[at]),
            int(by_words.held[at]),
            None if likeness is None or np.isnan(likeness[at]) else float(likeness[at]),
        )
        for at in best(fused, MATCHES)
        if fused[at] > 0
    ]


def best(scores: Scores, most: int) -> NDArray[np.intp]:
    """The numbers of the highest scores, highest first; of equals the first goes first. Quicker than to sort all."""
    least = np.partition(scores, -most)[-most] if len(scores) > most else -np.inf
    among = np.flatnonzero(scores >= least)
    return among[np.argsort(-scores[among], kind="stable")][:most]


def confidence(match: Match) -> float:
    """How sure it is, 0..1, that a passage bears on the question: words and meaning weighed together.

    A single word convinces less than several, and hardly where meaning does not support it.
    """
    several = match.held > 1
    if match.likeness is None:
        logit = SURE_UNHEARD + (SURE_WORDS_UNHEARD if several else SURE_WORD_UNHEARD) * match.coverage
    else:
        logit = SURE_ALONE + (SURE_WORDS if several else SURE_WORD) * match.coverage + SURE_MEANING * match.likeness
    return 1 / (1 + math.exp(-min(max(logit, -30.0), 30.0)))
