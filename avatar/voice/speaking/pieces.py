"""How a long clause is cut for the encoder: its beginning first, so that sound starts early, then the rest.

The encoder sees each piece between words that belong to its neighbours, so that it is spoken as a part of the clause;
what it makes of those words is thrown away (docs/decisions/005-speaking.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from avatar.media import SPEECH_RATE
from avatar.voice.speaking.g2p import PAUSES
from avatar.voice.speaking.graph import UNIT
from avatar.voice.speaking.pauses import PAUSE_MS
from avatar.voice.speaking.words import Symbol, Word

FIRST, LATER = 56, 220
"""The most tokens of a clause's first piece (about two seconds of speech), and of all later ones, which are encoded
while what is before them sounds."""

AHEAD, BEHIND = 45, 120
"""Tokens that the encoder sees beyond the end of a piece, and before its beginning."""

_CLOSURES = "pbtdkɡʦʣʨʥꭧʧʤ"
"""Phones that begin with closed lips or tongue: nothing sounds where such a word begins."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens [start, end) of a stretch, of which the encoder sees [before, after)."""

    before: int
    start: int
    end: int
    after: int

    @property
    def opens(self) -> bool:
        """Whether it is the beginning of more."""
        return self.start == 0 and self.end < self.after


def pieces(symbols: Sequence[Symbol]) -> list[Piece]:
    """A stretch's tokens in pieces.

    A piece ends behind a mark, else before a word that begins with a closure, else between two others, else anywhere.
    """
    found: list[Piece] = []
    start, count = 0, len(symbols)
    while start < count:
        most = LATER if found else FIRST
        end = count if count - start <= most + AHEAD else start + most
        if end < count:
            end = _border(symbols, start + most // 2, end)
        found.append(Piece(max(0, start - BEHIND), start, end, min(count, end + AHEAD)))
        start = end
    return found


def _border(symbols: Sequence[Symbol], least: int, most: int) -> int:
    """The token of a range before which a piece ends best."""
    places = [place for place in range(least, most + 1) if _parts(symbols, place)]
    marks = [place for place in places if any(symbol.text in PAUSE_MS for symbol in symbols[place - 2 : place])]
    closures = [place for place in places if symbols[place].text in _CLOSURES]
    return (marks or closures or places or [most])[-1]


def _parts(symbols: Sequence[Symbol], place: int) -> bool:
    """Whether one word ends before a token, and another one begins with it."""
    before, after = symbols[place - 1], symbols[place]
    return before.text in PAUSES and after.text not in PAUSES and before.word != after.word


def stretches(symbols: Sequence[Symbol], words: Sequence[Word]) -> list[tuple[int, list[Symbol]]]:
    """A clause's tokens between the breaks that its words ask for, each with the samples of silence before it."""
    found: list[tuple[int, list[Symbol]]] = []
    rest, silence = list(symbols), 0
    for index, word in enumerate(words):
        if word.pause_ms:
            before = [symbol for symbol in rest if symbol.word < index]
            if any(symbol.text not in PAUSES for symbol in before):
                found.append((silence, before))
                rest, silence = rest[len(before) :], 0
            silence += silence_of(word.pause_ms)
    if any(symbol.text not in PAUSES for symbol in rest):
        found.append((silence, rest))
    return found


def silence_of(milliseconds: int) -> int:
    """Samples of silence, whole units."""
    return round(milliseconds * SPEECH_RATE / 1000 / UNIT) * UNIT
