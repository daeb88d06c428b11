"""The person before another background: their edge, their colours, and what there is to choose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from avatar.errors import InputError, PhotoError
from avatar.face.background import background_of, before
from avatar.face.matte import cutout, foreground
from avatar.face.params import FaceParams
from avatar.face.render import Renderer
from avatar.face.rig import Rig, read_rig, write_rig
from avatar.stages import OWN_BACKGROUND, Background
from tests.unit.face.drawn import BACKGROUND, drawn_face, drawn_landmarks, drawn_rig

GREEN = (0, 177, 64)


@pytest.fixture(scope="module")
def rig() -> Rig:
    return drawn_rig()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("keep", OWN_BACKGROUND),
        ("blur", Background("blur")),
        ("transparent", Background("transparent")),
        ("#00b140", Background("colour", GREEN)),
        ("#FFFFFF", Background("colour", (255, 255, 255))),
    ],
)
def test_a_background_by_its_name(text: str, expected: Background) -> None:
    assert background_of(text) == expected


def test_a_background_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "beach.png"
    path.write_bytes(b"x")
    assert background_of(str(path)) == Background("picture", picture=path)


@pytest.mark.parametrize("text", ["", "green", "#12345", "#12345g", "#1234567", "nowhere.png", "\0", "/" * 5000, "."])
def test_anything_else_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(InputError) as caught:
        background_of(text)
    assert caught.value.code == "bad_background"
    assert "blur" in caught.value.en
    assert "背景" in caught.value.zh


def test_the_cut_follows_the_person(rig: Rig) -> None:
    picture, mask = drawn_face()
    cut = cutout(mask, picture, drawn_landmarks())
    assert np.abs(cut - mask).mean() < 0.01
    assert set(np.unique(cut[mask.astype(bool)][::50].round(2))) >= {1.0}
    undecided = (cut > 0.02) & (cut < 0.98)
    assert undecided.mean() < 0.03


def test_an_undecided_sleeve_is_decided() -> None:
    picture, mask = drawn_face()
    mask[200:, :60] = 0.45
    cut = cutout(mask, picture, drawn_landmarks())
    inside = cut[215:, 5:40]
    assert inside.min() > 0.9 or inside.max() < 0.6


def test_no_halo_of_the_old_background_is_left() -> None:
    picture, mask = drawn_face()
    soft = np.asarray(cutout(mask, picture, drawn_landmarks()))
    person = foreground(picture, soft).astype(int)
    edge = (soft > 0.05) & (soft < 0.9)
    nearness = np.abs(person[edge] - BACKGROUND).sum(axis=1)
    assert (nearness < 30).mean() < 0.05


def test_its_own_background_leaves_the_rig_alone(rig: Rig) -> None:
    assert before(rig, OWN_BACKGROUND) is rig


def test_a_colour_stands_behind_the_person(rig: Rig) -> None:
    frame = Renderer(before(rig, Background("colour", GREEN))).render(FaceParams(yaw=0.1, jaw=0.3))
    assert (frame[:8, :8] == GREEN).all()
    x, y = rig.frame.middle.astype(int)
    assert np.abs(frame[y, x].astype(int) - GREEN).max() > 50


def test_a_picture_is_cut_to_a_square(rig: Rig, tmp_path: Path) -> None:
    wide = np.zeros((100, 300, 3), dtype=np.uint8)
    wide[:, 100:200] = 10, 20, 200
    Image.fromarray(wide).save(tmp_path / "wide.png")
    frame = Renderer(before(rig, background_of(str(tmp_path / "wide.png")))).render(FaceParams())
    assert np.abs(frame[4:20, 4:20].astype(int) - [10, 20, 200]).max() <= 2


def test_what_is_no_picture_is_told(rig: Rig) -> None:
    with pytest.raises(PhotoError):
        before(rig, Background("picture", picture=b"no picture"))


def test_the_blurred_background_holds_nothing_of_the_person(rig: Rig) -> None:
    plate = before(rig, Background("blur")).plate
    assert np.abs(plate.astype(int) - BACKGROUND).max() < 12


def test_a_transparent_frame_tells_where_the_person_is(rig: Rig) -> None:
    renderer = Renderer(before(rig, Background("transparent")), clear=True)
    renderer.render(FaceParams())
    assert renderer.alpha is not None
    assert np.abs(renderer.alpha / 255.0 - rig.cut).max() < 0.02
    rest = renderer.alpha.copy()
    renderer.render(FaceParams(tx=0.1))
    columns = np.arange(rig.size)
    head = slice(int(rig.frame.middle[1]) - 20, int(rig.frame.middle[1]) + 20)
    moved = (renderer.alpha[head] * columns).sum() / renderer.alpha[head].sum()
    assert moved > (rest[head] * columns).sum() / rest[head].sum() + 3


def test_with_a_background_there_is_no_alpha(rig: Rig) -> None:
    renderer = Renderer(rig)
    renderer.render(FaceParams())
    assert renderer.alpha is None


def test_the_cut_is_kept_with_the_rig(rig: Rig, tmp_path: Path) -> None:
    write_rig(rig, tmp_path / "rig.npz")
    back = read_rig(tmp_path / "rig.npz")
    assert back is not None
    assert np.array_equal(back.cut, rig.cut)
