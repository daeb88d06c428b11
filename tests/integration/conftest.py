"""The real engines, loaded once for the tests that take them as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from avatar.engines import Engines
from avatar.settings import Settings


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """The engines of the default settings, each loaded when it is first needed."""
    built = Engines(Settings())
    yield built
    built.close()
