"""The user's texts on disk, one folder for each persona.

    <data_dir>/knowledge/<persona>/<id>.txt     the text, in UTF-8; the id is made from its words
    <data_dir>/knowledge/<persona>/<id>.idx     its passages and their words, as arrays
    <data_dir>/knowledge/<persona>/<id>.json    its title and its size; its presence says: complete
    <data_dir>/knowledge/<persona>/<id>.vec     the passages' vectors, as far as they have been embedded
    <data_dir>/knowledge/<persona>/left-off     its presence says: embed no more until it is asked for

What is added is made in a folder beside them and then moved, the last file of all last; every other file is written
under another name, flushed to the disk and then renamed, so a crash leaves the old one or the new one. What a killed
process left half made is removed when the library is next opened. A damaged index is made again from the text. Indexes
and vectors are mapped into memory, not read.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.columns import Piece, open_columns, packed_columns
from avatar.dialog.embedding import DIMENSIONS, Vectors
from avatar.dialog.indexed import Entry, Indexed, TextPassages, index, text_id
from avatar.dialog.stopping import Tell, untold
from avatar.dialog.unfinished import sweep, unfinished
from avatar.errors import NotFoundError
from avatar.files import storing, whole, write

__all__ = ["FORMAT", "Entry", "Indexed", "Library", "index", "packed", "text_id"]

log = logging.getLogger(__name__)

FORMAT = 6
"""Raised when passages are cut or words are made differently; older indexes are then made again."""

FLUSHED = 4 * 1024 * 1024
"""Bytes of a large file that are brought to the disk at once: a slow one needs a tenth of a second for them."""

_ID = re.compile(r"[0-9a-f]{16}")
_ADDING = "adding"
_LEFT_OFF = "left-off"


class Library:
    """The texts of one persona.

    Args:
        folder: made when the first text is added.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tidy(self) -> None:
        """Remove what a process that was killed left half made. Whoever is adding something now is left alone."""
        sweep(self.folder, _ADDING)

    def add(self, text: str, title: str) -> Indexed:
        """Keep a text; the same text again changes nothing.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        with self.adding() as adding:
            digest = adding.add(text, title)
            adding.keep()
        return self.read(digest)

    @contextmanager
    def adding(self) -> Iterator[Adding]:
        """Several texts that are kept together or not at all: what `Adding.keep` has not kept is gone at the end.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        with ExitStack() as rest:
            yield Adding(self, rest)

    def has(self, text: str) -> bool:
        """Whether there is a text of that id."""
        return self._file(text, "json").is_file()

    def check(self, text: str) -> None:
        """Go on where there is a text of that id.

        Raises:
            NotFoundError: there is none.
        """
        if not _ID.fullmatch(text) or not self.has(text):
            raise _unknown(text)

    def ids(self) -> list[str]:
        """The ids of the complete texts, oldest first."""
        if not self.folder.is_dir():
            return []
        found = [f for f in self.folder.glob("*.json") if _ID.fullmatch(f.stem)]
        return [f.stem for f in sorted(found, key=lambda f: (f.stat().st_mtime_ns, f.stem))]

    def read(self, text: str) -> Indexed:
        """A text's index, made again from the text where it is damaged or of another format.

        Args:
            text: its id.

        Raises:
            NotFoundError: there is no such text.
        """
        self.check(text)
        try:
            return self._opened(text)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OSError):
            log.warning("knowledge_index_rebuilt", extra={"text_id": text})
        with self.adding() as adding:
            adding.again(text)
            adding.keep()
        return self._opened(text)

    def source(self, text: str) -> tuple[str, str]:
        """The words of a text, and its title, which is its id where nothing else can be read.

        Raises:
            NotFoundError: there is no such text.
        """
        self.check(text)
        try:
            return self._file(text, "txt").read_text("utf-8"), _title_in(self._file(text, "json"))
        except (OSError, ValueError) as error:
            raise _unknown(text) from error

    def remove(self, text: str) -> None:
        """Forget a text and everything made from it.

        Raises:
            NotFoundError: there is no such text.
        """
        self.check(text)
        for suffix in ("json", "vec", "npz", "idx", "txt"):
            with storing(self.folder):
                self._file(text, suffix).unlink(missing_ok=True)
        log.info("knowledge_removed", extra={"text_id": text})

    def vectors(self, key: str, passages: TextPassages) -> Vectors:
        """The vectors kept for these passages, in half precision and read-only; zeros where there is none.

        Args:
            key: the text's id, or another name of 16 hexadecimal digits.
            passages: of the text.
        """
        none: Vectors = np.broadcast_to(np.zeros((1, DIMENSIONS), dtype=np.float16), (len(passages), DIMENSIONS))
        try:
            kept = open_columns(self._file(key, "vec"))
            ids, rows = kept["ids"], kept["vectors"]
            if rows.shape != (len(ids), DIMENSIONS) or rows.dtype != np.float16 or not np.isfinite(rows[::64]).all():
                raise ValueError("vectors of another kind")
        except FileNotFoundError:
            return none
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            log.warning("knowledge_vectors_damaged", extra={"text_id": key})
            return none
        if np.array_equal(ids, passages.ids):
            return rows
        places = {int(one): at for at, one in enumerate(ids)}
        found = [places.get(int(one), -1) for one in passages.ids]
        return np.where(np.array(found)[:, None] >= 0, rows[found], np.float16(0)) if len(ids) and found else none

    def keep_vectors(self, key: str, passages: TextPassages, vectors: Vectors) -> None:
        """Keep the vectors of a text's passages, in half precision.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        columns: dict[str, NDArray[Any]] = {"ids": passages.ids, "vectors": vectors.astype(np.float16)}
        _write(self._file(key, "vec"), packed_columns(columns), untold)

    @property
    def left_off(self) -> bool:
        """Whether somebody wished that no more is embedded."""
        return (self.folder / _LEFT_OFF).is_file()

    def leave_off(self, *, wished: bool) -> None:
        """Keep that wish, or forget it.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        if wished:
            write(self.folder / _LEFT_OFF, b"", private=True)
        else:
            with storing(self.folder):
                (self.folder / _LEFT_OFF).unlink(missing_ok=True)

    def size(self, text: str) -> int:
        """Bytes that a text's words take on the disk; 0 where they are not there."""
        try:
            return self._file(text, "txt").stat().st_size
        except OSError:
            return 0

    def _opened(self, text: str) -> Indexed:
        body: dict[str, Any] = json.loads(self._file(text, "json").read_bytes())
        if body["format"] != FORMAT:
            raise ValueError("another format")
        return Indexed.of_columns(Entry(**body["entry"]), open_columns(self._file(text, "idx")))

    def _file(self, text: str, suffix: str) -> Path:
        return self.folder / f"{text}.{suffix}"


class Adding:
    """Texts on their way into a library.

    Args:
        library: in which they will be.
        rest: at its end the folder in which they are made is removed.

    Attributes:
        quotable: whether any of them has a passage.
    """

    def __init__(self, library: Library, rest: ExitStack) -> None:
        self.quotable = False
        self._library, self._rest = library, rest
        self._made: list[str] = []

    @cached_property
    def _folder(self) -> Path:
        """Where they are made, beside the library's files."""
        with storing(self._library.folder):
            return self._rest.enter_context(unfinished(self._library.folder, _ADDING))

    def add(self, text: str, title: str, tell: Tell = untold) -> str:
        """Index a text; its id. Nothing is done for one that the library has.

        Args:
            text: as decoded.
            title: of the work.
            tell: told how far it is; what it raises ends the work.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        digest = text_id(text)
        if self._library.has(digest) or digest in self._made:
            self.quotable = True
        else:
            self._make(text, title, digest, tell)
        return digest

    def again(self, text: str, tell: Tell = untold) -> None:
        """Make the index of a text that the library has anew.

        Args:
            text: its id.
            tell: told how far it is; what it raises ends the work.

        Raises:
            NotFoundError: there is no such text.
            StorageError: the disk is full or the folder cannot be written.
        """
        self._make(*self._library.source(text), text, tell)

    def _make(self, text: str, title: str, digest: str, tell: Tell) -> None:
        indexed = index(text, title, digest, tell=tell)
        self.quotable = self.quotable or indexed.entry.passages > 0
        for suffix, data in {"txt": [text.encode()], **packed(indexed)}.items():
            _write(self._folder / f"{digest}.{suffix}", data, tell)
        self._made.append(digest)

    def keep(self) -> list[str]:
        """Move what was made into the library; the ids of it.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        with storing(self._library.folder):
            for suffix in ("txt", "idx", "json"):
                for digest in self._made:
                    (self._folder / f"{digest}.{suffix}").replace(self._library.folder / f"{digest}.{suffix}")
        for digest in self._made:
            log.info("knowledge_added", extra={"text_id": digest})
        return self._made


def _write(path: Path, pieces: Iterable[Piece], tell: Tell) -> None:
    """Write a file whole or not at all. What is large goes to the disk step by step, so that it can be stopped.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path, private=True) as unfinished, unfinished.open("wb") as stream:
            for piece in pieces:
                for at in range(0, len(piece), FLUSHED):
                    tell("indexing", 1.0)
                    if stream.write(memoryview(piece)[at : at + FLUSHED]) == FLUSHED:
                        stream.flush()
                        os.fsync(stream.fileno())


def packed(indexed: Indexed) -> dict[str, Iterable[Piece]]:
    """The files in which a library keeps a text's index, by their endings, in pieces."""
    body = {"format": FORMAT, "entry": asdict(indexed.entry)}
    return {"idx": packed_columns(indexed.columns), "json": [json.dumps(body, ensure_ascii=False).encode()]}


def _title_in(file: Path) -> str:
    """The title in a damaged index, if it can still be read."""
    try:
        return str(json.loads(file.read_bytes())["entry"]["title"])
    except (OSError, ValueError, KeyError, TypeError):
        return file.stem


def _unknown(text: str) -> NotFoundError:
    shown = text if _ID.fullmatch(text) else repr(text[:40])
    return NotFoundError(
        f"There is no text {shown}. `avatar knowledge list` shows those there are.",
        f"没有编号为 {shown} 的文本。用 `avatar knowledge list` 查看已有的文本。",
        code="text_not_found",
    )
