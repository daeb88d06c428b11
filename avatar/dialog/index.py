"""The index of everything a persona knows: immutable, so that a search never waits for an addition.

A search ranks passages by words and by meaning and drops what it is not sure of. The notes that come with a persona
help twice: they are found themselves, and the surest of them leads to the texts it speaks of - a note in English leads
an English question to a book in Chinese. That is relevance feedback (Rocchio, 1971) from what is known to be to the
point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.embedding import DIMENSIONS, Vectors
from avatar.dialog.library import Indexed
from avatar.dialog.passage import Found, Passage
from avatar.dialog.quoting import best_quote, near_duplicate
from avatar.dialog.retrieval import Match, Scores, WordIndex, WordScores, confidence, fuse
from avatar.dialog.words import Term, terms
from avatar.errors import Language

RELEVANT = 0.35
"""Where no passage is as sure as this, the texts are silent on the question, and nothing is returned."""

WORTH_SHOWING = 0.1
"""What a further passage must have of the surest one's score."""

NOTE_WEIGHT = 0.8
"""What a note's rank counts against that of a text: the source goes before what was written about it."""

NOTES_AT_MOST = 1
"""Notes among the passages found, where the user added texts."""

LEAD = 0.6
"""How far the surest note draws the question's vector towards its own."""

ENOUGH = 20
"""Embedded passages of a language, from which the middle of their cosines tells something."""

AsVector = Callable[[str], NDArray[np.float32]]
"""Embeds a question: float32 [384], of length 1."""


@dataclass(frozen=True)
class Index:
    """Texts and their vectors.

    Attributes:
        texts: the notes of the card first.
        notes: how many of the texts are notes.
        vectors: of each text, one row for a passage; zeros where it has not been embedded.
    """

    texts: tuple[Indexed, ...]
    notes: int
    vectors: tuple[Vectors, ...]

    @cached_property
    def passages(self) -> list[Passage]:
        """Every passage, in order."""
        return [passage for text in self.texts for passage in text.passages]

    @cached_property
    def words(self) -> WordIndex:
        """The words of every passage."""
        return WordIndex([words for text in self.texts for words in text.words])

    @cached_property
    def matrix(self) -> Vectors:
        """The vectors of every passage."""
        return np.concatenate([np.zeros((0, DIMENSIONS), dtype=np.float32), *self.vectors])

    @cached_property
    def embedded(self) -> NDArray[np.bool_]:
        """bool [n]: which passages can be found by meaning."""
        return np.asarray(self.matrix.any(axis=1))

    def prepared(self) -> Index:
        """Itself, with its words indexed now rather than in the first search."""
        self.words.holds("")
        return self

    def with_vectors(self, text: str, vectors: Vectors) -> Index:
        """The same texts, one of them with other vectors."""
        rows = tuple(
            vectors.copy() if known.entry.id == text else old
            for known, old in zip(self.texts, self.vectors, strict=True)
        )
        new = replace(self, vectors=rows)
        for name in ("words", "passages"):
            if name in self.__dict__:
                new.__dict__[name] = self.__dict__[name]
        return new

    def search(
        self, question: str, language: Language, embed: AsVector | None, *, previous: str = "", limit: int = 3
    ) -> list[Found]:
        """The passages that bear on a question, best first; none where the texts are silent.

        Args:
            question: as asked.
            language: it is asked in.
            embed: embeds the question; None searches by words alone.
            previous: the question before it, which a follow-up ("and then?") leans on.
            limit: passages at most.
        """
        asked = terms(question)
        if previous and self._leans(asked):
            question = f"{previous} {question}"
            asked = terms(question)
        if not self.passages or not question.strip():
            return []
        by_words = self.words.scores(asked)
        matches = self._ranked(by_words, None if embed is None else embed(question), language)
        return self._chosen(matches, frozenset(term.text for term in asked), limit)

    def _ranked(self, by_words: WordScores, vector: NDArray[np.float32] | None, language: Language) -> list[Match]:
        """Both searches fused; where a note is sure, the search by meaning is made again from where it leads."""
        standing = self._standing(language)
        if vector is None or not self.embedded.any():
            return _matches(fuse(by_words.bm25, None) * standing, by_words, None)
        cosines = self.matrix @ vector
        likeness = self._likeness(cosines)
        matches = _matches(fuse(by_words.bm25, cosines) * standing, by_words, likeness)
        lead = self._lead(matches)
        if lead is None:
            return matches
        drawn = vector + LEAD * self.matrix[lead]
        cosines = self.matrix @ (drawn / np.linalg.norm(drawn))
        likeness = np.fmax(likeness, self._likeness(cosines))
        return _matches(fuse(by_words.bm25, cosines) * standing, by_words, likeness)

    def _leans(self, asked: list[Term]) -> bool:
        """Whether a question says too little to be understood alone: at most one word, which any passage may hold."""
        return sum(term.whole and self.words.holds(term.text) for term in asked) < 2

    def _standing(self, language: Language) -> Scores:
        """What each passage's rank counts: a note less than a text, still less in another language than asked."""
        return np.array([_standing(passage, language) for passage in self.passages], dtype=np.float32)

    def _likeness(self, cosines: Scores) -> Scores:
        """Each cosine less the middle of those of its language; NaN where too few are known to tell."""
        chinese = np.array([passage.language == "zh" for passage in self.passages])
        likeness = np.full(len(cosines), np.nan, dtype=np.float32)
        for group in (chinese & self.embedded, ~chinese & self.embedded):
            if group.sum() >= ENOUGH:
                likeness[group] = cosines[group] - np.median(cosines[group])
        return likeness

    def _lead(self, matches: list[Match]) -> int | None:
        """The best note, if it is sure to bear on the question."""
        best = next((match for match in matches if self.passages[match.at].source == "note"), None)
        return None if best is None or confidence(best) < RELEVANT else best.at

    def _chosen(self, matches: list[Match], asked: frozenset[str], limit: int) -> list[Found]:
        """The best matches that are not the same words twice, those that are sure before those that may help."""
        chosen: list[Found] = []
        notes = 0
        surest = max(map(confidence, matches[: 6 * limit]), default=0.0)
        for match in matches[: 6 * limit] if surest >= RELEVANT else ():
            passage, sure = self.passages[match.at], confidence(match)
            if sure < WORTH_SHOWING * surest or any(near_duplicate(passage.text, found.text) for found in chosen):
                continue
            notes += passage.source == "note"
            if passage.source == "note" and notes > NOTES_AT_MOST and len(self.texts) > self.notes:
                continue
            chosen.append(_found(passage, best_quote(passage.text, asked, self.words.weight), sure))
            if len(chosen) == limit:
                break
        return sorted(chosen, key=lambda found: found.score < RELEVANT)


def _matches(fused: Scores, by_words: WordScores, likeness: Scores | None) -> list[Match]:
    order = np.argsort(-fused, kind="stable")
    return [
        Match(
            int(at),
            float(fused[at]),
            float(by_words.coverage[at]),
            int(by_words.held[at]),
            None if likeness is None or np.isnan(likeness[at]) else float(likeness[at]),
        )
        for at in order[:60]
        if fused[at] > 0
    ]


def _found(passage: Passage, quote: str, sure: float) -> Found:
    return Found(passage.id, passage.work, passage.place, passage.text, quote, passage.language, round(sure, 3))


def _standing(passage: Passage, language: Language) -> float:
    if passage.source == "text":
        return 1.0
    return NOTE_WEIGHT if passage.language == language else NOTE_WEIGHT / 2
