"""Macros of character cards."""

from __future__ import annotations

import random

import pytest

from avatar.dialog.cards.macros import MAX_CHARACTERS, Macros

MACROS = Macros("三哥", "客人", seed="a", chance=random.Random(3))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{char}}与{{user}}", "三哥与客人"),
        ("{{CHAR}} {{ User }} <BOT> <char> <user>", "三哥 客人 三哥 三哥 客人"),
        ("{{// {{char}} never }}shown", "shown"),
        ("a{{comment: see below}}b{{hidden_key:oar}}c", "abc"),
        ("{{reverse:abc}}", "cba"),
        ("{{reverse:{{user}}}}", "人客"),
        ("{{roll:1}} {{roll:D1}} {{roll:d1}}", "1 1 1"),
        ("{{random:a\\,b}}", "a,b"),
        ("{{random:same,same}} {{pick::same,same}}", "same same"),
        ("{{unknown}} {{roll:x}} {{roll:0}} {{original}}", "{{unknown}} {{roll:x}} {{roll:0}} {{original}}"),
        ("{{char", "{{char"),
        ("}} {{char}} }} {", "}} 三哥 }} {"),
        ("{{a{{char}}", "{{a三哥"),
        ("", ""),
    ],
)
def test_macros_are_replaced(text: str, expected: str) -> None:
    assert MACROS.expand(text) == expected


def test_what_a_name_brings_is_not_read_again() -> None:
    assert Macros("{{user}}", "{{char}}").expand("{{char}}, {{user}}") == "{{user}}, {{char}}"


def test_hidden_keys_are_seen_by_the_lorebook() -> None:
    assert MACROS.expand("x{{hidden_key:oar}}{{// no}}", scanning=True) == "xoar"


def test_random_gives_each_and_roll_stays_in_its_range() -> None:
    assert {MACROS.expand("{{random:a,b,c}}") for _ in range(100)} == {"a", "b", "c"}
    assert {MACROS.expand("{{roll:d3}}") for _ in range(100)} == {"1", "2", "3"}


def test_pick_stays_with_its_choice() -> None:
    text = "{{pick:a,b,c,d,e,f,g,h}}"
    assert len({MACROS.expand(text) for _ in range(20)}) == 1
    assert len({Macros("", "", seed=str(seed)).expand(text) for seed in range(40)}) > 3


def test_a_bomb_of_macros_stays_within_bounds() -> None:
    assert len(Macros("x" * 10_000, "").expand("{{char}}" * 10_000)) <= MAX_CHARACTERS
    assert MACROS.expand("{{" * 5000 + "char" + "}}" * 5000)
