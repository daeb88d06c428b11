"""Cuts an answer that is still being written into the clauses that are spoken.

The first clause is short, so that sound starts early; the later ones are longer, so that the voice has a sentence to
make a melody of. Pure: pieces of text in, clauses out, and the clauses do not depend on where the pieces were cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from avatar.voice.speaking.scrub import Scrubber


@dataclass(frozen=True, slots=True)
class ClauseLimits:
    """How long a clause may be, in units: a hanzi or a digit is one, another word is two (so a unit lasts about 0.2 s).

    Attributes:
        strong: the least before a sentence's end.
        soft: the least before a comma, colon or dash.
        most: without a border by then, the clause is cut where a reader could breathe.
    """

    strong: int
    soft: int
    most: int


LIMITS = (ClauseLimits(2, 3, 14), ClauseLimits(4, 8, 28), ClauseLimits(6, 14, 40))
"""Of the first clause, the second, and all later ones."""

_HANZI = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇"
_UNIT = re.compile(rf"[{_HANZI}]|\d|[^\W\d_{_HANZI}]+(?:['’][^\W\d_{_HANZI}]+)*")
_STRONG = "。！？!?；;…\n"
_SOFT = "，、：,:—"
_CLOSERS = "”’」』）)】》〉\"'"
_BORDER = re.compile(rf"[{_STRONG}{_SOFT}.]+[{_STRONG}{_SOFT}.{_CLOSERS}]*\s*")
_AT_ONCE = "，"
"""Marks after which nothing can follow that would change the cut."""

_ABBREVIATION = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|vs|etc|Inc|Ltd|Co|Gen|Col|Capt|Lt|Rev|Hon|Mt|approx|cf|ca|al|ed|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)|\b[A-Za-z](?:\.[A-Za-z])*)\Z"
)
_NUMBERED = re.compile(r"\b(?:No|Vol|Fig|pp?)\Z")
"""Abbreviations only where a number follows: "No. 5", but "No. Never."."""

_LIST_NUMBER = re.compile(r"(?:^|\n)\s*\d{1,3}\Z")
_TITLE = re.compile(r"[《〈][^》〉\n]{0,40}\Z")
_BREATH_BEFORE = (
    r"但是|可是|然而|因为|所以|如果|虽然|而且|并且|或者|还是|以及|于是|不过|只是|就是|便是|不是|却|也|都|又|还|才|"
    r"and|but|or|that|which|who|because|when|where|while|if|than|with|from|for|of|in|on|at|to|as|by|about|into"
)
_BREATH = re.compile(
    rf"(?<=[的了着过呢吗吧啊])(?=[{_HANZI}])|(?<=[{_HANZI}])(?=(?:{_BREATH_BEFORE})[{_HANZI}])"
    rf"|(?<=\s)(?=(?:{_BREATH_BEFORE})\s)",
    re.IGNORECASE,
)
_ANYWHERE = re.compile(rf"(?<=\s)(?=\S)|(?<=[{_HANZI}])(?=[{_HANZI}])")


def units(text: str) -> int:
    """The length of a text as it is spoken: a hanzi or digit counts one, any other word two."""
    return sum(1 if _is_single(match) else 2 for match in _UNIT.findall(text))


def _is_single(unit: str) -> bool:
    return unit.isdigit() or (len(unit) == 1 and not unit.isascii())


class ClauseChunker:
    """One reply's text, as it is written, in clauses. Not shared between threads.

    The clauses joined are the text without markup, emoji and stage directions (`scrub.speakable`).

    Args:
        limits: of the first clause, the second, and so on; the last holds for all that follow.
        verbatim: nothing is left out: what is read is a book's and not a model's.
    """

    def __init__(self, limits: Sequence[ClauseLimits] = LIMITS, *, verbatim: bool = False) -> None:
        self._all_limits = limits
        self._scrubber = None if verbatim else Scrubber()
        self._buffer = ""
        self._count = 0

    @property
    def between(self) -> bool:
        """Whether all words so far stand in clauses: what comes next begins one."""
        return not self._buffer

    def push(self, piece: str) -> list[str]:
        """The clauses that a further piece of text completes, mostly none or one."""
        self._buffer += self._scrubber.push(piece) if self._scrubber else piece
        return self._cut()

    def finish(self) -> list[str]:
        """The clauses that are left when the text is over. The chunker is then spent."""
        self._buffer += self._scrubber.finish() if self._scrubber else ""
        clauses = self._cut()
        rest, self._buffer = self._buffer, ""
        return [*clauses, rest] if rest else clauses

    def _cut(self) -> list[str]:
        clauses: list[str] = []
        while (end := _next_cut(self._buffer, self._limits())) is not None:
            clauses.append(self._buffer[:end])
            self._buffer = self._buffer[end:]
            self._count += 1
        return clauses

    def _limits(self) -> ClauseLimits:
        return self._all_limits[min(self._count, len(self._all_limits) - 1)]


def _next_cut(text: str, limits: ClauseLimits) -> int | None:
    """Where the first clause of the text ends, or None while that is not known."""
    for border in _BORDER.finditer(text):
        mark = border.group()
        at_once = mark[0] in _AT_ONCE
        end = border.start() + 1 if at_once else border.end()
        if end == len(text) and not at_once:
            break
        length = units(text[: border.start()])
        if length >= limits.most:
            break
        if length >= _least(mark, limits) and _cuts(text, border.start(), end):
            return end
    return _breath(text, limits)


def _least(mark: str, limits: ClauseLimits) -> int:
    strong = any(character in _STRONG or character == "." for character in mark)
    return limits.strong if strong else limits.soft


def _cuts(text: str, start: int, end: int) -> bool:
    """Whether the marks at text[start:end] end a clause; in a number, abbreviation, address or title they do not."""
    mark, before, after = text[start:end], text[:start], text[end:]
    if _TITLE.search(before) and not any(closer in mark for closer in "》〉"):
        return False
    if not mark.rstrip(_CLOSERS).isascii() or "\n" in mark:
        return True
    if not mark[-1].isspace() and after[:1].isascii():
        return False
    return mark.strip() != "." or not _is_abbreviated(before, after)


def _is_abbreviated(before: str, after: str) -> bool:
    """Whether the full stop between them belongs to an abbreviation or to the number of a list's entry."""
    if _NUMBERED.search(before):
        return after[:1].isdigit()
    return bool(_ABBREVIATION.search(before) or _LIST_NUMBER.search(before))


def _breath(text: str, limits: ClauseLimits) -> int | None:
    """Where a clause without a border is cut once it is too long."""
    if units(text) <= limits.most:
        return None
    head = _head(text, limits.most)
    places = [match.start() for match in _BREATH.finditer(head)]
    places = [place for place in places if units(head[:place]) >= limits.most // 2 and not _TITLE.search(head[:place])]
    if places:
        return places[-1]
    if units(text) <= 2 * limits.most:
        return None
    head = _head(text, 2 * limits.most)
    anywhere = [match.start() for match in _ANYWHERE.finditer(head) if units(head[: match.start()]) >= limits.most // 2]
    return anywhere[-1] if anywhere else None


def _head(text: str, most: int) -> str:
    """The beginning of a text that is `most` units long, without its last, perhaps unfinished, word."""
    total = 0
    for match in _UNIT.finditer(text):
        total += units(match.group())
        if total > most:
            return text[: match.start()]
    return text
