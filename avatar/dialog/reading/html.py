"""HTML as text: headings and paragraphs; scripts, styles and menus are left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from avatar.dialog.reading.document import Blocks, Document
from avatar.dialog.texts import decode

_HIDDEN = frozenset({"script", "style", "nav", "noscript", "template", "svg", "head", "rt", "rp", "button", "select"})
_ENDS = frozenset(
    {"p", "div", "br", "li", "tr", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article"}
    | {"header", "footer", "blockquote", "pre", "table", "ul", "ol", "hr", "title", "body", "figure", "figcaption"}
)
_CELL = "\x1f"
"""Stands where a cell of a table begins; a page cannot hold it, since a text with control characters is refused."""
_ASIDES = frozenset({"note", "tip", "warning", "caution", "important", "hint", "danger", "admonition"})
"""Classes of what stands beside the text (DocBook, Sphinx, Asciidoctor): what is printed above it is no title."""
_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_-]{1,30})|encoding=["']([\w-]{1,30})["']""", re.IGNORECASE
)


def read_html(data: bytes, name: str) -> Document:
    """A page as text.

    Raises:
        TextError: no text, too large, or in an unknown encoding.
    """
    blocks = Blocks(name)
    title = add_html(decoded(data, name), blocks)
    return Document(blocks.text, title)


def decoded(data: bytes, name: str) -> str:
    """A page's bytes as text, in the encoding that it states where that holds.

    Raises:
        TextError: as for `decode`.
    """
    if stated := _CHARSET.search(data[:4096]):
        encoding = (stated[1] or stated[2]).decode("ascii").lower()
        encoding = "gb18030" if encoding in ("gb2312", "gbk") else encoding
        try:
            return decode(data.decode(encoding).encode(), name)
        except (LookupError, UnicodeError, ValueError):
            pass
    return decode(data, name)


def add_html(text: str, blocks: Blocks) -> str:
    """Add a page's headings and paragraphs.

    Returns:
        The page's title; empty where it has none.
    """
    parser = _Parser(blocks)
    parser.feed(text)
    parser.close()
    parser.end_block()
    return parser.title


class _Parser(HTMLParser):
    """Collects the text between tags."""

    def __init__(self, blocks: Blocks) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._blocks = blocks
        self._words: list[str] = []
        self._hidden: list[str] = []
        self._heading = 0
        self._in_title = False
        self._aside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ENDS:
            self.end_block()
        elif tag in ("td", "th"):
            self._words.append(_CELL)
        if tag == "body":
            self._hidden.clear()
        if tag == "div" and (self._aside or _is_aside(attrs)):
            self._aside += 1
        if tag == "title":
            self._in_title = True
        elif tag in _HIDDEN and len(self._hidden) < 100:
            self._hidden.append(tag)
        elif re.fullmatch("h[1-6]", tag) and not self._aside:
            self._heading = 1 if tag in ("h1", "h2") else 2

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass
        if tag == "body":
            self._hidden.clear()
        if tag in _ENDS:
            self.end_block()
        if tag == "div":
            self._aside = max(0, self._aside - 1)
        if tag == "title":
            self._in_title = False

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ENDS:
            self.end_block()

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title = self.title or " ".join(data.split())[:80]
        elif not self._hidden:
            self._words.append(data)

    def end_block(self) -> None:
        """What was collected becomes a heading or a paragraph."""
        words, self._words = _row("".join(self._words)), []
        if self._heading and words.strip():
            self._blocks.heading(self._heading, words)
            self._heading = 0
        else:
            self._blocks.paragraph(words)


def _is_aside(attributes: list[tuple[str, str | None]]) -> bool:
    return any(name == "class" and not _ASIDES.isdisjoint((value or "").lower().split()) for name, value in attributes)


def _row(words: str) -> str:
    """A row of a table in one line; anything else as it is."""
    return "; ".join(filter(None, map(str.strip, words.split(_CELL)))) if _CELL in words else words
