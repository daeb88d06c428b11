"""What a persona knows: the notes that come with its card and the texts the user gave it, searchable.

A text can be found by its words the moment it is added, and by its meaning as its passages are embedded; `embed` does
that in the background and can be stopped. A search reads one immutable index, so it never waits for an addition.
"""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from avatar.dialog.embedding import Vectors
from avatar.dialog.index import RELEVANT, Index
from avatar.dialog.library import Entry, Indexed, Library, index, text_id
from avatar.dialog.lore import Lore
from avatar.dialog.passage import Found, Passage
from avatar.dialog.persona import Persona
from avatar.dialog.reading.reading import read_document, read_file
from avatar.dialog.texts import read_text
from avatar.errors import Language
from avatar.stages import Embedder

log = logging.getLogger(__name__)

BATCH = 8
"""Passages embedded at once; between batches the work can be stopped."""

PREVIOUS = 120
"""Characters of the question before that a follow-up is put after."""

_TITLE = re.compile(r"《([^》]{2,12})》")

_NO_NAME = re.compile(r"^[〇零一二三四五六七八九十百]+$|^第.+[章回节]|\s|^(?:自?序|后记|小引|题[记辞]|无题|前言|目录)$")

Progress = Callable[[int, int], None]


class Knowledge:
    """The knowledge of one persona, shared by every conversation with it.

    Args:
        notes: texts that come with the card.
        library: the user's texts.
        embedder: finds by meaning; None leaves it at words.
        lore: what the card's lorebook adds; None where there is none.

    Attributes:
        lore: as given.
    """

    def __init__(
        self, notes: Sequence[Indexed], library: Library, embedder: Embedder | None, lore: Lore | None = None
    ) -> None:
        self.lore = lore
        self._library = library
        self._embedder = embedder
        self._changing = threading.Lock()
        texts = (*notes, *(library.read(text) for text in library.ids()))
        self._notes = len(notes)
        self._now = self._snapshot(texts)

    @classmethod
    def open(cls, persona: Persona, data_dir: Path, embedder: Embedder | None) -> Knowledge:
        """The knowledge of a persona, as it lies on the disk. Blocks while it is read.

        Raises:
            TextError: a note that comes with the card is no text.
        """
        notes = []
        if persona.knowledge_folder.is_dir():
            for file in sorted(persona.knowledge_folder.glob("*.md")):
                text = read_text(file)
                notes.append(index(text, _first_heading(text) or file.stem, text_id(text), source="note"))
        return cls(notes, Library(data_dir / "knowledge" / persona.id), embedder, Lore.of(persona))

    @property
    def entries(self) -> list[Entry]:
        """The user's texts, oldest first."""
        return [text.entry for text in self._now.texts[self._notes :]]

    @property
    def index(self) -> Index:
        """What searches read now."""
        return self._now

    @property
    def passages(self) -> list[Passage]:
        """Every passage, notes first."""
        return list(self._now.passages)

    @property
    def embedded(self) -> tuple[int, int]:
        """How many passages can be found by meaning, and how many there are."""
        return int(self._now.embedded.sum()), len(self._now.passages)

    @property
    def names(self) -> tuple[str, ...]:
        """Works and chapters that the knowledge speaks of, most often first."""
        return _names(self._now.texts)

    def add_file(self, file: Path, *, title: str = "") -> Entry:
        """Keep a document of any known format; it can be found by its words at once.

        Raises:
            TextError: not a document, damaged, protected, empty, or too large.
            StorageError: the disk is full or the folder cannot be written.
        """
        document = read_file(file)
        return self._add(document.text, title or document.title or file.stem)

    def add(self, data: bytes, name: str, *, title: str = "") -> Entry:
        """Keep an uploaded file.

        Args:
            data: the whole file.
            name: the file's name, as the client gave it.

        Raises:
            TextError: not a document, damaged, protected, empty, or too large.
            StorageError: the disk is full or the folder cannot be written.
        """
        shown = _clean_title(Path(name).name)
        document = read_document(data, shown)
        return self._add(document.text, title or document.title or Path(shown).stem)

    def remove(self, text: str) -> None:
        """Forget a text.

        Args:
            text: its id.

        Raises:
            NotFoundError: there is no such text.
        """
        with self._changing:
            self._library.remove(text)
            kept = [at for at, known in enumerate(self._now.texts) if at < self._notes or known.entry.id != text]
            now = self._now
            texts, vectors = tuple(now.texts[at] for at in kept), tuple(now.vectors[at] for at in kept)
            self._now = Index(texts, self._notes, vectors).prepared()

    def embed(self, progress: Progress | None = None, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Embed what has not been embedded yet. Blocks; what is done is kept, so it may be stopped and go on later.

        Args:
            progress: told how many passages are done, and of how many.
            cancelled: asked between batches.

        Returns:
            True when everything is embedded.

        Raises:
            StorageError: the vectors cannot be written.
        """
        if self._embedder is None:
            return False
        return all(self._embed_text(self._embedder, text, progress, cancelled) for text in self._now.texts)

    def search(
        self, question: str, language: Language, *, previous: str = "", limit: int = 3, least: float = RELEVANT
    ) -> list[Found]:
        """The passages that bear on a question, best first; none where the texts are silent.

        Args:
            question: as asked.
            language: it is asked in.
            previous: the question before it, which a follow-up ("and then?") leans on.
            limit: passages at most.
            least: how sure the surest must be; 0 gives the best there are.
        """
        embed = None if self._embedder is None else self._embedder.query
        return self._now.search(self.whole(question, previous), language, embed, limit=limit, least=least)

    def whole(self, question: str, previous: str) -> str:
        """A question as it can be looked for: one that leans on what was asked before is put after that.

        Args:
            question: as asked.
            previous: what was asked before, made whole itself; may be empty.
        """
        if not previous or not self._now.leans(question):
            return question
        return f"{previous[-PREVIOUS:]} {question}"

    def _add(self, text: str, title: str) -> Entry:
        with self._changing:
            added = self._library.add(text, _clean_title(title))
            if all(known.entry.id != added.entry.id for known in self._now.texts[self._notes :]):
                self._now = self._snapshot((*self._now.texts, added))
        return added.entry

    def _snapshot(self, texts: tuple[Indexed, ...]) -> Index:
        vectors = tuple(self._library.vectors(text.entry.id, text.passages) for text in texts)
        return Index(texts, self._notes, vectors).prepared()

    def _embed_text(
        self, embedder: Embedder, text: Indexed, progress: Progress | None, cancelled: Callable[[], bool]
    ) -> bool:
        """Embed what one text lacks; False when stopped."""
        vectors = self._library.vectors(text.entry.id, text.passages)
        missing = np.flatnonzero(~vectors.any(axis=1))
        try:
            for start in range(0, len(missing), BATCH):
                if cancelled():
                    break
                batch = missing[start : start + BATCH]
                vectors[batch] = embedder.passages([_embeddable(text.passages[at]) for at in batch])
                done = self._show(text, vectors)
                if progress is not None:
                    progress(*done)
        finally:
            if len(missing):
                self._keep(text, vectors)
        return bool(vectors.any(axis=1).all())

    def _keep(self, text: Indexed, vectors: Vectors) -> None:
        """Keep a text's vectors, unless it was removed while they were made."""
        with self._changing:
            if any(known.entry.id == text.entry.id for known in self._now.texts):
                self._library.keep_vectors(text.entry.id, text.passages, vectors)

    def _show(self, text: Indexed, vectors: Vectors) -> tuple[int, int]:
        """Let searches use what is embedded of a text so far."""
        with self._changing:
            self._now = self._now.with_vectors(text.entry.id, vectors)
        return self.embedded


def _embeddable(passage: Passage) -> str:
    return f"{passage.place or passage.work}: {passage.text}"


def _names(texts: Sequence[Indexed]) -> tuple[str, ...]:
    """Titles in book-title marks and titles of pieces, most often first; mere numbers and chapters are no names."""
    counts: Counter[str] = Counter()
    for text in texts:
        for passage in text.passages:
            counts.update(_TITLE.findall(passage.text))
            if passage.language == "zh":
                counts.update(passage.place.split(" · "))
    names = (unicodedata.normalize("NFKC", name) for name, count in counts.most_common(100) if count > 1)
    return tuple(name for name in names if 2 <= len(name) <= 8 and not _NO_NAME.search(name))[:60]


def _first_heading(text: str) -> str:
    match = re.match(r"\s*#\s+(.+)", text)
    return _clean_title(match[1]) if match else ""


def _clean_title(title: str) -> str:
    """A title that can be shown: no control characters, not endless."""
    shown = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in title)
    return " ".join(shown.split())[:80] or "text"
