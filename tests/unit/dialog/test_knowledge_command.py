"""`avatar knowledge`, from files to passages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from avatar.cli import app
from avatar.cli import knowledge as command
from tests.unit.dialog.fakes import HashEmbedder

STORY = "# 渡\n\n船夫夜里唱歌，唱的是旧戏，岸上的人都停下来听。\n"


@pytest.fixture
def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs a command against the test persona, with an embedder that needs no weights."""
    monkeypatch.setenv("AVATAR_DATA_DIR", str(data_dir))
    monkeypatch.setenv("AVATAR_LANGUAGE", "en")
    monkeypatch.setattr(command, "find_engine", lambda kind, name: lambda settings: HashEmbedder())

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(app, ["knowledge", *words, "--persona", "ah-san"])

    return invoke


def call(run: object, *words: str) -> Result:
    assert callable(run)
    result = run(*words)
    assert isinstance(result, Result)
    return result


def test_add_list_search_delete(run: object, tmp_path: Path) -> None:
    (tmp_path / "渡.txt").write_bytes(STORY.encode("gb18030"))
    assert call(run, "add", str(tmp_path / "渡.txt")).exit_code == 0
    entries = json.loads(call(run, "list", "--json").stdout)
    assert [(e["title"], e["passages"]) for e in entries] == [("渡", 1)]
    assert "3 of 3 passages" in call(run, "list").stdout
    found = json.loads(call(run, "search", "谁在夜里唱歌？", "--json").stdout)
    assert found[0]["work"] == "渡" and found[0]["quote"] in found[0]["text"]
    assert "渡" in call(run, "search", "谁在夜里唱歌？").stdout
    assert call(run, "delete", entries[0]["id"]).exit_code == 0
    assert json.loads(call(run, "list", "--json").stdout) == []
    assert call(run, "remove", "--help").exit_code == 0, "its older name"


def test_good_files_are_kept_and_bad_ones_told(run: object, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text(STORY, encoding="utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\x00\x01")
    result = call(run, "add", str(tmp_path / "bad.txt"), str(tmp_path / "good.txt"), str(tmp_path / "none.txt"))
    assert result.exit_code == 2
    assert "bad.txt" in result.stderr and "none.txt" in result.stderr
    assert len(json.loads(call(run, "list", "--json").stdout)) == 1


def test_words_only_leaves_the_vectors_for_later(run: object, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(STORY, encoding="utf-8")
    assert call(run, "add", str(tmp_path / "a.txt"), "--words-only").exit_code == 0
    assert "0 of 3 passages" in call(run, "list").stdout


def test_silence_and_unknown_ids(run: object) -> None:
    silent = call(run, "search", "quantum computers")
    assert silent.exit_code == 0 and "silent" in silent.stderr
    assert call(run, "delete", "0123456789abcdef").exit_code == 2
