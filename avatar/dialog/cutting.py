"""Cutting a text into passages at the borders of sentences."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from avatar.dialog.passage import Passage
from avatar.dialog.stopping import Look, Tell, looking, untold
from avatar.dialog.structure import Section, sections
from avatar.errors import Language

SMALL, LARGE = 350, 600
"""Width of a passage: it is closed at the first border of paragraphs after SMALL, at one of sentences before LARGE."""

TAIL = 100
"""What is left of a piece stays with the passage before it where it is no wider than this."""

_WIDE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_END = re.compile(r"[。！？!?….](?:(?<=\.)[\"'”’)]*(?=\s|\Z)|(?<!\.)[。！？!?…]*[”’」』）》\"]*)\s*")
"""Of a sentence: the search for it goes on quickly where none comes for a million characters."""


def width(text: str) -> float:
    """How much a text is for a reader: a Chinese character counts 1, anything else 0.4 (a word about 2)."""
    han = 0 if text.isascii() else sum(map(len, _WIDE.findall(text)))
    return han + 0.4 * (len(text) - han)


def language_of(text: str) -> Language:
    """The language that most of a text is in."""
    han = 0 if text.isascii() else sum(map(len, _HAN.findall(text)))
    return "zh" if han * 4 > sum(map(len, _LETTERS.findall(text))) else "en"


def sentences(text: str) -> list[str]:
    """A text's sentences, whose concatenation is the text."""
    return list(_sentences(text))


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        yield text[start : end.end()]
        start = end.end()
    if start < len(text):
        yield text[start:]


def passages(text: str, work: str, *, source: str = "text", tell: Tell = untold) -> list[Passage]:
    """The passages of a whole text, in order.

    Args:
        text: as decoded.
        work: its title.
        source: as in `Passage`.
        tell: told how far it is; what it raises ends the work.
    """
    found: dict[str, Passage] = {}
    done = 0

    def look() -> None:
        tell("cutting", min(1.0, 0.5 + 0.5 * done / max(1, len(text))))

    for section in sections(text, work, tell):
        for words in _pieces(section, look):
            done += len(words)
            look()
            digest = hashlib.sha256(f"{work}\n{section.place}\n{words}".encode()).hexdigest()[:16]
            found[digest] = Passage(digest, work, section.place, words, language_of(words), source)
    return list(found.values())


def _pieces(section: Section, look: Look) -> Iterator[str]:
    """The section's words in pieces of the right size."""
    piece, size = "", 0.0
    rest = sum(map(width, looking(section.paragraphs, look)))
    for paragraph in section.paragraphs:
        for sentence in _short_enough(paragraph):
            extent = width(sentence)
            if size and size + extent > LARGE and rest > TAIL:
                yield piece.strip()
                piece, size = "", 0.0
            piece += sentence
            size += extent
            rest -= extent
        piece += "\n"
        if size >= SMALL and rest > TAIL:
            yield piece.strip()
            piece, size = "", 0.0
    if piece.strip():
        yield piece.strip()


def _short_enough(paragraph: str) -> Iterator[str]:
    """The paragraph's sentences; one that is longer than a passage is cut where it must."""
    for sentence in _sentences(paragraph):
        if len(sentence) <= LARGE or width(sentence) <= LARGE:
            yield sentence
            continue
        step = int(LARGE * len(sentence) / width(sentence))
        yield from (sentence[at : at + step] for at in range(0, len(sentence), step))
