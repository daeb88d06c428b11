"""Silence at the ends of speech that comes in pieces."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.speaking.trimming import LEAD, TAIL, Trimmer


def trimmed(sound: Samples, step: int) -> Samples:
    trimmer = Trimmer()
    return np.concatenate(
        [*(trimmer.push(sound[at : at + step]) for at in range(0, sound.size, step)), trimmer.flush()]
    )


def speech(before: int, inside: int, after: int) -> Samples:
    """Two sounds with silence around them and between."""
    loud = np.full(4000, 0.5, dtype=np.float32)
    return np.concatenate([np.zeros(before), loud, np.zeros(inside), loud, np.zeros(after)]).astype(np.float32)


def test_the_ends_are_cut_and_the_pause_inside_stays() -> None:
    sound = trimmed(speech(SPEECH_RATE, 9000, 2 * SPEECH_RATE), 1111)
    assert sound.size == LEAD + 4000 + 9000 + 4000 + TAIL
    assert not sound[:LEAD].any()
    assert sound[LEAD] == 0.5
    assert not sound[-TAIL:].any()


def test_sound_that_breaks_off_fades() -> None:
    sound = trimmed(speech(0, 0, 0), 700)
    assert sound.size == 8000
    assert sound[-1] == 0
    assert np.abs(np.diff(sound[10:])).max() < 0.01


def test_silence_is_nothing() -> None:
    assert trimmed(np.full(5000, 0.001, dtype=np.float32), 500).size == 0
    assert Trimmer().flush().size == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000), st.integers(50, 6000))
def test_the_pieces_do_not_matter(before: int, inside: int, after: int, step: int) -> None:
    sound = speech(before, inside, after)
    assert np.array_equal(trimmed(sound, step), trimmed(sound, sound.size))
