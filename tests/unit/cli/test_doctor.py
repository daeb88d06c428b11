"""What the doctor looks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.cli.doctor import Finding, examine
from avatar.models import Store, load_catalog, this_platform
from avatar.settings import Settings


def test_only_the_weights_of_this_platform_are_missed(tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path / "models", data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    looked_for = {
        finding.topic.removeprefix("weights ") for finding in examine(settings) if finding.topic.startswith("weights ")
    }
    assert looked_for == {model.name for model in load_catalog().defaults()}
    assert not any(name.startswith("llama-cpp-") and not name.endswith(this_platform()) for name in looked_for)


def test_it_says_what_xtts_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(models_dir=tmp_path / "models", data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")

    def finding() -> Finding:
        return next(each for each in examine(settings) if each.topic == "xtts")

    monkeypatch.setattr("avatar.cli.doctor.find_spec", lambda _: None)
    assert finding().status == "note"
    assert finding().mend.split(" && ") == [
        "pip install 'avatar-server[xtts]'", "avatar models accept xtts-v2", "avatar models pull xtts-v2",
    ]  # fmt: skip
    monkeypatch.setattr("avatar.cli.doctor.find_spec", lambda _: object())
    Store(settings.models_dir).accept("xtts-v2")
    assert finding().mend == "avatar models pull xtts-v2"
