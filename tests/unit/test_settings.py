"""Where settings come from, and that each is documented."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from avatar.errors import SettingsError
from avatar.settings import PACKAGE_ROOT, Settings, load_settings


def leaves(model: type[BaseModel], prefix: str = "") -> list[str]:
    """The dotted names of all settings."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += leaves(kind, f"{prefix}{name}.")
        else:
            names.append(prefix + name)
    return names


def test_every_setting_is_documented() -> None:
    page = (PACKAGE_ROOT.parent / "docs" / "settings.md").read_text(encoding="utf-8")
    missing = [name for name in leaves(Settings) if f"`{name}`" not in page]
    assert missing == []


def test_environment_goes_before_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "avatar.toml"
    file.write_text('[llm]\nmodel = "from-file"\nmax_tokens = 99\n', encoding="utf-8")
    monkeypatch.setenv("AVATAR_CONFIG", str(file))
    monkeypatch.setenv("AVATAR_LLM__MODEL", "from-environment")
    settings = load_settings()
    assert settings.llm.model == "from-environment"
    assert settings.llm.max_tokens == 99


@pytest.mark.parametrize("text", ["[llm]\nmodle = 'x'\n", "threads = -1\n", "[face]\nsize = 500\n", "nonsense = 1\n"])
def test_a_wrong_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    file = tmp_path / "avatar.toml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("AVATAR_CONFIG", str(file))
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert any(word in error.value.en for word in ("llm.modle", "threads", "face.size", "nonsense"))
    assert error.value.zh


def test_a_settings_file_that_is_not_toml_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "avatar.toml"
    file.write_text("[llm\n", encoding="utf-8")
    monkeypatch.setenv("AVATAR_CONFIG", str(file))
    with pytest.raises(SettingsError, match=r"avatar\.toml"):
        load_settings()


@pytest.mark.parametrize(("locale", "language"), [("zh_CN.UTF-8", "zh"), ("en_GB.UTF-8", "en"), ("", "en")])
def test_messages_follow_the_locale(monkeypatch: pytest.MonkeyPatch, locale: str, language: str) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, locale)
    assert Settings().message_language == language
