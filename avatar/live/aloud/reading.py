"""Reads a book aloud: clause after clause, chapter after chapter, and goes on where it was stopped.

What is written of a chapter is made from the finished clauses alone, so it is the same whether the work was stopped or
not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avatar.errors import Language
from avatar.files import write
from avatar.live.aloud.audiobook import NOTICE, Track, bind, write_track
from avatar.live.aloud.book import Book, Chapter, Line
from avatar.live.aloud.timing import placed, subtitle_lines
from avatar.live.aloud.workshop import Clause, Workshop
from avatar.live.subtitles import segments_of_lines, srt, vtt
from avatar.media import SPEECH_RATE, ClauseSpeech, Samples, WordSpan
from avatar.voice.speaking.clauses import units

Say = Callable[[str, Language], ClauseSpeech]
"""Turns a clause into speech, with a voice and a speed already chosen."""

_UNSAFE = re.compile(r"[^\w\s·-]+")
_LONGEST_NAME = 120
"""Bytes of a file's name before its ending."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the reading is, in units (`clauses.units`) of what is read.

    Attributes:
        made: clauses that were made in this run; the others were there before.
    """

    chapter: Chapter
    done: int
    total: int
    made: int


@dataclass(frozen=True, slots=True)
class ChapterFiles:
    """What there is of a chapter.

    Attributes:
        seconds: of its sound.
    """

    number: int
    title: str
    audio: Path
    seconds: float


@dataclass(slots=True)
class _Script:
    """A chapter's words and subtitle lines, in samples from its beginning, as it grows."""

    words: list[WordSpan] = field(default_factory=list)
    lines: list[WordSpan] = field(default_factory=list)
    length: int = 0

    def add(self, line: Line, clause: Clause) -> None:
        words = placed(clause.words, self.length)
        self.words += words
        self.lines += subtitle_lines(line.text, words, self.length, clause.length)
        self.length += clause.length + line.pause


class Reading:
    """One book, read into one folder.

    Args:
        book: what is read.
        chapters: those of it that are read, in order.
        workshop: open.
        say: the voice.
        voice: its name, for the files' labels.
    """

    def __init__(self, book: Book, chapters: Sequence[Chapter], workshop: Workshop, say: Say, voice: str) -> None:
        self._book = book
        self._chapters = tuple(chapters)
        self._workshop = workshop
        self._say = say
        self._voice = voice
        self._total = sum(chapter.units for chapter in self._chapters)
        self._done = 0
        self._made = 0

    @property
    def total(self) -> int:
        """Units of all that is read."""
        return self._total

    @property
    def made(self) -> int:
        """Clauses that were made; the others were there."""
        return self._made

    def changed(self) -> bool:
        """Whether the text is another than when the reading was begun; asked once."""
        parts = [self._fingerprint(chapter) for chapter in self._book.chapters]
        return self._workshop.begin(" ".join(parts))

    def read(self, progress: Callable[[Step], None]) -> list[ChapterFiles]:
        """Read what is not yet read, and bind the chapters; stopped by whatever `progress` raises.

        Raises:
            NotFoundError: there is no such voice.
            StorageError: the folder cannot be written.
            EngineError: the voice failed.
        """
        files = []
        for place, chapter in enumerate(self._chapters):
            files.append(self._chapter(chapter, self._chapters[place + 1 :], progress))
        bind(self.bound, [Track(each.audio, each.title) for each in files], self._labels(self._book.title))
        self._workshop.clear()
        return files

    @property
    def bound(self) -> Path:
        """The file with all chapters."""
        return self._workshop.folder / f"{_safe(self._book.title)}.m4b"

    def _chapter(self, chapter: Chapter, later: Sequence[Chapter], progress: Callable[[Step], None]) -> ChapterFiles:
        """Read a chapter, unless it was; what is kept of its clauses is what those that follow need."""
        fingerprint, base = self._fingerprint(chapter), self._base(chapter)
        length = _length(base) if self._workshop.finished(chapter.number, fingerprint) else None
        if length is None:
            length = self._read(chapter, base, progress)
            self._workshop.finish(chapter.number, fingerprint)
            needed = {line.text for each in later for line in each.lines}
            self._workshop.forget(line for line in chapter.lines if line.text not in needed)
        self._done += chapter.units
        progress(Step(chapter, self._done, self._total, self._made))
        return ChapterFiles(chapter.number, chapter.title, _beside(base, ".m4a"), length / SPEECH_RATE)

    def _read(self, chapter: Chapter, base: Path, progress: Callable[[Step], None]) -> int:
        """Make the clauses that are missing, then write the chapter's files; how many samples it has."""
        done = self._done
        for line in chapter.lines:
            if self._workshop.clause(line) is None:
                self._make(line)
            done += units(line.text)
            progress(Step(chapter, done, self._total, self._made))
        script = _Script()
        labels = {**self._labels(chapter.title), "track": str(chapter.number)}
        write_track(_beside(base, ".m4a"), self._sound(chapter, script), labels)
        self._write(base, chapter, script)
        return script.length

    def _labels(self, title: str) -> dict[str, str]:
        return {"title": title, "album": self._book.title, "artist": self._voice}

    def _make(self, line: Line) -> Clause:
        speech = self._say(line.text, line.language)
        sound = np.concatenate([np.zeros(0, dtype=np.float32), *speech.chunks])
        self._made += 1
        return self._workshop.keep(line, sound, speech.words)

    def _sound(self, chapter: Chapter, script: _Script) -> Iterator[Samples]:
        """A chapter's sound; its words are noted on the way. A clause whose file was lost meanwhile is made again."""
        for line in chapter.lines:
            clause = self._workshop.clause(line) or self._make(line)
            script.add(line, clause)
            yield clause.sound
            yield np.zeros(line.pause, dtype=np.float32)

    def _write(self, base: Path, chapter: Chapter, script: _Script) -> None:
        """The subtitles, and the words with their times."""
        segments = segments_of_lines(script.lines)
        told = {
            "title": chapter.title,
            "book": self._book.title,
            "audio": _beside(base, ".m4a").name,
            "voice": self._voice,
            "notice": NOTICE,
            "length": script.length,
            "rate": SPEECH_RATE,
            "lines": [_timed(line) for line in script.lines],
            "words": [_timed(word) for word in script.words],
        }
        for ending, text in (
            (".srt", srt(segments)),
            (".vtt", vtt(segments)),
            (".json", json.dumps(told, ensure_ascii=False, indent=1)),
        ):
            write(_beside(base, ending), text.encode())

    def _base(self, chapter: Chapter) -> Path:
        digits = max(2, len(str(len(self._book.chapters))))
        return self._workshop.folder / f"{chapter.number:0{digits}} {_safe(chapter.title)}".rstrip()

    def _fingerprint(self, chapter: Chapter) -> str:
        return self._workshop.fingerprint(chapter.title, chapter.lines)


def _timed(span: WordSpan) -> dict[str, object]:
    return {
        "text": span.text.strip(),
        "start": round(span.start / SPEECH_RATE, 3),
        "end": round(span.end / SPEECH_RATE, 3),
    }


def _beside(base: Path, ending: str) -> Path:
    """A file of a chapter; a title may hold a dot."""
    return base.with_name(base.name + ending)


def _length(base: Path) -> int | None:
    """How many samples a finished chapter has; None where one of its files is not there, or no longer what it was."""
    if not all(_beside(base, ending).is_file() for ending in (".m4a", ".srt", ".vtt")):
        return None
    try:
        return int(json.loads(_beside(base, ".json").read_text(encoding="utf-8"))["length"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _safe(title: str) -> str:
    """A title as part of a file's name, on any system."""
    words = " ".join(_UNSAFE.sub(" ", title).split())[:_LONGEST_NAME]
    return words.encode()[:_LONGEST_NAME].decode("utf-8", "ignore").strip(" .-") or "untitled"
