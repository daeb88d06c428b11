"""A document as one text or, where it is plain text of more than 20 MB, as several, read one after another.

Only one part is in memory at a time. Parts end with a line, so that each finds its own encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from avatar.dialog import texts
from avatar.dialog.reading.reading import MAX_BYTES, is_plain, read_document
from avatar.dialog.stopping import Tell
from avatar.errors import TextError
from avatar.files import reading

MOST = 1 << 30
"""Bytes of a plain text."""

PART = 8 * 1024 * 1024
"""Bytes of one part of a long text."""

LINE = 1024 * 1024
"""How far the end of a part's last line is looked for; then it is cut between two characters of UTF-8."""

_READ = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a document.

    Attributes:
        text: its words.
        title: that the document gives itself; may be empty.
        first: the share of the document that stands before it, 0..1.
        share: the share of the document that it is.
        of_several: whether there are others.
    """

    text: str
    title: str = ""
    first: float = 0.0
    share: float = 1.0
    of_several: bool = False

    def telling(self, tell: Tell) -> Tell:
        """Told the share of this part, it tells the share of the document; cutting is its first fifth."""

        def of_all(step: str, share: float) -> None:
            within = 0.2 * share if step == "cutting" else 0.2 + 0.8 * share
            tell(step, self.first + self.share * within)

        return of_all


def open_document(file: Path) -> BinaryIO:
    """A file on the disk.

    Raises:
        TextError: it cannot be read.
    """
    with reading(file, TextError, "text_not_found"):
        return file.open("rb")


def read_parts(stream: BinaryIO, name: str, tell: Tell) -> Iterator[Part]:
    """The texts of a document. Blocks: a large PDF takes minutes.

    Args:
        stream: the file, from its beginning; it can be sought in.
        name: of the file; its ending tells the format where the bytes do not.
        tell: told how far the reading is; what it raises ends the work.

    Raises:
        TextError: too large, damaged, protected, scanned, empty, or in an unknown encoding.
        InputError: a zip that holds what it may not.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    head = stream.read(4096)
    stream.seek(0)
    if not is_plain(head, name) or size <= texts.MAX_BYTES:
        document = read_document(_read(stream, min(size, MAX_BYTES + 1), tell), name, tell)
        yield Part(document.text, document.title)
        return
    _refuse(size, head, name)
    at = 0
    found = False
    while data := _block(stream, tell, at / size):
        if data.strip():
            found = True
            text = texts.decode(data, name, partial(tell, "reading", at / size))
            yield Part(text, "", at / size, len(data) / size, of_several=True)
        at += len(data)
    if not found:
        raise TextError(f"{name} is empty.", f"{name} 是空的。", code="text_empty")


def _read(stream: BinaryIO, size: int, tell: Tell) -> bytes:
    """So many bytes, told as they come."""
    data = bytearray()
    while len(data) < size and (more := stream.read(min(_READ, size - len(data)))):
        data += more
        tell("reading", 0.0)
    return bytes(data)


def _refuse(size: int, head: bytes, name: str) -> None:
    """What is too long, and what cannot be cut at the ends of lines."""
    if size > MOST:
        raise TextError(
            f"{name} is larger than 1 GB. Split it into several files.",
            f"{name} 超过 1 GB。请拆成几个文件。",
            code="text_too_large",
        )
    if b"\0" in head or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TextError(
            f"{name} is larger than 20 MB and not in UTF-8, GB18030 or Big5. Save it as UTF-8.",
            f"{name} 超过 20 MB,且不是 UTF-8、GB18030 或 Big5 编码。请另存为 UTF-8。",
            code="text_too_large",
        )


def _block(stream: BinaryIO, tell: Tell, done: float) -> bytes:
    """The next part of a text: to the end of a line, or of a character where no line ends."""
    data = bytearray()
    while len(data) < PART and (more := stream.read(_READ)):
        data += more
        tell("reading", done)
    if len(data) < PART:
        return bytes(data)
    rest = stream.readline(LINE)
    data += rest
    if rest and not rest.endswith(b"\n"):
        over = next((n for n in range(1, 5) if data[-n] & 0xC0 != 0x80), 0)
        if over and data[-over] >= 0xC0:
            stream.seek(-over, 1)
            del data[-over:]
    return bytes(data)
