"""PDF documents as text, page by page, by pypdf. Runs where `isolated` puts it: a hostile file can only harm that."""

from __future__ import annotations

import io
import logging
import re

from avatar.dialog.reading.document import Blocks, Document, damaged, no_text, protected
from avatar.errors import TextError

MAX_PAGES = 5000
_FEW = 20
"""Characters to a page, on the average, under which a document is a scan."""


def read_pdf(data: bytes, name: str) -> Document:
    """A PDF document as text; each page with words has a heading, so that a citation says where.

    Raises:
        TextError: damaged, protected, scanned, or of more than 5,000 pages.
    """
    import pypdf
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise protected(name)
        pages = len(reader.pages)
        if pages > MAX_PAGES:
            raise _too_many_pages(name, pages)
        blocks = Blocks(name)
        letters = sum(_add_page(blocks, number, page.extract_text()) for number, page in enumerate(reader.pages, 1))
        title = str((reader.metadata and reader.metadata.title) or "")
    except (TextError, MemoryError):
        raise
    except DependencyError as error:
        raise protected(name) from error
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OSError) as error:
        raise damaged(name, "PDF") from error
    if letters < _FEW and pages:
        raise no_text(name)
    return Document(blocks.text, " ".join(title.split())[:80])


def _add_page(blocks: Blocks, number: int, text: str) -> int:
    """A page's words under a heading; how many characters they are."""
    lines = [line.strip() for line in text.split("\n")]
    words = "\n".join(line for line in lines if line and not re.fullmatch(r"[-–— ]*\d{1,5}[-–— ]*", line))
    if words:
        blocks.heading(2, f"p. {number}")
        blocks.raw(words)
    return len(words)


def _too_many_pages(name: str, pages: int) -> TextError:
    return TextError(
        f"{name} has {pages} pages; at most {MAX_PAGES} are read at once. Split it into several files.",
        f"{name} 有 {pages} 页,一次最多读 {MAX_PAGES} 页。请拆成几个文件。",
        code="text_too_large",
    )
