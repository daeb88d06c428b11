"""Which passage holds which word, how often: an inverted index in six arrays, small enough to be mapped from a file.

Words are known by 64 bits of their BLAKE2b, so that no dictionary of them needs to be kept in memory.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.columns import Columns

_HALF, _BELOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """The words of some passages.

    Attributes:
        words: uint64 [v], ascending: the words, by their keys.
        starts: int64 [v + 1]: where the passages of each word begin.
        at: int32 [m]: passages, ascending for each word.
        counts: uint16 [m]: how often each holds it.
        lengths: float32 [n]: how many words each passage has.
    """

    words: NDArray[np.uint64]
    starts: NDArray[np.int64]
    at: NDArray[np.int32]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.float32]

    def of(self, word: np.uint64) -> slice:
        """Where the passages of a word stand; an empty slice where none holds it.

        Args:
            word: its key.
        """
        where = int(self.words.searchsorted(word))
        if where == len(self.words) or self.words[where] != word:
            return slice(0, 0)
        return slice(int(self.starts[where]), int(self.starts[where + 1]))

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name."""
        return {name: getattr(self, name) for name in ("words", "starts", "at", "counts", "lengths")}

    @classmethod
    def of_columns(cls, columns: Columns) -> Self:
        """From the arrays by name.

        Raises:
            KeyError: one is missing.
        """
        names = ("words", "starts", "at", "counts", "lengths")
        return cls(*(columns[name] for name in names))


class Collecting:
    """Takes in the words of one passage after another."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._keys, self._word = array("Q"), array("I")
        self._at, self._counts, self._lengths = array("i"), array("H"), array("f")

    def add(self, words: Iterable[str]) -> None:
        """The words of the next passage, repeated as they stand."""
        counts = Counter(words)
        numbers, passage = self._numbers, len(self._lengths)
        self._keys.extend([int(key_of(word)) for word in counts if word not in numbers])
        self._word.extend([numbers.setdefault(word, len(numbers)) for word in counts])
        self._counts.extend([min(count, 0xFFFF) for count in counts.values()])
        self._at.extend([passage] * len(counts))
        self._lengths.append(sum(counts.values()))

    def postings(self) -> Postings:
        """All of them."""
        keys = np.array(self._keys, dtype=np.uint64)
        order = np.argsort(keys, kind="stable")
        place = np.empty(len(keys), dtype=np.uint64)
        place[order] = np.arange(len(keys), dtype=np.uint64)
        word = place[np.array(self._word, dtype=np.uint32)]
        starts = np.zeros(len(keys) + 1, dtype=np.int64)
        np.cumsum(np.bincount(word.astype(np.int32), minlength=len(keys)), out=starts[1:])
        by_word = word << _HALF  # the word above, where it was met below: to sort one number is quickest
        by_word |= np.arange(len(word), dtype=np.uint64)
        by_word.sort()
        by_word &= _BELOW
        at = np.array(self._at, dtype=np.int32)[by_word]
        counts = np.array(self._counts, dtype=np.uint16)[by_word]
        return Postings(keys[order], starts, at, counts, np.array(self._lengths, dtype=np.float32))


def collect(passages: Iterable[Iterable[str]]) -> Postings:
    """The words of passages, repeated as they stand, in the order in which the passages are numbered."""
    collecting = Collecting()
    for words in passages:
        collecting.add(words)
    return collecting.postings()


def key_of(word: str) -> np.uint64:
    """What a word is known by: 64 bits."""
    return np.uint64(int.from_bytes(blake2b(word.encode("utf-8", errors="replace"), digest_size=8).digest(), "little"))
