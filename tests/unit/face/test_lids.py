"""The lid that is made for an eye: where its lashes lie, what it covers, and what its skin looks like."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.face.eyes import Eye
from avatar.face.lashes import edge_width, lash_colour
from avatar.face.lids import around_eye, lid_cover, lid_skin, shut_line
from avatar.face.rig import assemble
from tests.unit.face.drawn import SKIN, drawn_face, drawn_landmarks, drawn_rig

RIG = drawn_rig(256)
EYES = (RIG.right_eye, RIG.left_eye)
SIDES = [(EYES[0], -1.0), (EYES[1], 1.0)]


@pytest.mark.parametrize("eye", EYES)
def test_the_lashes_of_a_shut_eye_hang_below_the_lower_lid(eye: Eye) -> None:
    across, lower, shut = eye.place[..., 0], eye.place[..., 3], eye.place[..., 4]
    within = (across > 0.1) & (across < 0.9)
    assert (shut[within] > lower[within]).all()
    assert shut.max() < lower.max() + 0.35 * eye.axis[2], "and not on the cheek"


@pytest.mark.parametrize(("eye", "outward"), SIDES)
def test_the_outer_end_lies_lower_and_the_lashes_reach_further_there(eye: Eye, outward: float) -> None:
    side = outward * (eye.place[..., 0] - 0.5)
    inner, outer = ((side > end - 0.02) & (side < end + 0.02) for end in (-0.5, 0.5))
    line = shut_line(eye.place, eye.axis, outward)
    assert np.median(line[outer]) > np.median(line[inner])
    assert eye.fringe[outer].max() > eye.fringe[inner].max()
    mirrored = shut_line(eye.place, eye.axis, -outward)
    assert np.median(mirrored[outer]) < np.median(mirrored[inner])


@pytest.mark.parametrize(("eye", "outward"), SIDES)
def test_the_skin_covers_the_eye_and_fades_out_around_it(eye: Eye, outward: float) -> None:
    away = around_eye(eye.place, eye.axis, outward)
    cover = lid_cover(eye.photo, lid_skin(eye.photo, eye.place, eye.axis, away), eye.place, eye.axis, away)
    across, below, upper, lower = np.moveaxis(eye.place[..., :4], -1, 0)
    ball = (across > 0.0) & (across < 1.0) & (below > upper) & (below < lower)
    assert (cover[ball] > 0.99).all()
    assert max(cover[0].max(), cover[-1].max(), cover[:, 0].max(), cover[:, -1].max()) < 0.1
    line = (np.abs(below - eye.place[..., 4]) < 1.0) & (across > 0.0) & (across < 1.0)
    assert (cover[line] > 0.9).all(), "nothing of the open eye shows beside the lashes"


@pytest.mark.parametrize("eye", EYES)
def test_the_lid_is_rounded_skin_above_a_shadow(eye: Eye) -> None:
    across, below, upper, shut = (eye.place[..., layer] for layer in (0, 1, 2, 4))
    width, middle = float(eye.axis[2]), (across > 0.2) & (across < 0.8)
    bulge = middle & (np.abs(below - (upper + shut) / 2) < 0.08 * width)
    edge = middle & (below < shut) & (below > shut - 0.03 * width)
    under = middle & (below > shut + 0.02 * width) & (below < shut + 0.08 * width)
    lid = eye.skin[bulge].mean(axis=0)
    assert np.abs(lid / np.array(SKIN) - 1.0).max() < 0.35
    assert eye.skin[edge].mean() < lid.mean()
    assert eye.skin[under].mean() < 0.85 * eye.skin[edge].mean()


def test_the_grain_of_the_cheek_is_the_grain_of_the_lid() -> None:
    picture, mask = drawn_face(256)
    noise = np.random.default_rng(1).normal(0.0, 6.0, picture.shape)
    grainy = np.clip(picture + noise, 0, 255).astype(np.uint8)
    rough, even = (
        float((eye.skin - cv2.GaussianBlur(eye.skin, (0, 0), 2.0))[_lid(eye)].std())
        for eye in (assemble(grainy, drawn_landmarks(256), mask).left_eye, RIG.left_eye)
    )
    assert rough > 1.5
    assert rough > 2.0 * even


def _lid(eye: Eye) -> NDArray[np.bool_]:
    """bool [height, width]: the middle of the shut lid, away from the lashes' shadow."""
    across, below, upper, _, shut = np.moveaxis(eye.place[..., :5], -1, 0)
    return np.asarray((across > 0.2) & (across < 0.8) & (below > upper) & (below < shut - 8.0), dtype=np.bool_)


def test_lashes_hang_down_from_the_line() -> None:
    for eye in EYES:
        away, width = eye.place[..., 1] - eye.place[..., 4], float(eye.axis[2])
        hanging, standing = (
            float(eye.fringe[(sign * away > 0.07 * width) & (sign * away < 0.1 * width)].max()) for sign in (1, -1)
        )
        assert eye.fringe[np.abs(away) < 1.0].max() > 0.6
        assert hanging > 2.0 * standing


def test_a_soft_photograph_gets_soft_lashes() -> None:
    sharp = np.zeros((60, 80, 3), np.float32)
    sharp[:, 40:] = 200.0
    widths = [edge_width(np.asarray(cv2.GaussianBlur(sharp, (0, 0), blur), np.float32)) for blur in (0.5, 2.0, 5.0)]
    assert widths[0] < widths[1] < widths[2] <= 4.0


def test_lashes_are_darker_than_a_pale_eye_shows() -> None:
    eye = RIG.left_eye
    pale = np.full_like(eye.photo, 200.0)
    assert (lash_colour(pale, pale, eye.place, float(eye.axis[3])) < 100.0).all()
    dark = np.full_like(eye.photo, 12.0)
    assert np.allclose(lash_colour(dark, pale, eye.place, float(eye.axis[3])), 12.0)
