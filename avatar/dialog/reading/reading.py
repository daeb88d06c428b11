"""Documents of every format that is known here; which one it is, the first bytes and the ending say."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from avatar.dialog.reading.document import Document, damaged
from avatar.dialog.reading.isolated import read_isolated
from avatar.dialog.reading.srt import read_srt
from avatar.dialog.stopping import Tell, untold
from avatar.dialog.texts import decode, read_bytes
from avatar.errors import InputError, TextError

MAX_BYTES = 100 * 1024 * 1024
"""Of a document with pictures; plain text has its own limit."""
ENDINGS = frozenset(
    {".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".pdf", ".docx", ".epub", ".srt", ".vtt"}
)
"""What is taken from a folder."""
_KINDS = {".html": "html", ".htm": "html", ".xhtml": "html", ".pdf": "pdf", ".docx": "docx", ".epub": "epub"}
_NAMES = {"pdf": "PDF", "docx": "Word", "epub": "EPUB", "html": "HTML"}


def read_file(file: Path) -> Document:
    """A document on the disk, as text.

    Raises:
        TextError, InputError: it cannot be read, or as for `read_document`.
    """
    return read_document(read_bytes(file, MAX_BYTES), file.name)


def is_plain(head: bytes, name: str) -> bool:
    """Whether a file is plain text.

    Args:
        head: its first bytes.
        name: its name.
    """
    ending = Path(name).suffix.lower()
    return not head.startswith(b"%PDF-") and ending not in _KINDS and ending not in (".srt", ".vtt")


def read_document(data: bytes, name: str, tell: Tell = untold) -> Document:
    """A document, as text. Blocks: a large PDF takes minutes.

    Args:
        data: the whole file.
        name: of the file; its ending tells the format where the bytes do not.
        tell: told several times a second that it is being read; what it raises ends the work.

    Raises:
        TextError: too large, damaged, protected, scanned, empty, or in an unknown encoding.
        InputError: a zip that holds what it may not.
    """
    if len(data) > MAX_BYTES:
        raise TextError(
            f"{name} is larger than 100 MB. Split it into several files.",
            f"{name} 超过 100 MB。请拆成几个文件。",
            code="text_too_large",
        )
    ending = Path(name).suffix.lower()
    kind = "pdf" if data.startswith(b"%PDF-") else _KINDS.get(ending)
    if ending in (".srt", ".vtt"):
        return read_srt(data, name)
    if kind is None:
        return Document(decode(data, name, partial(tell, "reading", 0.0)))
    if not data.strip(b"\0 \r\n\t"):
        raise damaged(name, _NAMES[kind])
    document = read_isolated(data, name, kind, tell)
    if not document.text.strip():
        raise TextError(f"{name} is empty.", f"{name} 是空的。", code="text_empty")
    return document


def documents_in(paths: list[Path]) -> list[Path]:
    """The files named, and those in the folders named, in the order of their names.

    Raises:
        InputError: a folder holds no document of a known format.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(f for f in path.rglob("*") if f.suffix.lower() in ENDINGS and f.is_file() and f.name[0] != ".")
        if not inside:
            known = " ".join(sorted(ENDINGS))
            raise InputError(f"{path} holds no document: {known}.", f"{path} 里没有可读的文档:{known}。")
        found += inside
    return found
