"""The contact sheets that `avatar bench face --sheets FOLDER` writes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from avatar.errors import StorageError
from avatar.face.rig import Rig
from avatar.media import Frame
from benchmarks._portrait import Film
from benchmarks._sheets import CELL, COLUMNS, FRAMES, MOUTHS, eyes_sheet, spoken_sheet, write_sheets
from tests.unit.face.drawn import drawn_rig


@pytest.fixture(scope="module")
def rig() -> Rig:
    return drawn_rig(256)


def film(rig: Rig, count: int) -> Film:
    """Frames of one grey level each, brighter from frame to frame."""
    shades = np.linspace(20, 220, count).round().astype(np.uint8)
    return Film([Frame(np.full((rig.size, rig.size, 3), shade, np.uint8), 0.0) for shade in shades])


def test_frames_are_spread_and_mouths_follow_each_other(rig: Rig) -> None:
    shown = film(rig, 120)
    sheet = spoken_sheet(rig, shown)
    rows = FRAMES // COLUMNS
    assert sheet.shape == (rows * CELL + MOUTHS // COLUMNS * round(CELL * 2 / 3), COLUMNS * CELL, 3)
    heads = sheet[CELL // 2 : rows * CELL : CELL, CELL // 2 :: CELL, 0].ravel()
    assert heads[0] == 20
    assert heads[-1] == 220
    mouths = sheet[rows * CELL + CELL // 3 :: round(CELL * 2 / 3), CELL // 2 :: CELL, 0].ravel()
    assert mouths.tolist() == [frame.image[0, 0, 0] for frame in shown.frames[40:80]]


def test_a_short_film_leaves_black_cells(rig: Rig) -> None:
    sheet = spoken_sheet(rig, film(rig, 10))
    assert sheet[-10:, -10:].max() == 0


def test_a_sheet_shows_the_eyes_shut(rig: Rig) -> None:
    sheet = eyes_sheet(rig)
    wide = sheet.shape[1] // 3
    whites = [(sheet[:, part * wide : (part + 1) * wide].min(axis=2) > 215).sum() for part in range(3)]
    assert whites[0] > 10 * max(whites[2], 1)


def test_every_photograph_gets_its_files(rig: Rig, tmp_path: Path) -> None:
    write_sheets(tmp_path / "new", "someone", rig, {"zh": film(rig, 50), "en": film(rig, 50)})
    written = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert written == ["someone-en.jpg", "someone-eyes.jpg", "someone-zh.jpg"]
    sheet = cv2.imread(str(tmp_path / "new" / written[0]))
    assert sheet is not None
    assert sheet.shape[1] == COLUMNS * CELL
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        write_sheets(tmp_path / "file", "someone", rig, {})
