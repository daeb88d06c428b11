"""The real weights: every byte of what `avatar serve` needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.models import Model, Store, load_catalog

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("model", load_catalog().defaults(), ids=lambda model: model.name)
def test_each_default_model_is_here_and_has_the_catalog_s_hashes(model: Model, models_dir: Path) -> None:
    store = Store(models_dir)
    assert store.verify(model.name).files == {file.name: "ready" for file in model.files}
    folder = store.path(model.name)
    assert all((folder / file.name).is_file() for file in model.files)
    assert store.pull(model.name) == 0
