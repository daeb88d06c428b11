"""The portraits drawn for the project are faces to the networks, and they talk and blink as photographs do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from avatar.face import topology
from avatar.face.landmarks import FaceFinder, Points, head_pose
from avatar.face.measure import correlation, lip_apertures
from avatar.face.params import FaceParams
from avatar.face.photo import load_photo
from avatar.face.render import Renderer
from avatar.face.rig import Rig, build_rig
from avatar.face.warp import WarpAnimator
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, PhoneSpan, Pixels

pytestmark = pytest.mark.integration

FOLDER = Path(__file__).resolve().parents[3] / "avatar" / "dialog" / "personas"
LIP_LINE = {"luxun": 432 + 188, "host": 440 + 176}
"""Where the line between the lips is drawn, in pixels of the picture."""
SENTENCE = "sil w o f a n kʰ ai l i ʂ ɨ i ꭧʰ a sil m ei j e ʂ a ŋ p u m u sil p a p a x au sil"
"""Phones of a sentence with open vowels, rounded ones, and closures."""


@pytest.fixture(scope="module", params=sorted(LIP_LINE))
def persona(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def picture(persona: str) -> Pixels:
    return load_photo(FOLDER / persona / "portrait.png")


@pytest.fixture(scope="module")
def points(picture: Pixels, finder: FaceFinder) -> Points:
    return finder.landmarks(picture, finder.only_face(picture))


@pytest.fixture(scope="module")
def rig(picture: Pixels, finder: FaceFinder) -> Rig:
    return build_rig(picture, finder, 512)


def _eye_opening(points: Points) -> float:
    """The height of both eyes in their widths."""
    eyes = ((topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID), (topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID))
    ratios = []
    for upper, lower in eyes:
        width = abs(points[upper[0], 0] - points[upper[-1], 0])
        ratios.append((points[list(lower), 1] - points[list(upper), 1]).max() / width)
    return float(np.mean(ratios))


def _spoken() -> list[PhoneSpan]:
    length = int(0.11 * SPEECH_RATE)
    return [PhoneSpan(name, k * length, (k + 1) * length) for k, name in enumerate(SENTENCE.split())]


def test_there_is_one_face_and_it_looks_at_the_viewer(picture: Pixels, finder: FaceFinder, points: Points) -> None:
    assert len(finder.faces(picture)) == 1
    assert finder.only_face(picture).score > 0.8
    pose = head_pose(points)
    assert max(abs(pose.yaw), abs(pose.roll)) < np.deg2rad(4)
    assert abs(pose.pitch) < np.deg2rad(10)


def test_the_features_are_found_where_they_are_drawn(persona: str, points: Points) -> None:
    seam = (points[13, 1] + points[14, 1]) / 2
    assert abs(seam - LIP_LINE[persona]) < 14
    assert abs(points[[61, 291], 0].mean() - 512) < 8
    assert abs(points[[468, 473], 0].mean() - 512) < 6
    assert 0.25 < _eye_opening(points) < 0.55


def test_the_lips_part_on_their_line(persona: str, picture: Pixels, rig: Rig) -> None:
    """The mouth counts as closed, and its seam lies on the drawn line and not beneath the moustache."""
    assert rig.opening(rig.points) == 0.0
    seam = float(rig.points[13, 1]) * picture.shape[0] / rig.size
    assert abs(seam - LIP_LINE[persona]) < 6


def test_the_lips_follow_a_spoken_sentence(rig: Rig, finder: FaceFinder) -> None:
    animator = WarpAnimator(rig, seed=1)
    spans = _spoken()
    samples = np.full(spans[-1].end, 0.1, dtype=np.float32)
    animator.attend("speaking")
    animator.begin()
    animator.speak(samples, spans, 0)
    intended: list[float] = []

    def images() -> Iterator[Pixels]:
        for _ in range(-(-samples.size // SAMPLES_PER_FRAME)):
            frame = animator.frame()
            intended.append(frame.aperture)
            yield frame.image

    found = correlation(lip_apertures(images(), finder), np.array(intended, dtype=np.float32))
    assert found.r >= 0.8
    assert abs(found.lag) <= 1


def test_a_blink_shuts_the_eyes(rig: Rig, finder: FaceFinder) -> None:
    renderer = Renderer(rig)
    still, shut = (renderer.render(FaceParams(blink_left=share, blink_right=share)) for share in (0.0, 1.0))
    face = finder.only_face(still)
    before, after = (_eye_opening(finder.landmarks(image, face)) for image in (still, shut))
    assert after < 0.6 * before
    (white, pupil), (skin, lid) = (_extremes(image, rig.landmarks) for image in (still, shut))
    assert skin < white - 10  # neither the white nor its highlight shines through
    assert lid > pupil + 60


def _extremes(image: Pixels, points: Points) -> tuple[float, float]:
    """The whitest and the darkest pixel of both irises: white is bright in every colour, skin is not."""
    whitest, darkest = [], []
    for iris in (topology.RIGHT_IRIS, topology.LEFT_IRIS):
        x, y = points[iris, :2].round().astype(int)
        patch = image[y - 4 : y + 5, x - 6 : x + 7]
        whitest.append(patch.min(axis=2).max())
        darkest.append(patch.max(axis=2).min())
    return float(np.mean(whitest)), float(np.mean(darkest))
