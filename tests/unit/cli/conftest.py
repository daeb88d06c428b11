"""What every command finds in these tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights, no data of the user's, messages in English; it begins in an empty folder."""
    for name in ("data_dir", "models_dir", "cache_dir"):
        monkeypatch.setenv(f"AVATAR_{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("AVATAR_LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)
