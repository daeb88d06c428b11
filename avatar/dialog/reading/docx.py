"""Word documents (Office Open XML, ECMA-376 part 1, section 17) as text: headings by outline level or style."""

from __future__ import annotations

import re

from avatar.dialog.archive import Archive
from avatar.dialog.reading.document import Blocks, Document, damaged, protected
from avatar.dialog.reading.xml import XmlError, read_xml
from avatar.errors import InputError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How an encrypted document begins, and one of Word before 2007."""
_STYLE = re.compile(r"(?:heading|标题|title)?\s*([1-9])|title|标题", re.IGNORECASE)
_MAX_XML = 200 * 1024 * 1024


def read_docx(data: bytes, name: str) -> Document:
    """A Word document as text.

    Raises:
        TextError: damaged, protected, or too large.
    """
    if data.startswith(_OLE):
        raise protected(name)
    try:
        archive = Archive(data, name)
        body = archive.read("word/document.xml", _MAX_XML)
        reader = _Body(Blocks(name))
        read_xml(body, reader.start, reader.end, reader.text)
    except (InputError, XmlError) as error:
        if isinstance(error, InputError) and error.code not in ("archive_damaged", "archive_incomplete"):
            raise
        raise damaged(name, "Word") from error
    return Document(reader.blocks.text, _title(archive))


class _Body:
    """Paragraphs as they close; a row of a table, when it closes, as one."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self._words: list[str] = []
        self._level = 0
        self._inside = False
        self._rows = 0
        self._cells: list[list[str]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "p":
            self._words, self._level = [], 0
        elif tag == "tr":
            self._rows += 1
        elif tag == "tc" and self._rows == 1:
            self._cells.append([])
        elif tag == "t":
            self._inside = True
        elif tag in ("br", "tab", "cr"):
            self._words.append(" ")
        elif tag == "outlineLvl" and attributes.get("val", "").isdigit():
            self._level = int(attributes["val"][:2]) + 1 if int(attributes["val"][:2]) < 9 else 0
        elif tag == "pStyle" and (style := _STYLE.fullmatch(attributes.get("val", "").strip())):
            self._level = int(style[1] or 1)

    def end(self, tag: str) -> None:
        if tag == "t":
            self._inside = False
        elif tag == "p":
            words = "".join(self._words)
            if self._cells:
                self._cells[-1].append(words.strip())
            elif self._level and len(words) <= 100:
                self.blocks.heading(min(self._level, 2), words)
            else:
                self.blocks.paragraph(words)
            self._words = []
        elif tag == "tr":
            self._rows -= 1
            if not self._rows:
                self._end_row()

    def _end_row(self) -> None:
        """Cells of one paragraph each are one; a table that only holds paragraphs in their places is not seen."""
        cells, self._cells = [list(filter(None, cell)) for cell in self._cells], []
        if all(len(cell) < 2 for cell in cells):
            cells = [["; ".join(word for cell in cells for word in cell)]]
        for words in (words for cell in cells for words in cell):
            self.blocks.paragraph(words)

    def text(self, words: str) -> None:
        if self._inside:
            self._words.append(words)


def _title(archive: Archive) -> str:
    """The title among the document's properties; empty where there is none."""
    if "docProps/core.xml" not in archive.names:
        return ""
    found: list[str] = []
    inside = False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal inside
        inside = tag == "title"

    def text(words: str) -> None:
        if inside:
            found.append(words)

    try:
        read_xml(archive.read("docProps/core.xml", 1 << 20), start, lambda _: None, text)
    except (InputError, XmlError):
        return ""
    return " ".join("".join(found).split())[:80]
