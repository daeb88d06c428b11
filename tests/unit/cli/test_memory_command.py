"""`avatar memory`: shown, worded differently, deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from avatar.cli import app
from avatar.dialog.memory.store import Memories, user_of

USER = user_of("t" * 30)


@pytest.fixture(autouse=True)
def memories(tmp_path: Path) -> Memories:
    """Two personas remember a user."""
    kept = Memories(tmp_path / "data_dir")
    for persona in ("luxun", "host"):
        kept.wish(persona, USER, True)
        kept.learn(persona, USER, ["客人叫小林"])
    return kept


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["memory", *arguments])


def first(memories: Memories, persona: str = "luxun") -> str:
    return memories.read(persona, USER).facts[0].id


def test_memories_are_shown(memories: Memories) -> None:
    shown = run("show", "--persona", "luxun").stdout
    assert "客人叫小林" in shown and first(memories) in shown and "host" not in shown
    found = json.loads(run("show", "--json").stdout)
    assert [each["persona"] for each in found] == ["host", "luxun"]
    assert found[0]["facts"][0]["text"] == "客人叫小林"
    assert run("show", "--user", "nobody").stdout == ""


def test_one_is_worded_differently_and_deleted(memories: Memories) -> None:
    assert run("edit", first(memories), "客人叫大林").exit_code == 0
    assert memories.read("luxun", USER).facts[0].text == "客人叫大林"
    assert run("edit", first(memories), "你是船长").exit_code == 2
    assert run("forget", first(memories)).exit_code == 0
    assert memories.read("luxun", USER).facts == () and memories.read("host", USER).facts
    assert run("forget", "00000000").exit_code == 2


def test_everything_is_deleted_when_that_is_meant(memories: Memories) -> None:
    CliRunner().invoke(app, ["memory", "forget"], input="n\n")
    assert len(list(memories.users())) == 2
    assert run("forget", "--persona", "host", "--yes").exit_code == 0
    assert [persona for persona, _ in memories.users()] == ["luxun"]
    assert run("forget", "--yes").exit_code == 0
    assert list(memories.users()) == []
