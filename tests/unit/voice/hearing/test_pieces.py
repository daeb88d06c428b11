"""Where a recording is cut."""

from __future__ import annotations

import numpy as np

from avatar.media import Samples
from avatar.voice.hearing.pieces import LONGEST_S, pieces
from avatar.voice.hearing.vad import WINDOW

PER_SECOND = 16_000 / WINDOW


def activity(*parts: tuple[float, float]) -> Samples:
    """Probabilities from pairs of seconds and probability."""
    return np.concatenate([np.full(round(length * PER_SECOND), value, dtype=np.float32) for length, value in parts])


def seconds(probabilities: Samples) -> list[tuple[float, float]]:
    found = pieces(probabilities, probabilities.size * WINDOW)
    return [(round(piece.start / 16_000, 1), round(piece.end / 16_000, 1)) for piece in found]


def test_silence_has_no_pieces() -> None:
    assert seconds(activity((5, 0.1))) == []
    assert pieces(np.zeros(0, dtype=np.float32), 0) == []


def test_a_click_is_no_speech() -> None:
    assert seconds(activity((2, 0.0), (0.032, 0.9), (2, 0.0))) == []


def test_silence_around_the_speech_is_left_out() -> None:
    assert seconds(activity((5, 0.0), (2, 0.9), (5, 0.0))) == [(4.7, 7.4)]


def test_a_short_pause_stays_inside_a_piece_and_a_long_one_does_not() -> None:
    assert len(seconds(activity((2, 0.9), (1.0, 0.0), (2, 0.9)))) == 1
    assert len(seconds(activity((2, 0.9), (2.0, 0.0), (2, 0.9)))) == 2


def test_long_speech_is_cut_where_it_is_least_likely() -> None:
    found = seconds(activity((8, 0.9), (0.2, 0.4), (8, 0.9)))
    assert len(found) == 2
    assert 7.9 <= found[0][1] <= 8.3
    assert all(end - start <= LONGEST_S for start, end in found)


def test_ten_minutes_without_a_pause_are_cut_all_the_same() -> None:
    found = seconds(activity((600, 0.9)))
    assert all(end - start <= LONGEST_S for start, end in found)
    assert found[0][0] == 0.0
    assert found[-1][1] == 600.0
