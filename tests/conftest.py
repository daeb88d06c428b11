"""Fixtures that every kind of test shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.settings import Settings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The recordings, photographs and texts that lie beside the project; they are not part of it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared test data does not lie beside this checkout")
    return SHARED_DATA


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Where the real weights lie."""
    return Settings().models_dir
