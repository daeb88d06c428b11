"""Every command that the documents show is one, with those options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from avatar.cli import app

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("benchmarks/*.md"))]

SHOWN = re.compile(r"(?:^|`|; )avatar ((?:[a-z]|-)[^`;\n]*)", re.MULTILINE)
"""A command at the beginning of a line, or in a sentence between back-ticks."""


def commands(text: str) -> list[list[str]]:
    """The words after `avatar` of the commands that a document shows, without the remarks behind two blanks or a #."""
    return [re.split(r"  |#", shown)[0].split() for shown in SHOWN.findall(text)]


def unknown(words: list[str]) -> list[str]:
    """The commands and options of a command line that there are not."""
    command = get_command(app)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return [words[0]]
        command, words = command.commands[words[0]], words[1:]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    return [word for word in words if word.startswith("-") and word not in known]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_of_the_documents_are_there(document: Path) -> None:
    shown = commands(document.read_text(encoding="utf-8"))
    assert [(words, wrong) for words in shown if (wrong := unknown(words))] == []


def test_commands_are_found() -> None:
    assert len(commands(DOCUMENTS[0].read_text(encoding="utf-8"))) >= 20


@pytest.mark.parametrize("line", ["sing", "say x --louder", "models fetch", "knowledge add a.txt --person x"])
def test_what_is_not_there_is_noticed(line: str) -> None:
    assert unknown(line.split())
