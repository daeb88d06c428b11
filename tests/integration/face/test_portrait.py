"""Photographs made to move, with the real networks: what is rendered is looked at with the same detectors."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from avatar.errors import PhotoError
from avatar.face import topology
from avatar.face.landmarks import FaceFinder, Points, head_pose
from avatar.face.params import FaceParams, intended_aperture
from avatar.face.render import Renderer
from avatar.face.rig import Rig, build_rig, load_rig
from avatar.media import Pixels
from avatar.stages import FaceChoice
from tests.integration.face.portraits import PORTRAITS

pytestmark = pytest.mark.integration

CLEAR = PORTRAITS[1:]
"""Portraits without a moustache, in which a detector can see the lips."""


@pytest.fixture(scope="module")
def rigs(photos: dict[str, Pixels], finder: FaceFinder) -> dict[str, Rig]:
    return {name: build_rig(photo, finder, 512) for name, photo in photos.items()}


def _seen(finder: FaceFinder, picture: Pixels) -> Points:
    return finder.landmarks(picture, finder.only_face(picture))


def _mouth_gap(points: Points) -> float:
    """The opening of the inner lips in widths of the mouth."""
    gap = points[list(topology.LOWER_INNER[4:7]), 1] - points[list(topology.UPPER_INNER[4:7]), 1]
    return float(gap.mean() / np.hypot(*(points[291, :2] - points[61, :2])))


def _eye_opening(points: Points) -> float:
    """The height of both eyes in their widths."""
    eyes = (
        (topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID),
        (topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID),
    )
    ratios = []
    for upper, lower in eyes:
        height = (points[list(lower[2:-2]), 1] - points[list(upper[2:-2]), 1]).max()
        ratios.append(height / np.hypot(*(points[upper[-1], :2] - points[upper[0], :2])))
    return float(np.mean(ratios))


@pytest.mark.parametrize("name", PORTRAITS)
def test_the_face_is_found_where_it_is(photos: dict[str, Pixels], finder: FaceFinder, name: str) -> None:
    photo = photos[name]
    assert len(finder.faces(photo)) == 1
    points = _seen(finder, photo)
    assert points.shape == (478, 3)
    height, width = photo.shape[:2]
    assert (points[:, 0] > 0).all()
    assert (points[:, 0] < width).all()
    assert (points[:, 1] < height).all()
    eyes, nose, mouth, chin = points[[33, 263], 1].mean(), points[1, 1], points[[61, 291], 1].mean(), points[152, 1]
    assert eyes < nose < mouth < chin
    assert points[33, 0] < points[1, 0] < points[263, 0]
    for iris, first, last in ((topology.RIGHT_IRIS, 33, 133), (topology.LEFT_IRIS, 362, 263)):
        assert points[first, 0] < points[iris, 0] < points[last, 0]


@pytest.mark.parametrize("side", [64, 160, 1600])
def test_a_face_is_found_at_any_size(photos: dict[str, Pixels], finder: FaceFinder, side: int) -> None:
    photo = photos["sargent_portrait.jpg"][60:300, 260:500]
    scaling = cv2.INTER_AREA if side < 240 else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(photo, (side, side), interpolation=scaling), dtype=np.uint8)
    assert len(finder.faces(scaled)) == 1


def test_a_small_face_in_a_large_picture_is_found(photos: dict[str, Pixels], finder: FaceFinder) -> None:
    large = np.full((2000, 2000, 3), 90, np.uint8)
    face = cv2.resize(photos["mona_lisa.jpg"][150:520, 180:560], (110, 110), interpolation=cv2.INTER_AREA)
    large[1500:1610, 400:510] = face
    found = finder.only_face(large)
    assert 400 < found.left < found.right < 520
    assert 1490 < found.top < found.bottom < 1620


def test_the_mirrored_face_has_the_mirrored_pose(photos: dict[str, Pixels], finder: FaceFinder) -> None:
    photo = photos["mona_lisa.jpg"]
    pose, mirrored = head_pose(_seen(finder, photo)), head_pose(_seen(finder, photo[:, ::-1].copy()))
    assert pose.yaw < -0.1
    assert mirrored.yaw == pytest.approx(-pose.yaw, abs=0.08)


def _landscape() -> Pixels:
    y, x = np.mgrid[0:480, 0:640].astype(np.float32)
    sky = np.dstack([120 + y / 6, 160 + y / 6, 230 - y / 10])
    hills = y > 300 + 40 * np.sin(x / 70)
    sky[hills] = (60, 110, 50)
    return sky.astype(np.uint8)


@pytest.mark.parametrize("kind", ["noise", "landscape", "black", "without a head"])
def test_a_picture_without_a_face_is_refused(photos: dict[str, Pixels], finder: FaceFinder, kind: str) -> None:
    picture = {
        "noise": np.random.default_rng(1).integers(0, 255, (400, 400, 3), dtype=np.uint8),
        "landscape": _landscape(),
        "black": np.zeros((300, 300, 3), np.uint8),
        "without a head": photos["mona_lisa.jpg"][600:],
    }[kind]
    with pytest.raises(PhotoError) as caught:
        build_rig(picture, finder, 256)
    assert caught.value.code == "no_face"
    assert "没有" in caught.value.zh


def test_two_people_are_refused_and_counted(photos: dict[str, Pixels], finder: FaceFinder) -> None:
    left, right = photos["sargent_portrait.jpg"], photos["sargent_elizabeth_winthrop.jpg"]
    both = np.concatenate([left[:560, 100:660], right[:560]], axis=1)
    with pytest.raises(PhotoError, match="2 faces") as caught:
        build_rig(both, finder, 256)
    assert caught.value.code == "several_faces"
    assert "2 张脸" in caught.value.zh


def test_every_face_of_a_group_is_listed_and_any_can_be_chosen(photos: dict[str, Pixels], finder: FaceFinder) -> None:
    group = np.full((1200, 1800, 3), 120, np.uint8)
    sources = [photos[name] for name in CLEAR]
    for number in range(30):
        photo = sources[number % 3]
        face = finder.only_face(photo)
        x, y, half = (face.left + face.right) / 2, (face.top + face.bottom) / 2, 0.9 * face.height
        head = photo[int(max(y - half, 0)) : int(y + half), int(max(x - half, 0)) : int(x + half)]
        scale = (70 + number) / face.height
        small = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        left, top = 300 * (number % 6) + 60, 240 * (number // 6) + 20
        group[top : top + small.shape[0], left : left + small.shape[1]] = small
    faces = finder.faces(group)
    assert len(faces) == 30
    assert [face.height for face in faces] == sorted((face.height for face in faces), reverse=True)
    with pytest.raises(PhotoError, match="30 faces") as caught:
        build_rig(group, finder, 256)
    assert caught.value.code == "several_faces"
    chosen = finder.chosen(group, FaceChoice(17))
    assert faces[16].left < chosen[1, 0] < faces[16].right
    assert faces[16].top < chosen[1, 1] < faces[16].bottom


def test_a_face_of_64_pixels_is_found_in_a_large_picture(photos: dict[str, Pixels], finder: FaceFinder) -> None:
    photo = photos[CLEAR[2]]
    scale = 64 / finder.only_face(photo).height
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    scene = np.full((1500, 2048, 3), (90, 110, 100), np.uint8)
    scene[900 : 900 + small.shape[0], 1500 : 1500 + small.shape[1]] = small
    assert build_rig(scene, finder, 256).size == 256


def test_a_face_that_is_not_found_can_be_marked(photos: dict[str, Pixels], finder: FaceFinder) -> None:
    photo = photos[CLEAR[0]]
    true = _seen(finder, photo)
    height, width = photo.shape[:2]
    marked = true[[topology.RIGHT_IRIS, topology.LEFT_IRIS, topology.NOSE_TIP, 61, 291, topology.CHIN], :2]
    marks = tuple((float(x) / width, float(y) / height) for x, y in marked)
    with_help = finder.chosen(photo, FaceChoice(marks=marks))
    assert np.abs(with_help[:, :2] - true[:, :2]).mean() < 0.03 * np.ptp(true[:468, 1])
    statue = np.random.default_rng(0).integers(0, 255, photo.shape, dtype=np.uint8)
    with pytest.raises(PhotoError, match="mark the eyes"):
        build_rig(statue, finder, 256)
    assert build_rig(statue, finder, 256, FaceChoice(marks=marks)).size == 256


def test_a_bystander_far_behind_does_not_count(photos: dict[str, Pixels], finder: FaceFinder) -> None:
    photo = photos["mona_lisa.jpg"].copy()
    small = cv2.resize(photos["sargent_portrait.jpg"][80:280, 290:470], (72, 80), interpolation=cv2.INTER_AREA)
    photo[40:120, 30:102] = small
    found = finder.only_face(photo)
    assert found.height > 150


def test_a_face_turned_away_is_refused(
    photos: dict[str, Pixels], finder: FaceFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = photos["mona_lisa.jpg"]
    monkeypatch.setattr("avatar.face.landmarks.MAX_YAW", 0.1)
    with pytest.raises(PhotoError, match="degrees away") as caught:
        build_rig(photo, finder, 256)
    assert caught.value.code == "face_turned_away"


@pytest.mark.parametrize("name", PORTRAITS)
def test_neutral_is_the_photograph(rigs: dict[str, Rig], name: str) -> None:
    rig = rigs[name]
    renderer = Renderer(rig)
    renderer.render(FaceParams(jaw=1, blink_left=1, blink_right=1, yaw=0.3))
    error = np.square(renderer.render(FaceParams()).astype(float) - rig.picture).mean()
    assert 10 * np.log10(255**2 / max(error, 1e-9)) > 45


@pytest.mark.parametrize("name", CLEAR)
def test_lips_open_as_meant(rigs: dict[str, Rig], finder: FaceFinder, name: str) -> None:
    rig, renderer = rigs[name], Renderer(rigs[name])
    poses = [FaceParams(jaw=jaw) for jaw in (0.0, 0.2, 0.4, 0.6, 0.8)]
    meant = [intended_aperture(pose, rig) for pose in poses]
    seen = [_mouth_gap(_seen(finder, renderer.render(pose))) for pose in poses]
    assert (np.diff(meant) > 0).all()
    assert (np.diff(seen) > 0).all()
    assert np.corrcoef(meant, seen)[0, 1] > 0.95
    assert seen[-1] > 0.2


@pytest.mark.parametrize("name", CLEAR)
def test_lips_shut_for_p_b_and_m(rigs: dict[str, Rig], finder: FaceFinder, name: str) -> None:
    rig, renderer = rigs[name], Renderer(rigs[name])
    for pose in (FaceParams(close=1.0, press=0.6), FaceParams(jaw=0.3, close=1.0, press=0.6)):
        assert intended_aperture(pose, rig) == pytest.approx(0, abs=1e-3)
        assert _mouth_gap(_seen(finder, renderer.render(pose))) < 0.05


def test_a_mouth_that_smiles_open_in_the_photograph_shuts(rigs: dict[str, Rig], finder: FaceFinder) -> None:
    """No shared photograph shows teeth: the engine opens a closed mouth, and that frame is taken for a photograph."""
    smile = Renderer(rigs["sargent_portrait.jpg"]).render(FaceParams(jaw=0.3, smile=0.7, wide=0.4, upper=0.6))
    rig = build_rig(smile.copy(), finder, 512)
    renderer = Renderer(rig)
    assert rig.opening(rig.points) > 0.04, "the teeth are seen to be teeth"
    assert intended_aperture(FaceParams(close=1.0), rig) == pytest.approx(0, abs=1e-3)
    open_mouth, shut = (_mouth_gap(_seen(finder, renderer.render(FaceParams(close=close)))) for close in (0.0, 1.0))
    assert shut < 0.5 * open_mouth


@pytest.mark.parametrize("name", PORTRAITS)
def test_a_blink_shuts_the_eyes(rigs: dict[str, Rig], finder: FaceFinder, name: str) -> None:
    renderer = Renderer(rigs[name])
    openings = [
        _eye_opening(_seen(finder, renderer.render(FaceParams(blink_left=blink, blink_right=blink))))
        for blink in (0.0, 0.6, 1.0)
    ]
    assert openings[0] > openings[2]
    assert openings[2] < 0.25 * openings[0]


@pytest.mark.parametrize("name", PORTRAITS)
def test_the_head_turns_as_meant(rigs: dict[str, Rig], finder: FaceFinder, name: str) -> None:
    renderer = Renderer(rigs[name])

    def pose(**head: float) -> tuple[float, float, float]:
        return dataclasses.astuple(head_pose(_seen(finder, renderer.render(FaceParams(**head)))))

    assert pose(yaw=0.12)[0] > pose(yaw=-0.12)[0] + 0.05
    assert pose(pitch=0.15)[1] > pose(pitch=-0.15)[1] + 0.05
    assert pose(roll=0.15)[2] == pytest.approx(pose()[2] + 0.15, abs=0.06)


def test_the_background_stands_still(rigs: dict[str, Rig]) -> None:
    for rig in rigs.values():
        renderer = Renderer(rig)
        frame = renderer.render(FaceParams(yaw=0.2, roll=0.1, tx=0.05, jaw=0.5, breath=1.0))
        behind = rig.matte == 0
        behind &= cv2.dilate(rig.matte, np.ones((3, 3), np.uint8), iterations=60) == 0
        assert np.array_equal(frame[behind], rig.picture[behind])


def test_a_rig_is_kept_and_mended(shared_data: Path, finder: FaceFinder, tmp_path: Path) -> None:
    photo = shared_data / "portraits" / "luxun_1930.png"
    made = load_rig(photo, finder, size=256, cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    again = load_rig(photo.read_bytes(), finder, size=256, cache=tmp_path)
    assert kept.stat().st_mtime_ns == written, "the second time it is read"
    assert np.array_equal(Renderer(made).render(FaceParams(jaw=0.4)), Renderer(again).render(FaceParams(jaw=0.4)))
    kept.write_bytes(kept.read_bytes()[:10_000])
    mended = load_rig(photo, finder, size=256, cache=tmp_path)
    assert np.array_equal(mended.texture, made.texture)
    assert load_rig(photo, finder, size=320, cache=tmp_path).size == 320
    assert len(list(tmp_path.iterdir())) == 2
