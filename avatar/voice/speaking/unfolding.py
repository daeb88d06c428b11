"""A clause that becomes known piece by piece: its beginning at once, so that it sounds early, the rest as it is needed.

Neighbouring pieces are joined where a word begins to sound. Both encodings saw the words before that place; by how much
they differ there, the later one is raised or lowered, and this is phased out, so that nothing steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from avatar.media import PhoneSpan, WordSpan
from avatar.voice.speaking.acoustics import Encoded, Floats
from avatar.voice.speaking.graph import UNIT
from avatar.voice.speaking.pieces import FIRST, Piece
from avatar.voice.speaking.timeline import SILENCE, Writing, audible, phone_spans, word_of_unit
from avatar.voice.speaking.words import Symbol, Word

Encode = Callable[[Sequence[Symbol], Piece], Encoded]
"""Encodes what is seen of a piece of a stretch, whose tokens are given; long silences are cut out."""

_SHARED = 12
"""Tokens before a join, two or three syllables, by which two encodings are compared."""

_PHASED_OUT = 16
"""Values of F0 and energy, 0.2 s, over which their difference vanishes."""

_VOICED_HZ = 10.0


class Stretch:
    """Speech without a break, encoded as far as it is asked for: an `acoustics.Course`. Not shared between threads.

    Args:
        symbols: its tokens.
        pieces: in which it is encoded.
        encode: makes a piece, and what surrounds it.
        before: samples of silence that precede it, whole units.

    Attributes:
        encoded: what is known of it; only after the first `reach`.
    """

    encoded: Encoded

    def __init__(self, symbols: Sequence[Symbol], pieces: Sequence[Piece], encode: Encode, before: int = 0) -> None:
        self.symbols = symbols
        self.before = before
        self.begun = False
        self._pieces = list(pieces)
        self._encode = encode
        self._seen: Encoded | None = None

    @property
    def complete(self) -> bool:
        """Whether all is known."""
        return not self._pieces

    @property
    def words_end(self) -> int | None:
        """The word after those that are known; None where all are."""
        return self.symbols[self._pieces[0].start].word if self._pieces else None

    def reach(self, units: int) -> None:
        """Let so many units be known, or all."""
        while self._pieces and (not self.begun or self.encoded.owners.size < units):
            self._grow(self._pieces.pop(0))

    def _grow(self, piece: Piece) -> None:
        seen = self._encode(self.symbols, piece)
        seen = replace(seen, owners=seen.owners + piece.before)
        first = _beginning(seen, piece.start) if piece.start else 0
        last = _beginning(seen, piece.end) if self._pieces else seen.owners.size
        if self._seen is not None:
            seen = _continuing(self._seen, seen, piece.start, first)
        part = _between(seen, first, last)
        self.encoded = _joined(self.encoded, part) if self.begun else part
        self.begun, self._seen = True, seen


class Unfolding:
    """The timeline of a clause, as far as it is known.

    Args:
        words: the clause's.
        stretches: one after the other; each begins when the one before it is complete.
        pause: samples of silence after the last.

    Attributes:
        phones, words: grow when `tell` is called; what stands in them stays.
    """

    def __init__(self, words: Sequence[Word], stretches: Sequence[Stretch], pause: int) -> None:
        self.stretches = stretches
        self.phones: list[PhoneSpan] = []
        self.words: list[WordSpan] = []
        self._pause = pause
        self._writing = Writing(words)
        self._count = len(words)
        self._place = self._told = self._at = 0

    def begin(self) -> None:
        """Let the beginning be known: as many stretches as there are in a first piece."""
        tokens = 0
        for stretch in self.stretches:
            stretch.reach(1)
            tokens += len(stretch.symbols)
            if tokens > FIRST:
                break
        self.tell()

    @property
    def pause(self) -> int | None:
        """Samples of silence at the end; None while that is not in sight."""
        return self._pause if all(stretch.complete for stretch in self.stretches) else None

    @property
    def length(self) -> int | None:
        """Samples of all of it; None while they are not known."""
        return None if self.pause is None else self._at + self.pause

    @property
    def energy(self) -> Floats:
        """Float32 [n], a value each 12.5 ms, of all that is known."""
        return np.concatenate([stretch.encoded.energy[0] for stretch in self.stretches if stretch.begun])

    def tell(self) -> None:
        """Add what became known."""
        while self._place < len(self.stretches) and self.stretches[self._place].begun:
            stretch = self.stretches[self._place]
            known = stretch.encoded.owners.size
            if self._told == 0:
                self._silence(stretch.before)
            self._speech(stretch, known)
            self._told = known
            if not stretch.complete:
                return
            self._at += known * UNIT
            self._place, self._told = self._place + 1, 0
            if self._place == len(self.stretches):
                self._end()

    def _silence(self, length: int) -> None:
        if length:
            self.phones.append(PhoneSpan(SILENCE, self._at, self._at + length))
            self._writing.hear([-1] * (length // UNIT))
            self._at += length

    def _speech(self, stretch: Stretch, known: int) -> None:
        """What is new of a stretch."""
        if known == self._told:
            return
        for span in phone_spans(stretch.symbols, stretch.encoded, self._told, ends=stretch.complete):
            self.phones.append(PhoneSpan(span.phone, self._at + span.start, self._at + span.end))
        self._writing.hear(word_of_unit(stretch.symbols, stretch.encoded)[self._told :])
        self.words += self._writing.until(self._words_end(stretch))

    def _words_end(self, stretch: Stretch) -> int:
        """The word after those that are known as a whole."""
        if stretch.words_end is not None:
            return stretch.words_end
        after = self.stretches[self._place + 1 :]
        return after[0].symbols[0].word if after else self._count

    def _end(self) -> None:
        end = self._at + self._pause
        if self._pause and self.phones and self.phones[-1].phone == SILENCE:
            self.phones[-1] = replace(self.phones[-1], end=end)
        elif self._pause:
            self.phones.append(PhoneSpan(SILENCE, self._at, end))


def _beginning(encoded: Encoded, token: int) -> int:
    """The unit in which something of a token, or of those after it, is heard first."""
    units = np.flatnonzero(encoded.owners > token)
    heard = units[audible(encoded.energy)[units]]
    return int(heard[0] if heard.size else units[0] if units.size else encoded.owners.size)


def _between(encoded: Encoded, first: int, last: int) -> Encoded:
    """Some of its units."""
    frames = slice(2 * first, 2 * last)
    return replace(
        encoded,
        owners=encoded.owners[first:last],
        features=encoded.features[:, :, first:last],
        f0=encoded.f0[:, frames],
        energy=encoded.energy[:, frames],
    )


def _joined(one: Encoded, other: Encoded) -> Encoded:
    return replace(
        one,
        owners=np.concatenate([one.owners, other.owners]),
        features=np.concatenate([one.features, other.features], axis=2),
        f0=np.concatenate([one.f0, other.f0], axis=1),
        energy=np.concatenate([one.energy, other.energy], axis=1),
    )


def _continuing(before: Encoded, after: Encoded, token: int, first: int) -> Encoded:
    """The later of two encodings, bent from a unit on to where the earlier one leaves off."""
    (tune, loud), (own_tune, own_loud) = (_over_shared(each, token) for each in (before, after))
    share = np.clip(1 - (np.arange(after.energy.shape[1]) - 2 * first) / _PHASED_OUT, 0, 1)
    f0 = np.where(after.f0 > _VOICED_HZ, after.f0 * np.exp(share * _lacking(own_tune, tune)), after.f0)
    energy = after.energy + share * _lacking(own_loud, loud)
    return replace(after, f0=f0.astype(np.float32), energy=energy.astype(np.float32))


def _over_shared(encoded: Encoded, token: int) -> tuple[Floats, Floats]:
    """The logarithm of F0 where there is one, and the energy, over what is heard of the tokens before one."""
    units = (encoded.owners > token - _SHARED) & (encoded.owners <= token)
    frames = np.repeat(units & audible(encoded.energy), 2)
    f0 = encoded.f0[0, frames]
    return np.log(f0[f0 > _VOICED_HZ]), encoded.energy[0, frames]


def _lacking(own: Floats, other: Floats) -> float:
    """What the mean of one lacks to that of the other."""
    return float(other.mean() - own.mean()) if own.size and other.size else 0.0
