"""The index of everything a persona knows: immutable, so that a search never waits for an addition.

A search ranks passages by words and by meaning and drops what it is not sure of. The notes that come with a persona
help twice: they are found themselves, and the surest of them leads to the texts it speaks of - a note in English leads
an English question to a book in Chinese. That is relevance feedback (Rocchio, 1971) from what is known to be to the
point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.columns import let_go
from avatar.dialog.embedding import DIMENSIONS, Vectors
from avatar.dialog.library import Indexed
from avatar.dialog.passage import Found, Passage, Passages
from avatar.dialog.quoting import best_quote, near_duplicate
from avatar.dialog.retrieval import (
    MEANING_BESIDE,
    Match,
    Scores,
    WordIndex,
    WordScores,
    confidence,
    fuse,
    in_company,
    matches_of,
)
from avatar.dialog.words import terms
from avatar.errors import Language

RELEVANT = 0.3
"""Where no passage is as sure as this, the texts are silent on the question, and nothing is returned. Below a half, for
a persona speaks in any case, and a weak quotation harms it less than none."""

NOTE_WEIGHT = 0.8
"""What a note's rank counts against that of a text: the source goes before what was written about it."""

NOTES_AT_MOST = 1
"""Notes among the passages found, where the user added texts."""

JOINED_AT_MOST = 3
"""Passages that are joined to one, where they stand side by side and were both found."""

LEAD = 0.6
"""How far the surest note draws the question's vector towards its own."""

ENOUGH = 20
"""Embedded passages of a language, from which the middle of their cosines tells something."""

HELD_AT_MOST = 60_000
"""Passages whose vectors are held in memory in single precision (90 MB); those of more are read where they lie."""

POINTING_WORDS = 3
"""Words beside a pronoun ("他后来在哪里教书？") with which a question may still need the one before it."""

_POINTING = re.compile(
    r"[他她它]|那时候?|那里|那个人|那件事|这件事|这句话|那句话|接着呢|后来|"
    r"\b(?:he|him|his|she|her|they|them|their|it|its|that one|this one|there)\b",
    re.IGNORECASE,
)

ENGLISH_SPREAD = 0.75
"""What an English question's distances from the middle count: they are spread wider than those of Chinese."""

_NOW = re.compile(
    r"今天|今晚|今日|明天|后天|最近|现在|此刻|眼下|这几天|"
    r"\b(?:today|tonight|tomorrow|(?:right )?now|currently|this (?:week|evening)|is it)\b",
    re.IGNORECASE,
)
_FLEETING = re.compile(
    r"天气|气温|下雨|下雪|几点|几号|星期几|周几|新闻|股价|汇率|比分|"
    r"\b(?:weather|temperature|rain|snow|what time|what date|what day|news|exchange rate|score)\b",
    re.IGNORECASE,
)
"""What changes from day to day: asked about now, no text knows it, whatever words it holds."""

_PASSAGE_ID = re.compile(r"[0-9a-f]{16}")

AsVector = Callable[[str], NDArray[np.float32]]
"""Embeds a question: float32 [384], of length 1."""


@dataclass(frozen=True)
class Index:
    """Texts and their vectors.

    Attributes:
        texts: the notes of the card first.
        notes: how many of the texts are notes.
        vectors: of each text, one row for a passage; zeros where it has not been embedded. Not to be changed later.
    """

    texts: tuple[Indexed, ...]
    notes: int
    vectors: tuple[Vectors, ...]

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """int64 [texts + 1]: the number of each text's first passage."""
        return np.cumsum([0, *(len(text.passages) for text in self.texts)], dtype=np.int64)

    @cached_property
    def passages(self) -> Sequence[Passage]:
        """Every passage, in order; each is made when it is looked at."""
        return _All(self.texts, self.starts)

    @cached_property
    def words(self) -> WordIndex:
        """The words of every passage."""
        return WordIndex([text.words for text in self.texts], self.continues)

    @cached_property
    def continues(self) -> NDArray[np.bool_]:
        """bool [n]: whether a passage follows the one before it in the same piece."""
        rows = np.zeros(int(self.starts[-1]), dtype=np.bool_)
        for start, text in zip(self.starts, self.texts, strict=False):
            pieces = text.passages.pieces
            rows[start + 1 : start + len(pieces)] = pieces[1:] == pieces[:-1]
        return rows

    @cached_property
    def chinese(self) -> NDArray[np.bool_]:
        """bool [n]: which passages are in Chinese."""
        return np.concatenate([np.zeros(0, dtype=np.bool_), *(text.passages.chinese for text in self.texts)])

    @cached_property
    def from_texts(self) -> NDArray[np.bool_]:
        """bool [n]: which passages are of the user's texts, and no notes."""
        rows = [np.full(len(text.passages), text.passages.source == "text") for text in self.texts]
        return np.concatenate([np.zeros(0, dtype=np.bool_), *rows])

    @cached_property
    def matrix(self) -> Vectors:
        """The vectors of every passage, where there are not too many to be held."""
        return np.concatenate([np.zeros((0, DIMENSIONS), dtype=np.float32), *self.vectors], dtype=np.float32)

    @cached_property
    def embedded_parts(self) -> tuple[NDArray[np.bool_], ...]:
        """The same as `embedded`, for each text."""
        return tuple(map(_embedded, self.vectors))

    @cached_property
    def embedded(self) -> NDArray[np.bool_]:
        """bool [n]: which passages can be found by meaning."""
        return np.concatenate([np.zeros(0, dtype=np.bool_), *self.embedded_parts])

    def prepared(self) -> Index:
        """Itself, with its words indexed and its vectors counted now rather than in the first search or list."""
        self.words.holds("")
        self.__dict__["embedded_parts"] = self.embedded_parts
        self.let_go()
        return self

    def let_go(self) -> None:
        """Give back the memory into which files were mapped."""
        for text, rows in zip(self.texts, self.vectors, strict=True):
            let_go(text.passages.ids)
            let_go(rows)

    def with_vectors(self, text: str, vectors: Vectors) -> Index:
        """The same texts, one of them with other vectors."""
        at = next((at for at, known in enumerate(self.texts) if known.entry.id == text), None)
        if at is None:
            return self
        new = replace(self, vectors=(*self.vectors[:at], vectors, *self.vectors[at + 1 :]))
        for name in ("words", "passages", "continues", "chinese", "from_texts", "starts"):
            if name in self.__dict__:
                new.__dict__[name] = self.__dict__[name]
        parts = self.embedded_parts
        new.__dict__["embedded_parts"] = (*parts[:at], _embedded(vectors), *parts[at + 1 :])
        return new

    def find(self, passage: str) -> tuple[int, int] | None:
        """The number of the text that has a passage, and the passage's number in it; None where none has it.

        Args:
            passage: its id.
        """
        if not _PASSAGE_ID.fullmatch(passage):
            return None
        wanted = np.uint64(int(passage, 16))
        for number, text in enumerate(self.texts):
            if len(at := np.flatnonzero(text.passages.ids == wanted)):
                return number, int(at[0])
        return None

    def leans(self, question: str) -> bool:
        """Whether a question cannot be looked for without the one before it.

        It says too little: at most one word that the texts know, which any passage may hold; or it speaks of somebody
        by a pronoun before it has named anything, and says little more.
        """
        known = self._known(question)
        if known < 2:
            return True
        pointing = _POINTING.search(question) if known <= POINTING_WORDS else None
        return pointing is not None and self._known(question[: pointing.start()]) == 0

    def _known(self, question: str) -> int:
        """How many words of a question the texts know."""
        return sum(term.whole and self.words.holds(term.text) for term in terms(question))

    def by_words(self, question: str) -> Scores:
        """float32 [n]: how well each passage fits a question by its words alone."""
        return self.words.scores(terms(question)).bm25

    def by_meaning(self, vector: NDArray[np.float32]) -> Scores:
        """float32 [n]: how well each passage fits a question by its meaning alone, its neighbours' a little counted."""
        return np.nan_to_num(self._company(self._likeness(self._cosines(vector))), nan=0.0)

    def _cosines(self, vector: NDArray[np.float32]) -> Scores:
        if len(self.passages) <= HELD_AT_MOST:
            return np.asarray(self.matrix @ vector, dtype=np.float32)
        return np.concatenate([_cosines(rows, vector) for rows in self.vectors], dtype=np.float32)

    def search(
        self, question: str, language: Language, embed: AsVector | None, *, limit: int = 3, least: float = RELEVANT
    ) -> list[Found]:
        """The passages that bear on a question, best first; none where the texts are silent.

        Args:
            question: as asked.
            language: it is asked in.
            embed: embeds the question; None searches by words alone.
            limit: passages at most.
            least: how sure the surest must be; 0 gives the best there are, as a list of finds does.
        """
        asked = terms(question)
        if not self.passages or not question.strip():
            return []
        by_words = self.words.scores(asked)
        matches = self._ranked(by_words, None if embed is None else embed(question), language)
        chosen = self._chosen(matches, frozenset(term.text for term in asked), limit)
        fleeting = _FLEETING.search(question) and _NOW.search(question)
        if not chosen or (0.0 if fleeting else max(choice.sure for choice in chosen)) < least:
            return []
        return [choice.found() for choice in sorted(chosen, key=lambda choice: choice.sure < least)]

    def _ranked(self, by_words: WordScores, vector: NDArray[np.float32] | None, language: Language) -> list[Match]:
        """Both searches fused; where a note is sure, the search by meaning is made again from where it leads.

        Notes themselves stay as sure as they were: a question drawn towards a note is nearer to it than was asked.
        """
        standing = self._standing(language)
        if vector is None or not self.embedded.any():
            return matches_of(fuse(by_words.bm25, None) * standing, by_words, None)
        likeness = self._likeness(self._cosines(vector))
        telling = self._telling(likeness, language)
        matches = matches_of(fuse(by_words.bm25, self._company(likeness)) * standing, by_words, telling)
        lead = self._lead(matches)
        if lead is None:
            return matches
        drawn = vector + LEAD * self._vector(lead)
        there = self._likeness(self._cosines(np.asarray(drawn / np.linalg.norm(drawn), dtype=np.float32)))
        fused = fuse(by_words.bm25, self._company(there)) * standing
        led = np.where(self.from_texts, np.fmax(telling, self._telling(there, language)), telling)
        return matches_of(fused, by_words, np.asarray(led, dtype=np.float32))

    def _standing(self, language: Language) -> Scores:
        """What each passage counts: a note less than a text, still less in another language than asked."""
        own = self.chinese if language == "zh" else ~self.chinese
        notes = np.where(own, NOTE_WEIGHT, NOTE_WEIGHT / 2)
        return np.asarray(np.where(self.from_texts, 1.0, notes), dtype=np.float32)

    def _likeness(self, cosines: Scores) -> Scores:
        """Each cosine less the middle of those of its language; NaN where a passage has not been embedded."""
        likeness = np.full(len(cosines), np.nan, dtype=np.float32)
        for group in (self.chinese & self.embedded, ~self.chinese & self.embedded):
            if group.any():
                likeness[group] = cosines[group] - np.median(cosines[group])
        return likeness

    def _vector(self, at: int) -> NDArray[np.float32]:
        """The vector of one passage."""
        text = int(np.searchsorted(self.starts, at, side="right")) - 1
        return np.asarray(self.vectors[text][at - int(self.starts[text])], dtype=np.float32)

    def _company(self, likeness: Scores) -> Scores:
        """The same with a share of the neighbours' in the same piece; NaN stays where a passage is not embedded."""
        known = in_company(np.nan_to_num(likeness, nan=0.0), self.continues, MEANING_BESIDE)
        return np.where(np.isnan(likeness), likeness, known)

    def _telling(self, likeness: Scores, language: Language) -> Scores:
        """The same on the scale of Chinese; NaN where too few passages of a language are known to tell its middle."""
        telling = np.asarray(likeness * (1.0 if language == "zh" else ENGLISH_SPREAD), dtype=np.float32)
        for group in (self.chinese & self.embedded, ~self.chinese & self.embedded):
            if group.sum() < ENOUGH:
                telling[group] = np.nan
        return telling

    def _lead(self, matches: list[Match]) -> int | None:
        """The best note, if it is sure to bear on the question."""
        best = next((match for match in matches if not self.from_texts[match.at]), None)
        return None if best is None or confidence(best) < RELEVANT else best.at

    def _chosen(self, matches: list[Match], asked: frozenset[str], limit: int) -> list[_Choice]:
        """The best matches that are not the same words twice.

        A match beside one that is chosen already is joined to it.
        """
        chosen: list[_Choice] = []
        notes = 0
        for match in matches[: 6 * limit]:
            passage, sure = self.passages[match.at], confidence(match)
            if any(near_duplicate(passage.text, choice.text) for choice in chosen):
                continue
            if any(choice.joins(match.at, self.continues, passage.text) for choice in chosen):
                continue
            notes += passage.source == "note"
            if passage.source == "note" and notes > NOTES_AT_MOST and len(self.texts) > self.notes:
                continue
            if len(chosen) == limit:
                break
            quote = best_quote(passage.text, asked, self.words.weight)
            chosen.append(_Choice(passage, quote, sure, passage.text, match.at, match.at))
        return chosen


class _All(Passages):
    """The passages of several texts, one after another."""

    def __init__(self, texts: tuple[Indexed, ...], starts: NDArray[np.int64]) -> None:
        self._texts, self._starts = texts, starts

    def __len__(self) -> int:
        return int(self._starts[-1])

    def made(self, at: int) -> Passage:
        """See `Passages`."""
        text = int(np.searchsorted(self._starts, at, side="right")) - 1
        return self._texts[text].passages[at - int(self._starts[text])]


@dataclass(slots=True)
class _Choice:
    """A passage chosen, with those beside it that were found too.

    Attributes:
        text: of all of them, in their order.
        first: the number of the first passage.
        last: the number of the last.
    """

    passage: Passage
    quote: str
    sure: float
    text: str
    first: int
    last: int

    def joins(self, at: int, continues: NDArray[np.bool_], text: str) -> bool:
        """Take in a passage just before or after; False where it is none, or there are enough."""
        if self.last - self.first + 1 >= JOINED_AT_MOST:
            return False
        if at == self.last + 1 and continues[at]:
            self.text, self.last = f"{self.text}\n{text}", at
            return True
        if at == self.first - 1 and continues[self.first]:
            self.text, self.first = f"{text}\n{self.text}", at
            return True
        return False

    def found(self) -> Found:
        """As the search gives it."""
        one = self.passage
        sure = round(self.sure, 3)
        return Found(one.id, one.work, one.place, self.text, self.quote, one.language, sure, one.source)


def _cosines(rows: Vectors, vector: NDArray[np.float32]) -> Scores:
    """Of one text, whose vectors are out of memory again afterwards where they lie in a file."""
    cosines = rows.astype(np.float32) @ vector
    let_go(rows)
    return np.asarray(cosines)


def _embedded(vectors: Vectors) -> NDArray[np.bool_]:
    """bool [n]: which rows are not zeros."""
    if vectors.strides[0] == 0:
        return np.full(len(vectors), bool(vectors[:1].any()))
    return np.asarray(vectors.any(axis=1))
