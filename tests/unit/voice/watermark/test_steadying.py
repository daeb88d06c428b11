"""Marked speech is as loud as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.loudness import integrated
from avatar.voice.watermark import Marker, MarkNetwork, SteadyMarker
from tests.unit.voice.watermark.test_marking import state, tone


def marked(network: MarkNetwork, sound: Samples, piece: int) -> Samples:
    marker = SteadyMarker(network)
    pieces = [sound[at : at + piece] for at in range(0, sound.size, piece)]
    return np.concatenate([*(marker.push(each) for each in pieces), marker.flush()])


@pytest.mark.parametrize("shift_db", [-1.2, 1.3])
@pytest.mark.parametrize("piece", [2400, 9600])
def test_what_the_mark_takes_or_gives_is_made_up_for(shift_db: float, piece: int) -> None:
    network, speech = MarkNetwork(state(shift_db=shift_db)), tone(500, 3.0)
    marker = Marker(network)
    plain = np.concatenate([marker.push(speech), marker.flush()])
    assert integrated(plain) == pytest.approx(integrated(speech) + shift_db, abs=0.1)
    assert integrated(marked(network, speech, piece)) == pytest.approx(integrated(speech), abs=0.25)


def test_the_gain_has_no_step() -> None:
    speech = np.concatenate([tone(500, 1.0), tone(5000, 1.0), tone(500, 1.0)])
    network = MarkNetwork(state(shift_db=3.0))
    marker = Marker(network)
    plain = np.concatenate([marker.push(speech), marker.flush()])
    steady = marked(network, speech, 4800)
    loud = np.abs(plain) > 0.05
    gains = steady[loud] / plain[loud]
    assert np.abs(np.diff(gains)).max() < 0.002


@settings(max_examples=30)
@given(sizes=st.lists(st.integers(0, 5000), max_size=8))
def test_blocks_of_any_length_give_as_many_samples(sizes: list[int]) -> None:
    marker = SteadyMarker(MarkNetwork(state(shift_db=1.0)))
    given_back = sum(marker.push(tone(700, 1.0)[:size]).size for size in sizes) + marker.flush().size
    assert given_back == sum(sizes)


def test_silence_stays_silent() -> None:
    silence = np.zeros(SPEECH_RATE, dtype=np.float32)
    assert not marked(MarkNetwork(state(shift_db=1.0)), silence, 2400).any()
