"""Whatever two texts are, the changes between them make the one of the other."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.voice.editing.pairing import paired
from avatar.voice.editing.texts import changes, tokens, written

TEXTS = st.text(st.sampled_from("今天北京学校我们去的，。 ab 1"), max_size=24)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_the_changes_make_the_new_text(old: str, new: str) -> None:
    before, after = tokens(old, "zh"), tokens(new, "zh")
    made: list[str] = []
    at = place = 0
    for change in changes(before, after):
        assert at <= change.start <= change.end
        assert place <= change.first <= change.last
        assert change.start - at == change.first - place
        made += [token.spoken for token in before[at : change.start]]
        made += [token.spoken for token in after[change.first : change.last]]
        at, place = change.end, change.last
    made += [token.spoken for token in before[at:]]
    assert made == [token.spoken for token in after]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=40))
def test_tokens_are_the_text(text: str) -> None:
    row = tokens(text, "zh")
    assert not row or written(row) == text
    assert all(token.sounds for token in row if token.spoken.isascii())


@cache
def distance(one: str, other: str) -> int:
    """Levenshtein's, as he wrote it down."""
    if not one or not other:
        return len(one) + len(other)
    step = distance(one[1:], other[1:]) + (one[0] != other[0])
    return min(step, distance(one[1:], other) + 1, distance(one, other[1:]) + 1)


@settings(max_examples=80, deadline=None)
@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_pairs_are_the_shortest_way(one: str, other: str) -> None:
    pairs = paired(one, other)
    assert [each for each, _ in pairs if each is not None] == list(range(len(one)))
    assert [each for _, each in pairs if each is not None] == list(range(len(other)))
    differences = sum(mine is None or theirs is None or one[mine] != other[theirs] for mine, theirs in pairs)
    assert differences == distance(one, other)
