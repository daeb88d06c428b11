"""A clause whose encoding grows: what is told of it, and where its pieces meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from avatar.voice.speaking.acoustics import Encoded
from avatar.voice.speaking.graph import UNIT
from avatar.voice.speaking.pieces import Piece
from avatar.voice.speaking.timeline import SILENCE
from avatar.voice.speaking.unfolding import Stretch, Unfolding
from avatar.voice.speaking.words import Symbol, Word

COUNT = 40
SYMBOLS = [Symbol("a" if place % 4 else "t", place // 4) for place in range(COUNT)]
WORDS = [Word(f"w{number} ", "w", "en") for number in range(COUNT // 4)]
PIECES = [Piece(0, 0, 12, 20), Piece(4, 12, 28, 36), Piece(20, 28, COUNT, COUNT)]
LASTS = 3
"""Units of a token."""


class Voice:
    """Tokens of three units each. Each encoding is higher and louder than the one before."""

    def __init__(self) -> None:
        self.seen: list[Piece] = []

    def encode(self, stretch: Sequence[Symbol], piece: Piece) -> Encoded:
        assert len(stretch) == COUNT
        step, symbols = len(self.seen), stretch[piece.before : piece.after]
        self.seen.append(piece)
        owners = np.repeat(np.arange(len(symbols) + 2), LASTS)[LASTS:-LASTS]
        silent = [symbols[owner - 1].text == "t" for owner in owners]
        energy = np.where(np.repeat(silent, 2), -9.0, 5.0 + step).astype(np.float32)
        features = np.full((1, 1, owners.size), step, np.float32)
        f0 = np.full((1, 2 * owners.size), 100.0 * 1.1**step, np.float32)
        return Encoded(owners, features, f0, energy[None], np.zeros((1, 256), np.float32))


def clause(pause: int = 0) -> tuple[Unfolding, Stretch]:
    stretch = Stretch(SYMBOLS, PIECES, Voice().encode)
    return Unfolding(WORDS, [stretch], pause), stretch


def test_no_more_is_encoded_than_is_asked_for() -> None:
    voice = Voice()
    stretch = Stretch(SYMBOLS, PIECES, voice.encode)
    assert not stretch.begun
    stretch.reach(1)
    stretch.reach(10)
    assert (len(voice.seen), stretch.complete) == (1, False)
    stretch.reach(40)
    assert voice.seen == PIECES[:2]
    stretch.reach(10_000)
    assert (len(voice.seen), stretch.complete) == (3, True)
    stretch.reach(20_000)
    assert len(voice.seen) == 3


def test_pieces_meet_where_a_word_begins_to_sound() -> None:
    _, stretch = clause()
    stretch.reach(10_000)
    owners, made = stretch.encoded.owners, stretch.encoded.features[0, 0]
    assert owners.tolist() == np.repeat(np.arange(1, COUNT + 1), LASTS).tolist()
    assert [owners[place] for place in np.flatnonzero(np.diff(made)) + 1] == [13, 29]


def test_what_is_known_stays_as_it_is() -> None:
    _, stretch = clause()
    stretch.reach(1)
    first = stretch.encoded
    stretch.reach(10_000)
    units = first.owners.size
    assert np.array_equal(stretch.encoded.f0[:, : 2 * units], first.f0)
    assert np.array_equal(stretch.encoded.energy[:, : 2 * units], first.energy)
    assert np.array_equal(stretch.encoded.features[:, :, :units], first.features)


def test_pitch_and_loudness_do_not_step_where_pieces_meet() -> None:
    _, stretch = clause()
    stretch.reach(10_000)
    f0, energy = stretch.encoded.f0[0], stretch.encoded.energy[0]
    assert np.abs(np.diff(f0)).max() < 1.0
    assert f0[-1] > 115
    loud = energy[energy > 0]
    assert np.abs(np.diff(loud)).max() < 0.7
    assert loud[-1] > 6.5


def test_without_a_voiced_sound_before_the_join_pitch_is_left() -> None:
    voice = Voice()

    def voiceless(stretch: Sequence[Symbol], piece: Piece) -> Encoded:
        made = voice.encode(stretch, piece)
        return replace(made, f0=made.f0 * np.float32(len(voice.seen) > 1))

    stretch = Stretch(SYMBOLS, PIECES, voiceless)
    stretch.reach(10_000)
    assert set(np.round(stretch.encoded.f0[0, :75])) == {0.0, 110.0}
    assert np.isfinite(stretch.encoded.f0).all()


def test_the_timeline_grows_and_what_was_told_stays() -> None:
    told, stretch = clause(pause=2400)
    told.begin()
    assert (told.length, told.pause) == (None, None)
    phones, words = list(told.phones), list(told.words)
    assert [word.text for word in words] == ["w0 ", "w1 ", "w2 "]
    assert phones[-1].end == stretch.encoded.owners.size * UNIT - 2 * UNIT
    told.tell()
    assert told.phones == phones
    stretch.reach(10_000)
    told.tell()
    assert (told.phones[: len(phones)], told.words[: len(words)]) == (phones, words)
    assert told.length == COUNT * LASTS * UNIT + 2400 == told.phones[-1].end
    assert told.phones[-1].phone == SILENCE
    assert all(before.end == after.start for before, after in pairwise(told.phones))
    assert "".join(word.text for word in told.words) == "".join(word.written for word in WORDS)


@pytest.mark.parametrize("pulled", [(1, 10_000), (50, 60, 100, 10_000), (10_000,)])
def test_it_is_the_same_however_it_is_asked_for(pulled: tuple[int, ...]) -> None:
    expected, one = clause()
    one.reach(10_000)
    expected.tell()
    told, other = clause()
    for units in pulled:
        other.reach(units)
        told.tell()
    assert (told.phones, told.words, told.length) == (expected.phones, expected.words, expected.length)
    assert np.array_equal(other.encoded.f0, one.encoded.f0)
    assert np.array_equal(other.encoded.energy, one.encoded.energy)


def test_short_stretches_are_known_at_once_with_the_silence_between() -> None:
    whole = [Piece(0, 0, COUNT, COUNT)]
    told = Unfolding([*WORDS, *WORDS], [Stretch(SYMBOLS, whole, Voice().encode, 0), second(whole)], 0)
    told.begin()
    length = COUNT * LASTS * UNIT
    assert told.length == 2 * length + 4800
    assert next(span for span in told.phones if span.start == length).end == length + 4800
    assert len(told.words) == 2 * len(WORDS)


def second(whole: Sequence[Piece]) -> Stretch:
    later = [Symbol(symbol.text, symbol.word + len(WORDS)) for symbol in SYMBOLS]
    return Stretch(later, whole, Voice().encode, 4800)
