"""When what is said: the words of a chapter and the lines of its subtitles, in samples from its beginning."""

from __future__ import annotations

import re
from collections.abc import Sequence

from avatar.media import WordSpan
from avatar.voice.speaking.clauses import units

LONGEST_LINE = 24
"""Units of a subtitle line: 24 hanzi or twelve words; a longer clause is cut at its marks, else between words."""

_MARK = re.compile(r"[，、；：。！？,;:.!?…—][”’」』）)》〉\"']*\s*$")


def placed(words: Sequence[WordSpan], start: int) -> list[WordSpan]:
    """A clause's words, in the chapter."""
    return [WordSpan(word.text, start + word.start, start + word.end) for word in words]


def subtitle_lines(text: str, words: Sequence[WordSpan], start: int, length: int) -> list[WordSpan]:
    """A clause as lines of subtitles; as one, where its words have no times.

    Args:
        text: the clause.
        words: of it, placed in the chapter.
        start: of the clause, in samples.
        length: of the clause, in samples.
    """
    if not words:
        return [WordSpan(text.strip(), start, start + length)]
    return [_line(part) for part in _cut(list(words))]


def _cut(words: list[WordSpan]) -> list[list[WordSpan]]:
    """Words in lines as even as their marks allow."""
    sizes = [units(word.text) for word in words]
    whole = sum(sizes)
    if whole <= LONGEST_LINE or len(words) < 2:
        return [words]
    at = _place(words, sizes, whole)
    return [*_cut(words[:at]), *_cut(words[at:])]


def _place(words: Sequence[WordSpan], sizes: Sequence[int], whole: int) -> int:
    """Before which word the line is cut: after the mark nearest to the middle, or at the middle."""
    before = [sum(sizes[:at]) for at in range(len(words) + 1)]
    places = range(1, len(words))
    marked = [at for at in places if _MARK.search(words[at - 1].text)]
    marked = [at for at in marked if whole // 5 <= before[at] <= whole - whole // 5]
    return min(marked or places, key=lambda at: abs(2 * before[at] - whole))


def _line(words: Sequence[WordSpan]) -> WordSpan:
    return WordSpan("".join(word.text for word in words).strip(), words[0].start, words[-1].end)
