"""Comparing what lips did with what they were meant to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.errors import InputError
from avatar.face.film import write_film
from avatar.face.measure import correlation, film_frames

RNG = np.random.default_rng(1)
TRACK = np.convolve(RNG.uniform(0, 1, 120), np.ones(3) / 3, mode="same").astype(np.float32)


@pytest.mark.parametrize("late", [-2, -1, 0, 1, 2])
def test_the_lag_is_found(late: int) -> None:
    found = correlation(np.roll(TRACK, late), TRACK)
    assert found.lag == late
    assert found.r > 0.99
    assert found.r_at_zero <= found.r


def test_scale_offset_and_noise_do_not_hide_agreement() -> None:
    noisy = (0.4 * TRACK + 0.05 + 0.01 * RNG.standard_normal(TRACK.size)).astype(np.float32)
    found = correlation(noisy, TRACK)
    assert found.lag == 0
    assert 0.9 < found.r < 1.0


def test_unrelated_tracks_do_not_agree() -> None:
    assert abs(correlation(RNG.permutation(TRACK), TRACK).r) < 0.4


def test_lips_that_never_move_agree_with_nothing() -> None:
    assert correlation(np.zeros(50, np.float32), TRACK).r == 0.0
    assert correlation(np.zeros(0, np.float32), TRACK).r == 0.0


def test_the_longer_track_is_cut() -> None:
    assert correlation(TRACK[:80], TRACK).r > 0.99


def test_the_pictures_of_a_film_come_back(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    frames = [np.full((64, 64, 3), 10 * number, dtype=np.uint8) for number in range(8)]
    write_film(path, iter(frames), np.zeros(7680, np.float32))
    back = list(film_frames(path))
    assert len(back) == 8
    assert all(abs(int(image.mean()) - 10 * number) <= 3 for number, image in enumerate(back))


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"not a film at all")
    with pytest.raises(InputError, match=r"film\.mp4"):
        list(film_frames(path))
