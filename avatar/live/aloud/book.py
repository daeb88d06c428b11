"""A long text as what is read aloud: chapters, and in each the clauses with the pauses after them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from avatar.dialog.reading.reading import read_file
from avatar.dialog.structure import Section, sections
from avatar.errors import Language, TextError
from avatar.live.answering import language_of
from avatar.media import SPEECH_RATE
from avatar.voice.speaking.clauses import LIMITS, ClauseChunker, units

PAUSE_TITLE_S, PAUSE_PARAGRAPH_S, PAUSE_CHAPTER_S = 0.9, 0.45, 1.2
"""Silence after a title, a paragraph and a chapter, besides that of the mark at its end."""

LONGEST_CHAPTER = 12_000
"""Units (`clauses.units`) of a chapter, about forty minutes; a longer one is cut between two paragraphs."""

LONGEST_PARAGRAPH = 1_000
"""Characters that are cut into clauses at once, so that a book without line ends takes no longer than another."""

_EMPHASIS = re.compile(r"(\*{1,3}|_{2,3}|~~|`{1,3})(?=\S)(.{1,400}?)(?<=\S)\1")


@dataclass(frozen=True, slots=True)
class Line:
    """A clause that is read.

    Attributes:
        language: of the clause.
        pause: samples of silence after it, at SPEECH_RATE.
    """

    text: str
    language: Language
    pause: int = 0


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter, counted from 1 within its book.

    Attributes:
        lines: its title among them, where the text has one.
    """

    number: int
    title: str
    lines: tuple[Line, ...]

    @property
    def units(self) -> int:
        """How much there is to say."""
        return sum(units(line.text) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Book:
    """What is read.

    Attributes:
        language: of most of it.
    """

    title: str
    language: Language
    chapters: tuple[Chapter, ...]


def read_book(file: Path, title: str = "") -> Book:
    """A document of any kind that `dialog.reading` knows, as a book.

    Args:
        title: of the book; else the one that the document gives itself, or its file's name.

    Raises:
        TextError: it cannot be read, is empty, or nothing in it can be said.
        InputError: a zip that holds what it may not.
    """
    document = read_file(file)
    return book_of(document.text, title or document.title.strip() or file.stem)


def book_of(text: str, title: str) -> Book:
    """A text as a book.

    Raises:
        TextError: nothing in it can be said.
    """
    language = language_of(text, "zh")
    found: list[Chapter] = []
    for name, pieces in _chapters(sections(text, title)):
        for part, lines in enumerate(_parts(pieces, name, language), start=1):
            heading = name or title
            found.append(Chapter(len(found) + 1, heading if part == 1 else f"{heading} ({part})", tuple(lines)))
    if not found:
        raise TextError(
            f"Nothing in {title} can be read aloud: it holds no words.",
            f"{title} 里没有可以朗读的文字。",
            code="text_unspeakable",
        )
    return Book(title, language, tuple(found))


def _chapters(found: list[Section]) -> list[tuple[str, list[Section]]]:
    """Sections under the title that a chapter has; the parts of a piece stay together."""
    chapters: list[tuple[str, list[Section]]] = []
    for section in found:
        name = section.title or section.part
        if chapters and section.title and chapters[-1][0] == section.title:
            chapters[-1][1].append(section)
        else:
            chapters.append((name, [section]))
    return chapters


def _parts(pieces: list[Section], name: str, language: Language) -> Iterator[list[Line]]:
    """The lines of a chapter, in parts that are not too long; none where nothing can be said."""
    lines, length = ([_title(name, language)] if units(name) else []), 0
    spoken = False
    for piece in pieces:
        if piece.part and piece.part != name:
            lines.append(_title(piece.part, language))
        for paragraph in piece.paragraphs:
            clauses = _paragraph(paragraph, language)
            extent = sum(units(clause.text) for clause in clauses)
            if spoken and length + extent > LONGEST_CHAPTER:
                yield _ended(lines)
                lines, length, spoken = [], 0, False
            lines += clauses
            length += extent
            spoken = spoken or bool(clauses)
    if spoken:
        yield _ended(lines)


def _title(words: str, language: Language) -> Line:
    return Line(words, language_of(words, language), _samples(PAUSE_TITLE_S))


def _ended(lines: list[Line]) -> list[Line]:
    last = lines[-1]
    return [*lines[:-1], Line(last.text, last.language, _samples(PAUSE_CHAPTER_S))]


def _paragraph(text: str, language: Language) -> list[Line]:
    """The clauses of a paragraph; what holds no word is left out."""
    plain = _EMPHASIS.sub(r"\2", text.removeprefix("\\"))
    chunker = ClauseChunker(LIMITS[-1:], verbatim=True)
    pieces = [plain[at : at + LONGEST_PARAGRAPH] for at in range(0, len(plain), LONGEST_PARAGRAPH)]
    clauses = [*(clause for piece in pieces for clause in chunker.push(piece)), *chunker.finish()]
    lines = [Line(clause.strip(), language_of(clause, language)) for clause in clauses if units(clause)]
    if lines:
        lines[-1] = Line(lines[-1].text, lines[-1].language, _samples(PAUSE_PARAGRAPH_S))
    return lines


def _samples(seconds: float) -> int:
    return round(seconds * SPEECH_RATE)
