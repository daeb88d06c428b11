"""EPUB books (EPUB 3.3, Open Container Format) as text: the spine's pages in their order."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from avatar.dialog.archive import Archive, safe_path
from avatar.dialog.reading.document import Blocks, Document, damaged, protected
from avatar.dialog.reading.html import add_html, decoded
from avatar.dialog.reading.xml import XmlError, read_xml
from avatar.errors import InputError, TextError

_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Ways of hiding fonts, which leave the text readable."""
_PAGES = ("application/xhtml+xml", "text/html")


def read_epub(data: bytes, name: str) -> Document:
    """A book as text.

    Raises:
        TextError: damaged, protected against copying, or too large.
        InputError: a path in it climbs out.
    """
    try:
        archive = Archive(data, name)
        if _locked(archive):
            raise protected(name)
        package = _package_path(archive)
        book = _Package()
        read_xml(archive.read(package, 8 << 20), book.start, book.end, book.text)
        blocks = Blocks(name)
        for page in book.pages(posixpath.dirname(package)):
            if not safe_path(page):
                raise _climbs(name)
            if page in archive.names:
                _add_page(archive.read(page), blocks, page)
    except XmlError as error:
        raise damaged(name, "EPUB") from error
    except InputError as error:
        if error.code not in ("archive_damaged", "archive_incomplete"):
            raise
        raise damaged(name, "EPUB") from error
    return Document(blocks.text, " ".join("".join(book.title).split())[:80])


class _Package:
    """The package document: title, manifest, spine."""

    def __init__(self) -> None:
        self.title: list[str] = []
        self._files: dict[str, str] = {}
        self._spine: list[str] = []
        self._in_title = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "title" and not self.title:
            self._in_title = True
        elif tag == "item" and attributes.get("media-type") in _PAGES and "nav" not in attributes.get("properties", ""):
            self._files[attributes.get("id", "")] = attributes.get("href", "")
        elif tag == "itemref":
            self._spine.append(attributes.get("idref", ""))

    def end(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False

    def text(self, words: str) -> None:
        if self._in_title:
            self.title.append(words)

    def pages(self, folder: str) -> list[str]:
        """The paths of the pages inside the archive, in reading order, each once."""
        references = (self._files[key] for key in self._spine if key in self._files)
        paths = [posixpath.normpath(posixpath.join(folder, unquote(href.split("#")[0]))) for href in references]
        return list(dict.fromkeys(paths))


def _package_path(archive: Archive) -> str:
    found: list[str] = []
    read_xml(
        archive.read("META-INF/container.xml", 1 << 20),
        lambda tag, attributes: found.append(attributes.get("full-path", "")) if tag == "rootfile" else None,
    )
    if not found:
        raise XmlError("no package")
    return found[0]


def _locked(archive: Archive) -> bool:
    """Whether more than fonts is encrypted."""
    if "META-INF/encryption.xml" not in archive.names:
        return False
    methods: list[str] = []
    read_xml(
        archive.read("META-INF/encryption.xml", 4 << 20),
        lambda tag, attributes: methods.append(attributes.get("Algorithm", "")) if tag == "EncryptionMethod" else None,
    )
    return any(method not in _FONTS for method in methods)


def _add_page(data: bytes, blocks: Blocks, name: str) -> None:
    """A page's text; an empty one, as covers are, adds nothing."""
    try:
        add_html(decoded(data, name), blocks)
    except TextError as error:
        if error.code != "text_empty":
            raise


def _climbs(name: str) -> InputError:
    return InputError(
        f"{name} refers to a file outside of itself, which is not allowed. Nothing was imported.",
        f"{name} 引用了自身之外的文件,不允许。没有导入任何内容。",
        code="archive_unsafe",
    )
