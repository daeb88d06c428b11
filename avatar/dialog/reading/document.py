"""What a reader gives, and what it says where it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass

from avatar.errors import TextError

MAX_CHARACTERS = 20_000_000
"""Of the text that a document may give."""
_BLANKS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as text.

    Attributes:
        text: paragraphs between empty lines, titles as Markdown headings.
        title: of the work, where the document says it; else empty.
    """

    text: str
    title: str = ""


class Blocks:
    """Collects headings and paragraphs, up to a limit.

    Args:
        name: what the error calls the document.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._parts: list[str] = []
        self._size = 0

    def heading(self, level: int, words: str) -> None:
        """A title; level 1 is a piece or chapter, 2 a part of it."""
        if words := " ".join(words.split())[:200]:
            self._add(f"{'#' if level == 1 else '###'} {words}")

    def paragraph(self, words: str) -> None:
        """A paragraph, in one line."""
        if words := " ".join(words.split()):
            self._add(f"\\{words}" if words.startswith("#") else words)

    def raw(self, text: str) -> None:
        """Text whose lines are kept."""
        if text.strip():
            self._add(text.strip("\n"))

    @property
    def text(self) -> str:
        """All of it."""
        return _BLANKS.sub("\n\n", "\n\n".join(self._parts))

    def _add(self, part: str) -> None:
        self._size += len(part)
        if self._size > MAX_CHARACTERS:
            raise too_long(self._name)
        self._parts.append(part)


def too_long(name: str) -> TextError:
    """The document holds more than is read at once."""
    return TextError(
        f"{name} holds more than 20 million characters. Split it into several files.",
        f"{name} 超过两千万字。请拆成几个文件。",
        code="text_too_large",
    )


def damaged(name: str, kind: str) -> TextError:
    """The document is not what its name says, or is damaged.

    Args:
        name: of the file.
        kind: "PDF", "Word", "EPUB".
    """
    return TextError(
        f"{name} is not a {kind} document, or it is damaged.",
        f"{name} 不是 {kind} 文档,或已损坏。",
        code="text_damaged",
    )


def protected(name: str) -> TextError:
    """The document asks for a password."""
    return TextError(
        f"{name} is protected. Save it without a password or copy protection and try again.",
        f"{name} 有密码或版权保护。请去掉保护后再试。",
        code="password_protected",
    )


def no_text(name: str) -> TextError:
    """A document of pictures."""
    return TextError(
        f"{name} holds no text, only pictures: it was scanned. Run character recognition (OCR) on it first.",
        f"{name} 里没有文字,只有图片,是扫描件。请先做文字识别(OCR)。",
        code="text_scanned",
    )
