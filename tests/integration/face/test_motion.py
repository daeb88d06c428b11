"""The real rig, renderer and landmark network: what the motion asks for is what the pictures show."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.errors import PhotoError
from avatar.face.film import write_film
from avatar.face.landmarks import FaceFinder
from avatar.face.measure import correlation, film_frames, lip_apertures
from avatar.face.warp import WarpAnimator, WarpEngine
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, PhoneSpan, Pixels, Samples

pytestmark = pytest.mark.integration

SIZE = 256
SENTENCE = "sil w o f a n kʰ ai l i ʂ ɨ i ꭧʰ a sil m ei j e ʂ a ŋ p u m u sil p a p a x au sil"
"""Phones of a sentence with open vowels, rounded ones, and closures."""


@pytest.fixture(scope="module")
def engine(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> WarpEngine:
    return WarpEngine(models_dir / "face-landmarks", tmp_path_factory.mktemp("portraits"), 1)


@pytest.fixture(params=["luxun_1930.png", "mona_lisa.jpg", "sargent_portrait.jpg"])
def photo(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    return shared_data / "portraits" / str(request.param)


def speech(ms: float = 110.0) -> tuple[Samples, list[PhoneSpan]]:
    """The sentence's phones, equally long, and a voice that hums them."""
    length = int(ms * SPEECH_RATE / 1000)
    names = SENTENCE.split()
    spans = [PhoneSpan(name, place * length, (place + 1) * length) for place, name in enumerate(names)]
    voiced = np.repeat([name != "sil" for name in names], length)
    time = np.arange(voiced.size) / SPEECH_RATE
    return np.asarray(0.2 * voiced * np.sign(np.sin(300 * np.pi * time)), dtype=np.float32), spans


def speaking(animator: WarpAnimator, sound: Samples, spans: list[PhoneSpan]) -> Iterator[tuple[Pixels, float]]:
    """The pictures of a reply, and how far the lips are meant to be open in each."""
    animator.attend("speaking")
    animator.begin()
    animator.speak(sound, spans, 0)
    for _ in range(-(-sound.size // SAMPLES_PER_FRAME)):
        frame = animator.frame()
        yield frame.image, frame.aperture


def test_the_lips_in_the_film_follow_the_speech(
    engine: WarpEngine, finder: FaceFinder, photo: Path, tmp_path: Path
) -> None:
    sound, spans = speech()
    intended: list[float] = []

    def images() -> Iterator[Pixels]:
        for image, aperture in speaking(engine.animator(photo, size=SIZE, seed=1), sound, spans):
            intended.append(aperture)
            yield image

    path = tmp_path / "film.mp4"
    write_film(path, images(), sound)
    found = correlation(lip_apertures(film_frames(path), finder), np.array(intended, dtype=np.float32))
    assert found.r >= 0.8
    assert abs(found.lag) <= 1


def test_the_intended_aperture_closes_for_bilabials(engine: WarpEngine, photo: Path) -> None:
    sound, spans = speech()
    apertures = np.array([aperture for _, aperture in speaking(engine.animator(photo, size=SIZE), sound, spans)])
    for span in spans:
        if span.phone in ("p", "m"):
            shut = (span.start + span.end) / 2 if span.phone == "m" else span.start
            assert apertures[round((shut - 720) / SAMPLES_PER_FRAME)] <= 0.02
    assert apertures.max() > 0.2


def test_an_idle_face_lives_and_a_seed_repeats_it(engine: WarpEngine, shared_data: Path) -> None:
    photo = shared_data / "portraits" / "luxun_1930.png"
    one, same = (_idle(engine.animator(photo, size=SIZE, seed=4)) for _ in range(2))
    assert (one == same).all()
    change = np.abs(np.diff(one.astype(np.int16), axis=0)).mean(axis=(1, 2, 3))
    assert change.max() < 6.0
    assert (change > 0).mean() > 0.9


def _idle(animator: WarpAnimator) -> NDArray[np.uint8]:
    return np.stack([animator.frame().image for _ in range(50)])


def test_after_a_reply_the_lips_rest_where_they_were(engine: WarpEngine, shared_data: Path) -> None:
    animator = engine.animator(shared_data / "portraits" / "sargent_portrait.jpg", size=SIZE)
    before = animator.frame().aperture
    sound, spans = speech()
    pictures = speaking(animator, sound, spans)
    for _ in range(8):
        next(pictures)
    animator.stop()
    apertures = [animator.frame().aperture for _ in range(13)]
    assert apertures[-1] == pytest.approx(before, abs=1e-4)
    assert max(np.abs(np.diff(apertures))) < 0.35


def test_skipping_keeps_the_time(engine: WarpEngine, shared_data: Path) -> None:
    photo = shared_data / "portraits" / "mona_lisa.jpg"
    sound, spans = speech()
    drawn = [aperture for _, aperture in speaking(engine.animator(photo, size=SIZE, seed=2), sound, spans)]
    animator = engine.animator(photo, size=SIZE, seed=2)
    animator.attend("speaking")
    animator.begin()
    animator.speak(sound, spans, 0)
    for _ in range(10):
        animator.skip()
    assert animator.frame().aperture == drawn[10]


def test_two_faces_can_be_drawn_at_once(engine: WarpEngine, shared_data: Path) -> None:
    photos = [shared_data / "portraits" / name for name in ("luxun_1930.png", "mona_lisa.jpg")]
    alone = [_idle(engine.animator(photo, size=SIZE, seed=5)) for photo in photos]
    together: dict[int, NDArray[np.uint8]] = {}

    def draw(place: int) -> None:
        together[place] = _idle(engine.animator(photos[place], size=SIZE, seed=5))

    threads = [threading.Thread(target=draw, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((together[place] == alone[place]).all() for place in range(2))


def test_a_photo_that_is_not_there_or_has_no_face_is_refused(engine: WarpEngine, tmp_path: Path) -> None:
    import cv2

    with pytest.raises(PhotoError):
        engine.animator(tmp_path / "nobody.png", size=SIZE)
    empty = tmp_path / "empty.png"
    cv2.imwrite(str(empty), np.full((200, 200, 3), 128, dtype=np.uint8))
    with pytest.raises(PhotoError):
        engine.animator(empty, size=SIZE)
