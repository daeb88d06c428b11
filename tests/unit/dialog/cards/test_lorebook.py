"""Lorebooks: which entries a conversation calls, and in what order they come."""

from __future__ import annotations

import time
from typing import Any

import pytest

from avatar.dialog.cards.decorators import split
from avatar.dialog.cards.lorebook import Added, Lorebook, Message
from avatar.dialog.cards.macros import Macros
from avatar.dialog.cards.patterns import ALL_S, ONE_S, Searching

MACROS = Macros("阿三", "客人")
TALK = (
    Message("user", "你好"),
    Message("assistant", "上船罢。"),
    Message("user", "这条河深吗？"),
    Message("assistant", "比桨长。"),
    Message("user", "Is the BOAT old?"),
)


def entry(content: str = "text", *keys: str, **fields: Any) -> dict[str, Any]:
    return {"keys": list(keys), "content": content, "enabled": True, "insertion_order": 0, "extensions": {}, **fields}


def added(*entries: dict[str, Any], matched: dict[int, int] | None = None, **book: Any) -> list[Added]:
    found = Lorebook.of({"extensions": {}, "entries": list(entries), **book})
    return found.added(TALK, MACROS, len, matched=matched)


def texts(*entries: dict[str, Any], **book: Any) -> list[str]:
    return [one.text for one in added(*entries, **book)]


@pytest.mark.parametrize(
    ("one", "called"),
    [
        (entry("a", "河"), True),
        (entry("a", "山"), False),
        (entry("a"), False),
        (entry("a", ""), False),
        (entry("a", "boat"), True),
        (entry("a", "boat", case_sensitive=True), False),
        (entry("a", "BOAT", case_sensitive=True), True),
        (entry("a", "河", enabled=False), False),
        (entry("", "河"), False),
        (entry("a", constant=True), True),
        (entry("a", "boat", selective=True, secondary_keys=["old"]), True),
        (entry("a", "boat", selective=True, secondary_keys=["new"]), False),
        (entry("a", "boat", selective=False, secondary_keys=["new"]), True),
        (entry("a", "b[oa]+t", use_regex=True), True),
        (entry("a", "/boat/", use_regex=True), False),
        (entry("a", "/boat/i", use_regex=True), True),
        (entry("a", "bo(at", use_regex=True), False),
        (entry("a", "山", use_regex=True, constant=True), False),
        (entry("@@activate\na"), True),
        (entry("@@dont_activate\na", constant=True), False),
        (entry("@@activate\n@@dont_activate\na"), True),
        (entry("@@activate_only_after 2\na", "河"), True),
        (entry("@@activate_only_after 3\na", "河"), False),
        (entry("@@activate_only_every 2\na", "河"), True),
        (entry("@@activate_only_every 3\na", "河"), False),
        (entry("@@is_greeting 0\na", "河"), True),
        (entry("@@is_greeting 1\na", "河"), False),
        (entry("@@scan_depth 1\na", "河"), False),
        (entry("@@scan_depth 9\na", "你好"), True),
        (entry("@@additional_keys old,ancient\na", "boat"), True),
        (entry("@@additional_keys new\na", "boat"), False),
        (entry("@@exclude_keys old\na", "boat"), False),
        (entry("@@no_such_thing\n@@@activate\na"), True),
        (entry("@@scan_depth 9\n@@@activate\na", "山"), False),
        (entry("@@activate_only_after many\n@@@dont_activate\na", "河"), False),
    ],
)
def test_an_entry_is_called_or_not(one: dict[str, Any], called: bool) -> None:
    assert texts(one) == (["a"] if called else [])


def test_lower_orders_come_first_and_each_once() -> None:
    three = (entry("c", "河", insertion_order=3), entry("a", "河", "boat", insertion_order=-1), entry("b", "boat"))
    assert texts(*three) == ["a", "b", "c"]


def test_the_budget_drops_the_lowest_priority() -> None:
    three = (entry("aaaa", "河", priority=1), entry("bbbb", "河", priority=9), entry("cccc", "河", priority=5))
    assert texts(*three, token_budget=8) == ["bbbb", "cccc"]
    assert texts(*three, token_budget=0) == []
    assert texts(entry("aaaa", "河", insertion_order=2), entry("bbbb", "河"), token_budget=4) == ["aaaa"]


def test_the_books_scan_depth_counts_messages() -> None:
    assert texts(entry("a", "河"), scan_depth=1) == []
    assert texts(entry("a", "河"), scan_depth=3) == ["a"]
    assert texts(entry("a", "河"), scan_depth=0) == []


def test_entries_call_each_other_only_where_the_book_says_so() -> None:
    chain = (entry("the willow", "boat"), entry("{{hidden_key:root}}tree", "willow"), entry("deep", "root"))
    assert texts(*chain, recursive_scanning=True) == ["the willow", "tree", "deep"]
    assert texts(*chain) == ["the willow"]


def test_earlier_matches_are_remembered() -> None:
    stays, once = entry("@@keep_activate_after_match\na", "山"), entry("@@dont_activate_after_match\nb", "河")
    assert [one.text for one in added(stays, once)] == ["b"]
    assert [one.text for one in added(stays, once, matched={0: 1, 1: 1})] == ["a"]


def test_where_it_stands_in_the_prompt() -> None:
    deep = added(entry("@@depth 2\n@@role assistant\n{{char}}", "河"))[0]
    assert (deep.text, deep.depth, deep.role) == ("阿三", 2, "assistant")
    assert added(entry("@@reverse_depth 1\na", "河"))[0].depth == 4
    assert added(entry("@@depth 900\na", "河"))[0].depth == len(TALK)
    described = added(entry("@@depth 2\n@@position after_desc\na", "河"))[0]
    assert (described.position, described.depth) == ("after_desc", None)
    assert added(entry("a", "河", position="after_char"))[0].position == "after_char"


def test_wrong_types_are_left_out() -> None:
    book = Lorebook.of(
        {"spec": "lorebook_v3", "data": {"entries": [3, {"keys": 4, "content": None}, entry("a", "河")]}}
    )
    assert [one.text for one in book.added(TALK, MACROS, len)] == ["a"]
    assert Lorebook.of({"entries": "none", "token_budget": True, "scan_depth": 1e300}).entries == ()


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "(?:a?){200}a{200}b", "(a*)*b", "(" * 500 + "a" + ")" * 500])
def test_an_endless_expression_is_given_up(pattern: str) -> None:
    began = time.process_time()
    assert not Searching().found(pattern, "a" * 5000 + "c")
    assert time.process_time() - began < 20 * ONE_S


def test_a_book_full_of_endless_expressions_has_one_allowance() -> None:
    slow = [entry("x", f"(a|aa)+{n}$", use_regex=True) for n in range(300)]
    talk = [Message("user", "a" * 5000)]
    began = time.process_time()
    assert Lorebook.of({"entries": slow}).added(talk, MACROS, len) == []
    assert time.process_time() - began < 8 * ALL_S


def test_decorators_are_taken_from_the_text() -> None:
    rules, text = split("\n@@depth 4\n@@depth 5\n@@unknown x\n\nfirst\n@@not one\n")
    assert rules.number("depth") == 4 and text == "first\n@@not one"
    assert split("plain\n") == (split("")[0], "plain\n")
    assert split("@@activate")[1] == ""
