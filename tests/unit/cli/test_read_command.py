"""`avatar read`: what it says when something is wrong, before anything is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner, Result

from avatar.cli import app, read
from avatar.live.aloud.book import Chapter
from avatar.live.aloud.reading import ChapterFiles, Reading, Step

BOOK = "# 秋夜\n\n我走了。\n\n# 雪\n\n我来了。\n"


@pytest.fixture(autouse=True)
def book(tmp_path: Path) -> None:
    (tmp_path / "book.md").write_text(BOOK, encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["read", *arguments])


def test_the_contents() -> None:
    result = run("book.md", "--voice", "v", "--out", "o", "--contents", "--json")
    assert result.exit_code == 0, result.output
    assert [each["title"] for each in json.loads(result.stdout)["chapters"]] == ["秋夜", "雪"]
    assert "秋夜" in run("book.md", "--voice", "v", "--out", "o", "--contents").stdout
    assert not Path("o").exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\x00\xff\x01" * 99, "not a text file"),
        ("……！".encode(), "Nothing in bad can be read aloud"),
    ],
)
def test_books_that_cannot_be_read(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "bad.txt").write_bytes(data)
    result = run("bad.txt", "--voice", "v", "--out", "o")
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path("o").exists()


def test_a_book_that_is_not_there() -> None:
    result = run("nowhere.txt", "--voice", "v", "--out", "o")
    assert result.exit_code == 2
    assert "nowhere.txt" in result.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(("--chapter", "3"), "There is no chapter 3; the book has 2"), (("--speed", "9"), "--speed is from 0.5 to 2.0")],
)
def test_wishes_that_cannot_be_met(wrong: tuple[str, ...], said: str) -> None:
    result = run("book.md", "--voice", "v", "--out", "o", *wrong)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_same_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_LANGUAGE", "zh")
    assert "没有第 3 章" in run("book.md", "--voice", "v", "--out", "o", "--chapter", "3").stderr


def test_weights_that_are_missing_leave_nothing() -> None:
    result = run("book.md", "--voice", "v", "--out", "o")
    assert result.exit_code == 3
    assert "avatar models pull" in result.stderr
    assert not Path("o").exists()


class Interrupted:
    """A reading that is stopped by Ctrl-C after a third."""

    total = 9

    def read(self, progress: Callable[[Step], None]) -> list[ChapterFiles]:
        progress(Step(Chapter(1, "秋夜", ()), 3, 9, 1))
        raise KeyboardInterrupt


@pytest.mark.parametrize(("language", "said"), [("en", "Stopped at 33%"), ("zh", "已停在 33%")])
def test_ctrl_c_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    monkeypatch.setenv("AVATAR_LANGUAGE", language)
    with pytest.raises(KeyboardInterrupt):
        read.run_reading(cast(Reading, Interrupted()), Path("o"))
    assert said in capsys.readouterr().err
