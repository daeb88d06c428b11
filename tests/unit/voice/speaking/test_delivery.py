"""What a style does to pitch and energy, and that it does no more."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from avatar.stages import Style
from avatar.voice.speaking.acoustics import Encoded
from avatar.voice.speaking.delivery import DELIVERIES, Delivery
from avatar.voice.speaking.marks import parse, styled

F0 = np.array([[0, 100, 200, 200, 100, 0, 150, 150]], np.float32)
ENERGY = np.array([[-9, 8, 10, 10, 6, -9, 2, 0]], np.float32)
ENCODED = Encoded(np.zeros(4, np.int64), np.zeros((1, 512, 4), np.float32), F0, ENERGY, np.zeros((1, 256), np.float32))


def middle(f0: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    return float(np.exp(np.log(f0[f0 > 10]).mean()))


@pytest.mark.parametrize("style", get_args(Style))
def test_every_style_stays_the_same_speaker(style: Style) -> None:
    delivery = DELIVERIES[style]
    shaped = delivery.shaped(ENCODED)
    assert shaped.f0.dtype == shaped.energy.dtype == np.float32
    assert shaped.f0.shape == F0.shape and shaped.energy.shape == ENERGY.shape
    assert ((shaped.f0 > 10) == (F0 > 10)).all(), "what has no pitch gets none"
    assert middle(shaped.f0) == pytest.approx(middle(F0) * delivery.pitch, rel=1e-4)
    assert 0.95 <= delivery.pitch <= 1.05 and 0.8 <= delivery.lift <= 1.2 and abs(delivery.energy) <= 1.0
    assert (shaped.energy[ENERGY <= 0] == ENERGY[ENERGY <= 0]).all(), "silence stays silence"
    assert np.abs(shaped.energy - ENERGY).max() <= abs(delivery.energy) + 1e-6


def test_calm_is_the_voice_as_it_is() -> None:
    assert DELIVERIES["calm"].shaped(ENCODED) is ENCODED


def test_sorrow_is_low_level_and_soft_and_amusement_is_not() -> None:
    sad, amused = DELIVERIES["sad"].shaped(ENCODED), DELIVERIES["amused"].shaped(ENCODED)
    assert middle(sad.f0) < middle(F0) < middle(amused.f0)
    assert np.ptp(sad.f0[F0 > 10]) < np.ptp(F0[F0 > 10]) < np.ptp(amused.f0[F0 > 10])
    assert sad.energy.max() < ENERGY.max() < amused.energy.max()


def test_speech_without_pitch_is_no_error() -> None:
    silent = Encoded(ENCODED.owners, ENCODED.features, np.zeros_like(F0), ENERGY, ENCODED.style)
    assert (Delivery(pitch=1.2, lift=2.0).shaped(silent).f0 == 0).all()


def test_a_clause_has_one_style() -> None:
    assert styled("他走了。", "calm") == "他走了。"
    marked = parse(styled('<style name="amused">他<break time="1s"/>走了。</style>', "sad"))
    assert marked.text == "他走了。" and marked.style == "sad"
    assert [mark.kind for mark in marked.marks] == ["style", "break"]
    assert parse(styled('<style name="sad">他走了。', "calm")).style is None
