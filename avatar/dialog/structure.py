"""The structure of a plain text: titles found by their shape, hard line breaks mended, notes of editors left out.

Texts of the public domain circulate as they were typed in the nineties: centred titles, lines broken after forty
characters, marks such as ⑴ or 〔１〕 and the notes they point to. What is left is the author's words, in paragraphs,
under the title of the piece they stand in. Markdown headings and the chapter lines of novels are known as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from avatar.dialog.stopping import Look, Tell, looking, untold

_TOLD = 500
"""Lines after which it is told how far the work is."""

LONGEST = 300
"""Characters of a line that may be a heading. A longer one is never matched against rules that would try each of its
blanks: a line may have ten million."""

INDENT = 2
"""Columns of white space that begin a paragraph; a full-width space is two."""

_MARK = re.compile(r"[⑴-⒇]|(?<=\S)[①-⑳]|〔[０-９0-9]{1,3}〕|(?<=\S)\[[0-9]{1,3}\]")
_MARKED = re.compile(r"[⑴-⒇①-⑳〔\[]")
_TITLE_MARK = re.compile(r"(?:⑴|①|〔(?:１|1)〕|\[1\])\s*$")
_GLOSS = re.compile(r"【[^】\n]{1,80}】")
_NOTES = re.compile(r"^[□■◎*\s]*注\s*[释解]?\s*[:：]?$|^(?:notes|footnotes)\s*[:：]?$", re.IGNORECASE)
_NOTE = re.compile(r"^(?:⑴\s*\S|〔(?:１|1)〕\s*\S|〔[０-９0-9]{1,3}〕\s)")
_SOURCE = re.compile(r"^[〔（(【](?:选自)?《[^》]+》[〕）)】]$")
_CONTENTS = re.compile(r"目\s*[录錄次]\s*[:：]?$|^(?:#{1,6} )?(?:table of )?contents$", re.IGNORECASE)
_LEADER = re.compile(r"[.．…]{3,}")
_SENTENCE = re.compile(r"[。！？；]$")
_NUMERAL = "〇零一二三四五六七八九十百"
_DATE = re.compile(rf"^[{_NUMERAL}○Ｏ0-9０-９]+[年月][{_NUMERAL}○元0-9０-９年月日夜毕改讫作于，、。.\s]*$")
_CHAPTER = re.compile(
    rf"^(?:第[{_NUMERAL}0-9０-９]+[章回节節卷部](?:\s+\S{{1,16}})?|(?:chapter|part)\s+\w+[.:]?(?:\s\w+){{0,8}})$",
    re.IGNORECASE,
)
_NUMBER = re.compile(rf"^(?:[{_NUMERAL}]{{1,3}}|[0-9０-９]{{1,2}}|[IVXivx]{{1,5}})[.、．]?$")
_MARKDOWN = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_STOPPED = re.compile(r"[。，！？；：…、”’」』,.!?;:—]$")


@dataclass(slots=True)
class Section:
    """A piece of a text: its title, the title within it, and its paragraphs."""

    title: str = ""
    part: str = ""
    paragraphs: list[str] = field(default_factory=list)
    _broken: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Where this is, for a reader."""
        return " · ".join(filter(None, (self.title, self.part)))

    def begin(self, line: str) -> None:
        """The first line of another paragraph."""
        self.end()
        self._broken = [line]

    def go_on(self, line: str) -> bool:
        """Another line of the paragraph in hand, broken off by hand; False where there is none.

        There is no space between Chinese, and one between words; a hyphen at the break goes.
        """
        if not self._broken:
            return False
        before = self._broken[-1]
        if before.endswith("-") and before[-2:-1].isalpha() and line[:1].islower():
            self._broken[-1] = before[:-1]
        elif before[-1].isascii() and line[0].isascii():
            self._broken.append(" ")
        self._broken.append(line)
        return True

    def end(self) -> None:
        """The paragraph in hand is whole; a mark that stood across a break goes."""
        words = "".join(self._broken)
        if words:
            self.paragraphs.append(_unmarked(words) if len(self._broken) > 1 else words)
        self._broken = []


@dataclass(slots=True)
class _Line:
    text: str
    bare: str  # without footnote marks
    indent: int
    blanks: int  # empty lines before it
    last: bool  # an empty line, or the end, follows


def sections(text: str, title: str, tell: Tell = untold) -> list[Section]:
    """The pieces of a text, in order; those without words are left out.

    Args:
        text: as decoded.
        title: of the whole, which is not repeated as a section's title.
        tell: told how far it is; what it raises ends the work.
    """

    def look() -> None:
        tell("cutting", 0.0)

    lines = _lines(text, look)
    listing, known = _contents(looking(lines, look))
    width = _width(looking(lines, look))
    found, in_notes = [Section()], False
    previous: _Line | None = None
    for number, line in enumerate(lines):
        if number % _TOLD == 0:
            tell("cutting", 0.5 * number / len(lines))
        if number in listing:
            previous = None
            continue
        if heading := _heading(line, known, title, loose=in_notes):
            in_notes = False
            _open(found, heading, title)
        elif in_notes or _begins_notes(line.text):
            in_notes = True
        elif not _noise(line):
            _append(found[-1], line, previous, width)
        previous = line
    for section in found:
        section.end()
    return [section for section in found if section.paragraphs]


def _lines(text: str, look: Look) -> list[_Line]:
    found: list[_Line] = []
    blanks = 2
    raw = text.split("\n")
    for at, line in enumerate(looking(raw, look)):
        words = line.strip()
        if not words or words in "—－-":
            blanks += 1
            continue
        indent = sum(2 if c == "\u3000" else 1 for c in line[: len(line) - len(line.lstrip())])
        last = at + 1 == len(raw) or not raw[at + 1].strip()
        found.append(_Line(words, _unmarked(words).strip(), indent, blanks, last))
        blanks = 0
    return found


def _unmarked(text: str) -> str:
    """Without footnote marks."""
    return _MARK.sub("", text) if _MARKED.search(text) else text


def _begins_contents(line: _Line) -> bool:
    return len(line.bare) < 12 and _CONTENTS.search(line.bare) is not None


def _contents(lines: Iterable[_Line]) -> tuple[frozenset[int], frozenset[str]]:
    """The numbers of the lines of tables of contents, and the titles that they list, without their spaces.

    A table ends with a heading, with a sentence, after two empty lines, or where a title that it has listed comes
    again: there the text begins.
    """
    numbers: set[int] = set()
    titles: set[str] = set()
    listed: set[str] = set()
    inside = False
    for number, line in enumerate(lines):
        title = _tight(_LEADER.split(line.bare[:LONGEST])[0])
        if _begins_contents(line):
            inside, listed = True, set()
            numbers.add(number)
        elif inside and _may_be_listed(line) and not (line.blanks and len(title) > 2 and title in listed):
            listed.add(title)
            titles.add(title)
            numbers.add(number)
        else:
            inside = False
    return frozenset(numbers), frozenset(filter(None, titles))


def _may_be_listed(line: _Line) -> bool:
    """Whether a line may stand in a table of contents."""
    if len(line.bare) >= 90 or _MARKDOWN.match(line.bare) or _SENTENCE.search(line.bare):
        return False
    return line.blanks < 2 or _LEADER.search(line.bare) is not None


def _width(lines: Iterable[_Line]) -> int:
    """Characters of a full line where lines are broken by hand; 0 where a line is a paragraph.

    Broken lines are nearly all of one length, paragraphs are not.
    """
    lengths = Counter(len(line.text) + line.indent // 2 for line in lines if len(line.text) > 20)
    alike = {full: sum(lengths[n] for n in range(full - full // 8, full + 1)) for full in lengths if full <= 100}
    best = max(alike, key=lambda full: (alike[full], full), default=0)
    return best if best and alike[best] * 10 >= 3 * sum(lengths.values()) else 0


def _heading(line: _Line, known: frozenset[str], title: str, *, loose: bool) -> tuple[int, str] | None:
    """The level and the words of a heading: 1 for a piece, 2 for a part; `loose` where a piece has just ended."""
    bare = line.bare
    if len(bare) > LONGEST:
        return None
    if match := _MARKDOWN.match(bare):
        return (1 if len(match[1]) <= 2 else 2), match[2]
    if len(bare) > 60 or _DATE.match(bare) or not line.blanks:
        return None
    if _CHAPTER.match(bare):
        return 2, re.sub(r"\s+", " ", bare)
    if _NUMBER.match(_tight(bare)) and line.last and not _TITLE_MARK.search(line.text):
        return 2, _tight(bare)
    return _title(line, bare, known, title, loose=loose)


def _title(line: _Line, bare: str, known: frozenset[str], title: str, *, loose: bool) -> tuple[int, str] | None:
    """A line as the title of a piece: listed in the contents, or set apart and shaped like one."""
    inner = _spaced(bare).replace(f"《{title}》", "")
    if _tight(inner) in known:
        return 1, inner
    return (1, inner) if _like_a_title(inner) and _set_apart(line, loose=loose) else None


def _like_a_title(words: str) -> bool:
    """Short, not a sentence, not the author's name."""
    return (
        0 < len(words) <= 16
        and not _STOPPED.search(words)
        and not re.search(r"[，。；：“”（）〔〕]", words)
        and words != "鲁迅"
    )


def _set_apart(line: _Line, *, loose: bool) -> bool:
    """Centred, or with empty lines before it; a mark that is not the first note's belongs to a line of verse."""
    first = _TITLE_MARK.search(line.text) is not None
    if _MARK.search(line.text) and not first:
        return False
    apart = line.blanks >= 2
    return (line.indent >= 8 and (apart or loose or first)) or (apart and (line.indent >= 4 or first))


def _open(found: list[Section], heading: tuple[int, str], title: str) -> None:
    level, words = heading
    if level == 1:
        found.append(Section("" if words == title else words))
    else:
        found.append(Section(found[-1].title, words))


def _begins_notes(text: str) -> bool:
    """Whether an editor's notes begin with a line."""
    if len(text) <= LONGEST and _NOTES.match(text):
        return True
    return len(text) > 8 and _NOTE.match(text) is not None


def _noise(line: _Line) -> bool:
    """Lines that are neither title nor text: dates and signatures, where the text was taken from, rules."""
    if len(line.bare) > LONGEST:
        return not re.search(r"\w", line.bare)
    bare = _tight(line.bare)
    signature = line.indent >= 16 and len(bare) <= 24 and (_DATE.match(bare.rstrip("。")) or not _STOPPED.search(bare))
    return bool(_SOURCE.match(bare) or _DATE.match(bare) or signature or not re.search(r"\w", bare))


def _append(section: Section, line: _Line, previous: _Line | None, width: int) -> None:
    """Add a line: to the paragraph before where a hard break cut it, else as a new one."""
    text = _GLOSS.sub("", line.bare).strip()
    if not text:
        return
    if previous is None or not _continues(line, previous, width) or not section.go_on(text):
        section.begin(text)


def _continues(line: _Line, previous: _Line, width: int) -> bool:
    """Whether a line goes on where the line before was broken by hand. Pieces of one book differ in width."""
    if line.blanks or not width:
        return False
    extent = len(previous.text) + previous.indent // 2
    if line.indent < INDENT:
        return extent >= 0.6 * width
    return extent >= width - 3 and not _STOPPED.search(previous.text)


def _spaced(title: str) -> str:
    """A title whose characters were set apart to look wide (伤　逝), closed up; other spaces stay single."""
    return re.sub(r"(?<!\S)(\S) (?=\S(?!\S))", r"\1", " ".join(title.split()))


def _tight(text: str) -> str:
    return re.sub(r"\s+", "", text)
