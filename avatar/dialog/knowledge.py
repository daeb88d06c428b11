"""What a persona knows: the notes that come with its card and the texts the user gave it, searchable.

A text can be found by its words the moment it is added, and by its meaning as its passages are embedded; `embed` does
that in the background and can be stopped. A search reads one immutable index, so it never waits for an addition.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from avatar.dialog.columns import let_go
from avatar.dialog.embedding import DIMENSIONS, Vectors
from avatar.dialog.index import HELD_AT_MOST, RELEVANT, Index
from avatar.dialog.indexed import Context, Document
from avatar.dialog.library import Entry, Indexed, Library, index, text_id
from avatar.dialog.lore import Lore
from avatar.dialog.passage import Found, Passage
from avatar.dialog.persona import Persona
from avatar.dialog.reading.parts import open_document, read_parts
from avatar.dialog.stopping import Cancelled, Tell, stopped, telling
from avatar.dialog.texts import read_text
from avatar.dialog.titles import clean_name, clean_title, first_heading, names_in
from avatar.errors import Language, TextError
from avatar.stages import Embedder

log = logging.getLogger(__name__)

BATCH = 8
"""Passages embedded at once; between batches the work can be stopped."""

KEPT_EVERY = 256
"""Passages after which the vectors of a long text are kept, so that a crash costs a minute and not an hour."""

PREVIOUS = 120
"""Characters of the question before that a follow-up is put after."""

_ASKED_S = 0.1

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
        self._changing, self._embedding = threading.Lock(), threading.Lock()
        self._closed = threading.Event()
        library.tidy()
        texts = (*notes, *(library.read(text) for text in library.ids()))
        self._notes = len(notes)
        vectors = tuple(library.vectors(text.entry.id, text.passages) for text in texts)
        self._now = Index(texts, self._notes, vectors).prepared()

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
                notes.append(index(text, first_heading(text) or file.stem, text_id(text), source="note"))
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
    def passages(self) -> Sequence[Passage]:
        """Every passage, notes first; each is made when it is looked at."""
        return self._now.passages

    @property
    def embedded(self) -> tuple[int, int]:
        """How many passages can be found by meaning, and how many there are."""
        return int(self._now.embedded.sum()), len(self._now.passages)

    @property
    def left_off(self) -> bool:
        """Whether somebody stopped the embedding: then it does not go on by itself, not even after a restart."""
        return self._library.left_off

    def leave_off(self, *, wished: bool = True) -> None:
        """Keep the wish that it does not, or forget it. What embeds now has its own `cancelled`.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        self._library.leave_off(wished=wished)

    @property
    def names(self) -> tuple[str, ...]:
        """Works and chapters that the knowledge speaks of, most often first."""
        return names_in(self._now.texts)

    def add_file(
        self,
        file: Path,
        *,
        title: str = "",
        progress: Tell | None = None,
        cancelled: Cancelled = lambda: False,
    ) -> Entry:
        """Keep a document of any known format; it can be found by its words at once. Otherwise as `add`.

        Raises:
            TextError: not a document, damaged, protected, empty, or too large.
            StorageError: the disk is full or the folder cannot be written.
            StoppedError: it was cancelled.
        """
        with open_document(file) as stream:
            return self.add(stream, file.name, title=title, progress=progress, cancelled=cancelled)

    def add(
        self,
        data: bytes | BinaryIO,
        name: str,
        *,
        title: str = "",
        progress: Tell | None = None,
        cancelled: Cancelled = lambda: False,
    ) -> Entry:
        """Keep an uploaded file, whole or not at all. Plain text of more than 20 MB becomes several texts.

        Args:
            data: the whole file, or a stream of it.
            name: the file's name, as the client gave it.
            title: of the work; by default what the document says, or the file's name.
            progress: told the step ("reading", "cutting", "indexing") and the share of the file that is done, 0..1.
            cancelled: asked many times a second; then nothing of the file is kept.

        Returns:
            The text; of several, the first one's id with the size of all.

        Raises:
            TextError: not a document, damaged, protected, empty, or too large.
            StorageError: the disk is full or the folder cannot be written.
            StoppedError: it was cancelled.
        """
        shown = clean_name(name)
        tell = telling(progress, lambda: self._closed.is_set() or cancelled())
        with self._library.adding() as adding:
            ids: list[str] = []
            for part in read_parts(io.BytesIO(data) if isinstance(data, bytes) else data, shown, tell):
                called = clean_title(title or part.title or Path(shown).stem)
                called = f"{called} · {len(ids) + 1}" if part.of_several else called
                ids.append(adding.add(part.text, called, part.telling(tell)))
            if not adding.quotable:
                raise _nothing_to_quote(shown)
            tell("indexing", 1.0)
            return self._kept(ids, adding.keep)

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

    def close(self) -> None:
        """The persona goes: what is being added or embedded stops, and nothing is written any more."""
        self._closed.set()
        with self._changing:  # whoever is writing has done so
            return

    def reindex(self, text: str, *, progress: Tell | None = None, cancelled: Cancelled = lambda: False) -> Entry:
        """Cut a text into passages again and make their index and vectors anew (the latter when next embedded).

        Args:
            text: its id.
            progress: as for `add`.
            cancelled: as for `add`; then all is as it was.

        Raises:
            NotFoundError: there is no such text.
            StorageError: the disk is full or the folder cannot be written.
            StoppedError: it was cancelled.
        """
        with self._library.adding() as adding:
            adding.again(text, telling(progress, lambda: self._closed.is_set() or cancelled()))
            return self._renewed(text, adding.keep)

    def _renewed(self, text: str, keep: Callable[[], object]) -> Entry:
        """Take a text's index in, in place of the one before."""
        with self._changing:
            if self._closed.is_set():
                raise stopped()
            self._library.check(text)  # it may have gone meanwhile
            keep()
            made = self._library.read(text)
            at = next(at for at, known in enumerate(self._now.texts) if known.entry.id == text)
            self._library.keep_vectors(text, made.passages, np.zeros((len(made.passages), DIMENSIONS), np.float16))
            texts, vectors = list(self._now.texts), list(self._now.vectors)
            texts[at], vectors[at] = made, self._library.vectors(text, made.passages)
            self._now = Index(tuple(texts), self._notes, tuple(vectors)).prepared()
        return made.entry

    def documents(self) -> list[Document]:
        """The user's texts, oldest first, with what can be told of each."""
        now = self._now
        found = zip(now.texts, now.embedded_parts, strict=True)
        return [Document(text.entry, self._library.size(text.entry.id), int(embedded.sum()))
                for text, embedded in list(found)[self._notes :]]  # fmt: skip

    def around(self, passage: str, beside: int = 2) -> Context | None:
        """A passage with those beside it in its text; None where no text has it.

        Args:
            passage: its id.
            beside: how many before it and how many after.
        """
        now = self._now
        if (found := now.find(passage)) is None:
            return None
        text, at = now.texts[found[0]], found[1]
        before, after = text.passages[max(0, at - beside) : at], text.passages[at + 1 : at + 1 + beside]
        return Context(text.passages[at], text.entry, at + 1, tuple(before), tuple(after))

    def embed(self, progress: Progress | None = None, cancelled: Callable[[], bool] = lambda: False) -> bool:
        """Embed what has not been embedded yet. Blocks; what is done is kept, so it may be stopped and go on later.

        One at a time: whoever comes second waits for the first, and does what is left.

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
        while not self._embedding.acquire(timeout=_ASKED_S):
            if cancelled() or self._closed.is_set():
                return False
        try:
            if not all(self._embed_text(self._embedder, text, progress, cancelled) for text in self._now.texts):
                return False
        finally:
            self._embedding.release()
        done, of = self.embedded
        return done == of  # texts may have come meanwhile

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
        now = self._now
        found = now.search(self.whole(question, previous), language, embed, limit=limit, least=least)
        if len(now.passages) > HELD_AT_MOST:
            now.let_go()
        return found

    def whole(self, question: str, previous: str) -> str:
        """A question as it can be looked for: one that leans on what was asked before is put after that.

        Args:
            question: as asked.
            previous: what was asked before, made whole itself; may be empty.
        """
        if not previous or not self._now.leans(question):
            return question
        return f"{previous[-PREVIOUS:]} {question}"

    def _kept(self, ids: Sequence[str], keep: Callable[[], object]) -> Entry:
        """Take in what was added: one entry for all of it."""
        with self._changing:
            if self._closed.is_set():
                raise stopped()
            keep()
            known = {text.entry.id: text for text in self._now.texts[self._notes :]}
            added = [self._library.read(text) for text in dict.fromkeys(ids) if text not in known]
            self._now = self._with(added)
            entries = [known[text].entry for text in dict.fromkeys(ids) if text in known]
        entries += [text.entry for text in added]
        first = next(entry for entry in entries if entry.id == ids[0])
        sums = sum(entry.characters for entry in entries), sum(entry.passages for entry in entries)
        return first if len(entries) == 1 else Entry(first.id, first.title, *sums)

    def _with(self, added: Sequence[Indexed]) -> Index:
        """What is known, and these texts."""
        if not added:
            return self._now
        vectors = tuple(self._library.vectors(text.entry.id, text.passages) for text in added)
        return Index((*self._now.texts, *added), self._notes, (*self._now.vectors, *vectors)).prepared()

    def _embed_text(
        self, embedder: Embedder, text: Indexed, progress: Progress | None, cancelled: Callable[[], bool]
    ) -> bool:
        """Embed what one text lacks, while it is there as it is; False when stopped."""
        kept = self._library.vectors(text.entry.id, text.passages)
        missing = np.flatnonzero(~kept.any(axis=1))
        if not len(missing):
            return True
        vectors: Vectors = kept.astype(np.float32)
        try:
            for done in range(0, len(missing), BATCH):
                if cancelled() or self._closed.is_set():
                    return False
                if not self._has(text):
                    return True
                batch = missing[done : done + BATCH]
                vectors[batch] = embedder.passages([_embeddable(text.passages[int(at)]) for at in batch])
                if done % KEPT_EVERY == KEPT_EVERY - BATCH:
                    self._keep(text, vectors)
                now = self._show(text, vectors.astype(np.float16))
                if progress is not None:
                    progress(*now)
        finally:
            self._keep(text, vectors)
            self._show(text, self._library.vectors(text.entry.id, text.passages))
            let_go(text.passages.ids)
        return True

    def _keep(self, text: Indexed, vectors: Vectors) -> None:
        """Keep a text's vectors, unless it was removed or cut anew while they were made."""
        with self._changing:
            if not self._closed.is_set() and self._has(text):
                self._library.keep_vectors(text.entry.id, text.passages, vectors)

    def _show(self, text: Indexed, vectors: Vectors) -> tuple[int, int]:
        """Let searches use what is embedded of a text so far."""
        with self._changing:
            if self._has(text):
                self._now = self._now.with_vectors(text.entry.id, vectors)
        return self.embedded

    def _has(self, text: Indexed) -> bool:
        """Whether a text is there still, cut as it was."""
        return any(known is text for known in self._now.texts)


def _embeddable(passage: Passage) -> str:
    return f"{passage.place or passage.work}: {passage.text}"


def _nothing_to_quote(name: str) -> TextError:
    return TextError(
        f"{name} holds no sentence that could be quoted, only titles, dates or marks.",
        f"{name} 里没有可以引用的句子,只有标题、日期或符号。",
        code="text_empty",
    )
