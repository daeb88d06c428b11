"""A text as the search uses it: its passages and their words, as arrays that may lie in a file.

A passage is made when it is looked at, so that a library of a million of them costs no more memory than those shown.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.columns import Columns
from avatar.dialog.cutting import passages
from avatar.dialog.passage import Passage, Passages
from avatar.dialog.postings import Collecting, Postings
from avatar.dialog.stopping import Tell, untold
from avatar.dialog.words import tokens

NAMES_AT_MOST = 200
"""Titles kept of a text, those named most often."""

_TITLE = re.compile(r"《([^》]{2,12})》")


@dataclass(frozen=True, slots=True)
class Entry:
    """A text in the library.

    Attributes:
        id: made from its words: the same text has the same id whatever its file was called.
        title: of the work, shown in citations.
        characters: its length.
        passages: how many it was cut into.
    """

    id: str
    title: str
    characters: int
    passages: int


@dataclass(frozen=True, slots=True)
class Document:
    """A text of the library, as a list shows it.

    Attributes:
        entry: its id, title and size.
        bytes: that its words take on the disk.
        embedded: how many of its passages can be found by meaning.
    """

    entry: Entry
    bytes: int
    embedded: int


@dataclass(frozen=True, slots=True)
class Context:
    """A passage where it stands.

    Attributes:
        passage: itself.
        entry: the text it stands in.
        number: which passage of the text it is, from 1.
        before: those before it, in order.
        after: those after it, in order.
    """

    passage: Passage
    entry: Entry
    number: int
    before: tuple[Passage, ...]
    after: tuple[Passage, ...]


class TextPassages(Passages):
    """The passages of one text.

    Args:
        work: the title of the text.
        source: as in `Passage`.
        columns: `ids` uint64 [n], `pieces` int32 [n] (which place), `chinese` bool [n], `ends` int64 [n] and `text`
            uint8 (the words in UTF-8, one passage after another), `places` and `names` uint8 (JSON).

    Attributes:
        ids: as above.
        pieces: as above.
        chinese: as above.
        source: as given.
    """

    def __init__(self, work: str, source: str, columns: Columns) -> None:
        self.ids: NDArray[np.uint64] = columns["ids"]
        self.pieces: NDArray[np.int32] = columns["pieces"]
        self.chinese: NDArray[np.bool_] = columns["chinese"]
        self.source = source
        self._work, self._columns = work, columns
        self._places: list[str] = json.loads(columns["places"].tobytes())
        if not len(self.ids) == len(self.pieces) == len(self.chinese) == len(columns["ends"]):
            raise ValueError("columns of different length")

    @property
    def names(self) -> dict[str, int]:
        """Titles in book-title marks and titles of pieces, and how often they stand."""
        return dict(json.loads(self._columns["names"].tobytes()))

    @property
    def columns(self) -> Columns:
        """As given."""
        return self._columns

    def __len__(self) -> int:
        return len(self.ids)

    def made(self, at: int) -> Passage:
        """See `Passages`."""
        ends = self._columns["ends"]
        start = int(ends[at - 1]) if at else 0
        words = self._columns["text"][start : int(ends[at])].tobytes().decode("utf-8", errors="replace")
        place, language = self._places[int(self.pieces[at])], "zh" if self.chinese[at] else "en"
        return Passage(f"{int(self.ids[at]):016x}", self._work, place, words, language, self.source)  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextPassages) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self.ids.tobytes())


@dataclass(frozen=True, slots=True)
class Indexed:
    """A text with its passages and their words."""

    entry: Entry
    passages: TextPassages
    words: Postings

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Indexed) and (self.entry, self.passages) == (other.entry, other.passages)

    def __hash__(self) -> int:
        return hash(self.entry)

    @property
    def columns(self) -> Columns:
        """All the arrays."""
        return {**self.passages.columns, **self.words.columns()}

    @classmethod
    def of_columns(cls, entry: Entry, columns: Columns, *, source: str = "text") -> Indexed:
        """From the arrays.

        Raises:
            ValueError, KeyError: they do not fit one another.
        """
        found = cls(entry, TextPassages(entry.title, source, columns), Postings.of_columns(columns))
        if not len(found.passages) == len(found.words.lengths) == entry.passages:
            raise ValueError("words and passages differ in number")
        return found


def text_id(text: str) -> str:
    """The id of a text: 16 hexadecimal digits of the SHA-256 of its words."""
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()[:16]


def index(text: str, title: str, digest: str, *, source: str = "text", tell: Tell = untold) -> Indexed:
    """A text cut into passages, with the words of each.

    Args:
        text: as decoded.
        title: of the work.
        digest: its id.
        source: as in `Passage`.
        tell: told how far it is; what it raises ends the work.
    """
    cut = passages(text, title, source=source, tell=tell)
    loading = threading.Thread(target=tokens, args=("词",), daemon=True)  # the dictionary: a second, once
    loading.start()
    while loading.is_alive():
        tell("indexing", 0.0)
        loading.join(0.05)
    words = Collecting()
    for at, passage in enumerate(cut):
        tell("indexing", at / len(cut))
        words.add(tokens(f"{passage.work} {passage.place} {passage.text}"))
    columns = _columns(cut)
    tell("indexing", 1.0)
    columns |= words.postings().columns()
    return Indexed.of_columns(Entry(digest, title, len(text), len(cut)), columns, source=source)


def _columns(cut: Sequence[Passage]) -> dict[str, NDArray[np.generic]]:
    places = {place: number for number, place in enumerate(dict.fromkeys(passage.place for passage in cut))}
    texts = [passage.text.encode("utf-8", errors="replace") for passage in cut]
    return {
        "ids": np.array([int(passage.id, 16) for passage in cut], dtype=np.uint64),
        "pieces": np.array([places[passage.place] for passage in cut], dtype=np.int32),
        "chinese": np.array([passage.language == "zh" for passage in cut], dtype=np.bool_),
        "ends": np.cumsum([len(text) for text in texts], dtype=np.int64),
        "text": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "places": _json(list(places)),
        "names": _json(_names(cut).most_common(NAMES_AT_MOST)),
    }


def _json(value: object) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace"), dtype=np.uint8)


def _names(cut: Sequence[Passage]) -> Counter[str]:
    """What stands in book-title marks, and the titles of pieces."""
    counts: Counter[str] = Counter()
    for passage in cut:
        counts.update(_TITLE.findall(passage.text))
        if passage.language == "zh":
            counts.update(passage.place.split(" · "))
    return counts
