"""Seams, cross-fades, splices, and the click detector that judges them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples
from avatar.voice.editing.clicks import clicks
from avatar.voice.editing.features import HOP, features
from avatar.voice.editing.seams import Border, crossfaded, in_step, seam, spliced
from tests.unit.voice.editing.talker import syllable

RATE = SPEECH_RATE


def tone(hertz: float, seconds: float, phase: float = 0.0) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(0.3 * np.sin(2 * np.pi * hertz * time + phase), dtype=np.float32)


def joined(one: Samples, other: Samples, fade: int) -> Samples:
    """The first half of one and the second half of the other."""
    half = one.size // 2
    middle = crossfaded(one[half : half + fade, None], other[half : half + fade, None])[:, 0] if fade else one[:0]
    return np.concatenate([one[:half], middle, other[half + fade :]])


def test_a_hard_cut_clicks_and_a_cross_fade_does_not() -> None:
    one, other = tone(150, 1.0), tone(210, 1.0, 2.0)
    place = one.size // 2
    assert clicks(joined(one, other, 0), RATE, [place]) == [place]
    assert clicks(joined(one, other, 288), RATE, [place + 144]) == []
    assert clicks(one, RATE, [place]) == []


def test_a_click_is_found_in_noise_that_is_lower() -> None:
    noise = (0.003 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
    assert clicks(noise, RATE, [RATE // 2]) == []
    noise[RATE // 2 :] += 0.2
    assert clicks(noise, RATE, [RATE // 2]) == [RATE // 2]


def power(waves: NDArray[np.float32]) -> float:
    return float(np.mean(waves.astype(np.float64) ** 2))


def test_a_cross_fade_keeps_the_power() -> None:
    draw = np.random.default_rng(0)
    one, other = (draw.standard_normal((48_000, 1)).astype(np.float32) for _ in range(2))
    assert power(crossfaded(one, other)) == pytest.approx(1.0, abs=0.03)
    assert np.allclose(crossfaded(one, one), one, atol=1e-5)
    assert crossfaded(one[:0], one[:0]).shape == (0, 1)


def test_voices_are_brought_into_step() -> None:
    sound = tone(120, 0.5)
    before = sound[2000:2288]
    shift = in_step(before, sound, 2000 + 37, 120, 288)
    assert abs(37 + shift) <= 2
    assert in_step(np.zeros(288, np.float32), sound, 100, 60, 288) == 0


def test_a_seam_lies_in_the_silence() -> None:
    pause = np.zeros(RATE // 10, dtype=np.float32)
    sound = np.concatenate([syllable("a", 120, 0.4), pause, syllable("b", 120, 0.4)])
    begin = round(0.5 * RATE)
    seen = features(sound)
    border = Border(round(0.4 * RATE), begin)
    found = seam(seen, seen, border, border)
    assert 0.4 * RATE - HOP <= found.left <= begin + HOP
    assert found.left == found.right
    assert found.cost < 0.2


def test_a_seam_without_silence_lies_where_both_are_alike() -> None:
    sound = np.concatenate([syllable("a", 120, 0.3), syllable("b", 120, 0.3)])
    seen = features(sound)
    place = round(0.3 * RATE)
    found = seam(seen, seen, Border(place, place), Border(place, place))
    assert abs(found.left - place) <= 0.07 * RATE
    assert abs(found.left - found.right) <= 2 * HOP


@pytest.mark.parametrize("place", [0, 2400])
def test_a_seam_at_the_ends_of_a_sound(place: int) -> None:
    seen = features(syllable("a", 120, 0.1))
    found = seam(seen, seen, Border(place, place), Border(place, place))
    assert 0 <= found.left <= 2400


def test_a_splice_leaves_the_rest() -> None:
    raw = np.arange(20, dtype=np.int16).reshape(-1, 2)
    out = spliced(raw, [(2, 4, raw[:1] * 0), (7, 7, raw[:2] * 0 - 1)])
    assert out.tolist() == [*raw[:2].tolist(), [0, 0], *raw[4:7].tolist(), [-1, -1], [-1, -1], *raw[7:].tolist()]
