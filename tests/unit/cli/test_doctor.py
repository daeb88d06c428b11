"""What the doctor looks for."""

from __future__ import annotations

from pathlib import Path

from avatar.cli.doctor import examine
from avatar.models import load_catalog, this_platform
from avatar.settings import Settings


def test_only_the_weights_of_this_platform_are_missed(tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path / "models", data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    looked_for = {
        finding.topic.removeprefix("weights ") for finding in examine(settings) if finding.topic.startswith("weights ")
    }
    assert looked_for == {model.name for model in load_catalog().defaults()}
    assert not any(name.startswith("llama-cpp-") and not name.endswith(this_platform()) for name in looked_for)
