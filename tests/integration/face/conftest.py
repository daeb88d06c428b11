"""The face finder, loaded once, and the portraits of the shared data."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.face.landmarks import FaceFinder
from avatar.face.photo import load_photo
from avatar.media import Pixels
from tests.integration.face.portraits import PORTRAITS


@pytest.fixture(scope="session")
def finder(models_dir: Path) -> FaceFinder:
    return FaceFinder(models_dir / "face-landmarks", threads=1)


@pytest.fixture(scope="module")
def photos(shared_data: Path) -> dict[str, Pixels]:
    return {name: load_photo(shared_data / "portraits" / name) for name in PORTRAITS}
