"""The user's texts on disk, one folder for each persona.

    <data_dir>/knowledge/<persona>/<id>.txt     the text, in UTF-8; the id is made from its words
    <data_dir>/knowledge/<persona>/<id>.json    its title, its passages and their words; its presence says: complete
    <data_dir>/knowledge/<persona>/<id>.npz     the passages' vectors, as far as they have been embedded

Every file is written under another name, flushed to the disk and then renamed, so a crash leaves the old one or the new
one. A damaged index is made again from the text.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import logging
import os
import re
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avatar.dialog.cutting import passages
from avatar.dialog.embedding import DIMENSIONS, Vectors
from avatar.dialog.passage import Passage
from avatar.dialog.words import tokens
from avatar.errors import NotFoundError, StorageError

log = logging.getLogger(__name__)

FORMAT = 4
"""Raised when passages are cut or words are made differently; older indexes are then made again."""

_ID = re.compile(r"[0-9a-f]{16}")


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
class Indexed:
    """A text as the search uses it: its passages, and the words of each."""

    entry: Entry
    passages: tuple[Passage, ...]
    words: tuple[tuple[str, ...], ...]


class Library:
    """The texts of one persona.

    Args:
        folder: made when the first text is added.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, text: str, title: str) -> Indexed:
        """Keep a text; the same text again changes nothing.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        digest = text_id(text)
        if self._file(digest, "json").is_file():
            return self.read(digest)
        indexed = index(text, title, digest)
        write(self._file(digest, "txt"), text.encode())
        write(self._file(digest, "json"), to_json(indexed))
        log.info("knowledge_added", extra={"text_id": digest, "passages": len(indexed.passages)})
        return indexed

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
        self._known(text)
        try:
            return _from_json(self._file(text, "json").read_bytes())
        except (ValueError, KeyError, TypeError, OSError):
            log.warning("knowledge_index_rebuilt", extra={"text_id": text})
        try:
            source = self._file(text, "txt").read_text("utf-8")
        except (OSError, ValueError) as error:
            raise _unknown(text) from error
        indexed = index(source, _title_in(self._file(text, "json")), text)
        write(self._file(text, "json"), to_json(indexed))
        return indexed

    def remove(self, text: str) -> None:
        """Forget a text and everything made from it.

        Raises:
            NotFoundError: there is no such text.
        """
        self._known(text)
        for suffix in ("json", "npz", "txt"):
            with storing(self.folder):
                self._file(text, suffix).unlink(missing_ok=True)
        log.info("knowledge_removed", extra={"text_id": text})

    def vectors(self, key: str, passages: tuple[Passage, ...]) -> Vectors:
        """The vectors kept for these passages; zeros where there is none.

        Args:
            key: the text's id, or another name of 16 hexadecimal digits.
        """
        vectors = np.zeros((len(passages), DIMENSIONS), dtype=np.float32)
        try:
            data = io.BytesIO(self._file(key, "npz").read_bytes())
            with np.load(data, allow_pickle=False) as kept:
                rows = dict(zip(kept["ids"].tolist(), kept["vectors"].astype(np.float32), strict=True))
        except FileNotFoundError:
            return vectors
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            log.warning("knowledge_vectors_damaged", extra={"text_id": key})
            return vectors
        for at, passage in enumerate(passages):
            row = rows.get(passage.id)
            if row is not None and row.shape == (DIMENSIONS,) and np.isfinite(row).all():
                vectors[at] = row
        return vectors

    def keep_vectors(self, key: str, passages: tuple[Passage, ...], vectors: Vectors) -> None:
        """Keep the vectors of a text's passages, in half precision.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        ids = np.array([passage.id for passage in passages])
        data = io.BytesIO()
        np.savez(data, ids=ids, vectors=vectors.astype(np.float16))
        write(self._file(key, "npz"), data.getvalue())

    def _file(self, text: str, suffix: str) -> Path:
        return self.folder / f"{text}.{suffix}"

    def _known(self, text: str) -> None:
        if not _ID.fullmatch(text) or not self._file(text, "json").is_file():
            raise _unknown(text)


def text_id(text: str) -> str:
    """The id of a text: 16 hexadecimal digits of the SHA-256 of its words."""
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()[:16]


def index(text: str, title: str, digest: str, *, source: str = "text") -> Indexed:
    """A text cut into passages, with the words of each."""
    cut = tuple(passages(text, title, source=source))
    words = tuple(tuple(tokens(f"{p.work} {p.place} {p.text}")) for p in cut)
    return Indexed(Entry(digest, title, len(text), len(cut)), cut, words)


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    with storing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


class storing:  # noqa: N801 - reads as a statement
    """Turns the failures of writing into a folder into a sentence."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, OSError):
            return
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"The disk that holds {self._folder} is full. Free some space and add the text again.",
                f"{self._folder} 所在的磁盘已满。请腾出空间后重新添加。",
                code="disk_full",
            ) from error
        raise StorageError(
            f"The folder {self._folder} cannot be written: {error.strerror}.",
            f"文件夹 {self._folder} 无法写入:{error.strerror}。",
        ) from error


def to_json(indexed: Indexed) -> bytes:
    """A text's index as the library keeps it."""
    body = {
        "format": FORMAT,
        "entry": asdict(indexed.entry),
        "passages": [asdict(passage) for passage in indexed.passages],
        "words": [" ".join(words) for words in indexed.words],
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _from_json(data: bytes) -> Indexed:
    body: dict[str, Any] = json.loads(data)
    if body["format"] != FORMAT:
        raise ValueError("another format")
    cut = tuple(Passage(**passage) for passage in body["passages"])
    words = tuple(tuple(line.split(" ")) if line else () for line in body["words"])
    if len(words) != len(cut):
        raise ValueError("words and passages differ in number")
    return Indexed(Entry(**body["entry"]), cut, words)


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
