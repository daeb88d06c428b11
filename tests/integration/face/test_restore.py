"""An old photograph spoilt on purpose and restored, with the real networks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from avatar.face.landmarks import FaceFinder, Points
from avatar.face.photo import load_photo
from avatar.face.restore.enlarge import LanczosUpscaler, NetworkUpscaler
from avatar.face.restore.tone import Tint
from avatar.face.restore.work import Repairs, Restorer, assess
from avatar.media import Pixels

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def photo(shared_data: Path) -> Pixels:
    return load_photo(shared_data / "portraits" / "luxun_1930.png")


def _psnr(one: Pixels, other: Pixels) -> float:
    return float(10 * np.log10(255.0**2 / np.mean((one.astype(float) - other.astype(float)) ** 2)))


def _seen(finder: FaceFinder, photo: Pixels) -> Points:
    return finder.seen(photo, finder.faces(photo)[0])


def _aged(photo: Pixels) -> Pixels:
    """Scratched, faded to four tenths of its contrast, yellowed, grainy."""
    old = photo.copy()
    for start, end, grey in (((30, 0), (110, 277), 240), ((0, 60), (399, 66), 235), ((330, 10), (390, 250), 12)):
        cv2.line(old, start, end, (grey,) * 3, 2, cv2.LINE_AA)
    noise = np.random.default_rng(0).normal(0, 8, old.shape)
    return np.clip(old * 0.4 + (120, 112, 95) + noise, 0, 255).astype(np.uint8)


def test_an_old_photograph_comes_back_nearer_to_what_it_was(photo: Pixels, finder: FaceFinder) -> None:
    old = _aged(photo)
    damage = assess(old, _seen(finder, old))
    assert damage.lines >= 2
    assert damage.proposed.noise
    assert damage.proposed.fading
    restorer = Restorer(finder, LanczosUpscaler(), Tint())
    restored = restorer.restore(old, Repairs(scratches=True, noise=True, fading=True))
    assert _psnr(restored, photo) > _psnr(old, photo) + 7
    true = _seen(finder, photo)
    eyes = float(np.hypot(*(true[473, :2] - true[468, :2])))
    assert np.abs(_seen(finder, restored)[:468, :2] - true[:468, :2]).mean() < 0.05 * eyes


def test_a_clean_portrait_is_hardly_touched(photo: Pixels, finder: FaceFinder) -> None:
    restored = Restorer(finder, LanczosUpscaler(), Tint()).restore(photo, Repairs(scratches=True))
    assert _psnr(restored, photo) > 36


def test_the_packaged_network_enlarges_as_faithfully_as_is_written(photo: Pixels, models_dir: Path) -> None:
    even = photo[: photo.shape[0] // 2 * 2, : photo.shape[1] // 2 * 2]
    half = cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA)
    small = np.asarray(half, dtype=np.uint8)
    network = _psnr(NetworkUpscaler(models_dir / "esrgan-slim").enlarge(small), even)
    assert network > _psnr(LanczosUpscaler().enlarge(small), even) - 0.7
    assert network > 38
