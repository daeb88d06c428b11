"""The pictures of the stock personas: what is committed is what the drawing program draws."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "avatar" / "dialog" / "personas"
PERSONAS = ("host", "luxun")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the drawings as the program makes them now."""
    folder = tmp_path_factory.mktemp("drawings")
    script = ROOT / "scripts" / "draw_portraits.py"
    subprocess.run([sys.executable, str(script), "--svg", str(folder)], check=True, timeout=120)
    return folder


@pytest.fixture(params=PERSONAS)
def persona(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_committed_drawing_is_the_programs(drawn: Path, persona: str) -> None:
    made = (drawn / f"{persona}.svg").read_text(encoding="utf-8")
    kept = (FOLDER / persona / "portrait.svg").read_text(encoding="utf-8")
    assert NUMBER.sub("#", made) == NUMBER.sub("#", kept)
    ours, theirs = (np.array(NUMBER.findall(text), dtype=np.float64) for text in (made, kept))
    assert np.abs(ours - theirs).max() <= 0.11  # another processor may round the last digit differently


def test_a_drawing_is_made_of_paths_alone(persona: str) -> None:
    text = (FOLDER / persona / "portrait.svg").read_text(encoding="utf-8")
    names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()}  # noqa: S314, our own
    assert names <= {"svg", "title", "defs", "filter", "feTurbulence", "feDisplacementMap", "clipPath", "g", "path"}
    assert "href" not in text  # nothing is loaded from anywhere


def test_a_picture_is_square_and_small(persona: str) -> None:
    path = FOLDER / persona / "portrait.png"
    assert path.stat().st_size <= 600 * 1024
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (1024, 1024))


def test_a_picture_shows_its_drawing(persona: str) -> None:
    """The ground has the drawing's colour; in a picture that was not printed again after a change it would not."""
    text = (FOLDER / persona / "portrait.svg").read_text(encoding="utf-8")
    ground = re.search(r'<path fill="#(\w{6})" d="M-560', text)
    assert ground
    with Image.open(FOLDER / persona / "portrait.png") as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3).astype(int)
    colour = np.array([int(ground[1][k : k + 2], 16) for k in (0, 2, 4)])
    share = float((np.abs(pixels - colour).max(axis=1) <= 6).mean())
    assert share > 0.15
