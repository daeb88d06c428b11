"""The lid that is made for an eye: where its lashes lie, what it covers, and what its skin looks like."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.face.eyes import Eye
from avatar.face.lids import lash_colour, lid_cover, shut_line
from tests.unit.face.drawn import SKIN, drawn_rig

RIG = drawn_rig(256)
EYES = (RIG.right_eye, RIG.left_eye)


@pytest.mark.parametrize("eye", EYES)
def test_the_lashes_of_a_shut_eye_hang_below_the_lower_lid(eye: Eye) -> None:
    across, lower, shut = eye.place[..., 0], eye.place[..., 3], eye.place[..., 4]
    within = (across > 0.1) & (across < 0.9)
    assert (shut[within] > lower[within]).all()
    assert shut.max() < lower.max() + 0.35 * eye.axis[2], "and not on the cheek"


@pytest.mark.parametrize(("eye", "outward"), [(EYES[0], -1.0), (EYES[1], 1.0)])
def test_the_outer_end_lies_lower_and_the_line_reaches_further_there(eye: Eye, outward: float) -> None:
    line = shut_line(eye.place, float(eye.axis[2]), outward)
    side = outward * (eye.place[..., 0] - 0.5)
    ends = [(side > end - 0.02) & (side < end + 0.02) for end in (-0.5, 0.5)]
    inner, outer = (line[end] for end in ends)
    assert np.median(outer[:, 0]) > np.median(inner[:, 0])
    assert np.median(outer[:, 1]) >= np.median(inner[:, 1])
    mirrored = shut_line(eye.place, float(eye.axis[2]), -outward)
    assert np.median(mirrored[ends[1]][:, 0]) < np.median(mirrored[ends[0]][:, 0])


@pytest.mark.parametrize("eye", EYES)
def test_the_skin_covers_the_eye_and_fades_out_around_it(eye: Eye) -> None:
    cover = lid_cover(eye.place, eye.axis)
    across, below, upper, lower = np.moveaxis(eye.place[..., :4], -1, 0)
    ball = (across > 0.0) & (across < 1.0) & (below > upper) & (below < lower)
    assert (cover[ball] > 0.99).all()
    assert max(cover[0].max(), cover[-1].max(), cover[:, 0].max(), cover[:, -1].max()) < 0.1
    line = (np.abs(below - eye.place[..., 4]) < 1.0) & (across > 0.0) & (across < 1.0)
    assert (cover[line] > 0.9).all(), "nothing of the open eye shows beside the lashes"


@pytest.mark.parametrize("eye", EYES)
def test_the_lid_is_skin_and_lighter_than_what_lies_beneath_the_lashes(eye: Eye) -> None:
    across, below, shut = eye.place[..., 0], eye.place[..., 1], eye.place[..., 4]
    width, middle = eye.axis[2], (across > 0.2) & (across < 0.8)
    lid = eye.skin[middle & (below < shut - 0.1 * width) & (below > shut - 0.2 * width)].mean(axis=0)
    under = eye.skin[middle & (below > shut + 0.06 * width) & (below < shut + 0.12 * width)].mean(axis=0)
    assert np.abs(lid / np.array(SKIN) - 1.0).max() < 0.35
    assert under.sum() < 0.95 * lid.sum()


def test_lashes_are_darker_than_a_pale_eye_shows() -> None:
    eye = RIG.left_eye
    pale = np.full_like(eye.photo, 200.0)
    assert (lash_colour(pale, pale, eye.place, float(eye.axis[3])) < 100.0).all()
    dark = np.full_like(eye.photo, 12.0)
    assert np.allclose(lash_colour(dark, pale, eye.place, float(eye.axis[3])), 12.0)
