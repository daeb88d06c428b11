"""Properties of the studio: whatever is said gives a valid card or an error of ours; differences tell everything."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.dialog.cards.convert import plain
from avatar.dialog.persona import check_fields, load_persona
from avatar.dialog.studio.asking import checked
from avatar.dialog.studio.difference import differences
from avatar.dialog.studio.making import checked_greeting
from avatar.dialog.studio.proposal import clauses, propose
from avatar.errors import InputError

unhurried = settings(deadline=None, max_examples=60)
LUXUN = load_persona("luxun", Path("nowhere"))
ZH = [
    "少",
    "太",
    "别",
    "不要",
    "更",
    "讽刺",
    "短",
    "温和",
    "AI",
    "一句话",
    "1936年",
    "以后",
    "不知道",
    "，",
    "。",
    "“",
    "”",
    "改名叫",
    "开场白",
    "：",
    "叫我",
    "〔",
    "鲁迅",
    "只说英文",
]
EN = [
    " less ",
    " too ",
    " not ",
    "irony",
    "short",
    " and ",
    " he ",
    "English",
    " only ",
    "call me ",
    "greeting: ",
    ".",
    "{{",
]
WORDS = st.lists(st.sampled_from([*ZH, *EN]), max_size=12).map("".join)
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=3), VALUES, max_size=4)


@unhurried
@given(WORDS | st.text(max_size=60))
def test_whatever_is_said_gives_a_valid_card_or_a_sentence(said: str) -> None:
    try:
        proposal = asyncio.run(propose(LUXUN, said, None))
    except InputError as error:
        assert error.en and error.zh
        return
    assert plain(check_fields(proposal.fields, Path("nowhere"), "x")) == proposal.fields
    assert proposal.fields["id"] == "luxun" and proposal.fields["ground"]["kind"] == "historical"
    assert proposal.diff and proposal.told["zh"] and proposal.told["en"] and 1 <= len(proposal.questions) <= 3


@unhurried
@given(st.text(max_size=80))
def test_no_clause_is_empty(said: str) -> None:
    assert all(clause.strip() for clause in clauses(said))


@unhurried
@given(st.text(max_size=120), st.text(max_size=20))
def test_whatever_a_model_writes_is_a_sentence_or_nothing(written: str, wish: str) -> None:
    found = checked(f'{{"field": "manner", "zh": "你{written}", "en": "You {written}"}}', wish)
    assert found is None or (found.texts["zh"].startswith("你") and found.texts["en"].isprintable())
    assert len(checked_greeting(written, "zh")) <= 120


@unhurried
@given(OBJECTS, OBJECTS)
def test_differences_are_there_where_cards_differ(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert differences(old, old) == []
    found = differences(old, new)
    assert not found or old != new
    for key in {*old, *new}:
        plain_values = all(isinstance(side.get(key), str | int) for side in (old, new))
        if plain_values and old[key] != new[key]:
            assert any((each.field, each.old, each.new) == (key, old[key], new[key]) for each in found)
