"""Whether the words of an edit can be heard in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from avatar.voice.editing.pairing import paired
from avatar.voice.editing.texts import Token


@dataclass(frozen=True, slots=True)
class Understood:
    """Of an edit's words, as the recognizer hears them.

    Attributes:
        found, total: how many of the words that were put in are there; where words were taken out, of their two
            neighbours.
        extra: words heard between them that nobody wrote.
    """

    found: int
    total: int
    extra: int = 0

    @property
    def missed(self) -> int:
        return self.total - self.found + self.extra


def understood(row: Sequence[Token], first: int, last: int, heard: Sequence[Token]) -> Understood:
    """Look for words among those heard; homophones count, other tones do not.

    Args:
        row: the text as it should be.
        first, last: the words that were put in, the end exclusive; equal where words were taken out before `first`.
        heard: tokens of what was heard.
    """
    if first == last:
        first, last = max(0, first - 1), min(len(row), last + 1)
    found, extra, at = 0, 0, 0
    for mine, theirs in paired([token.sounds for token in row], [token.sounds for token in heard]):
        at = at if mine is None else mine + 1
        if mine is None:
            extra += first < at < last
        elif theirs is not None and first <= mine < last:
            found += row[mine].sounds == heard[theirs].sounds
    return Understood(found, last - first, extra)
