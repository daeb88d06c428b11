"""Whatever a model writes, and however it comes in pieces: no tag gets through, and no other word is lost."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from avatar.dialog.tags import Tags, Told

SIGNS = st.text(alphabet="[]【】〔〕<>:：/ warmsdクx你好温和。,\n", max_size=60)


def read(pieces: list[str]) -> Told:
    tags = Tags()
    return [told for piece in pieces for told in tags.push(piece)] + tags.finish()


def joined(told: Told) -> str:
    return "".join(words for words, _ in told)


@given(SIGNS, st.lists(st.integers(0, 60), max_size=6))
def test_pieces_do_not_matter(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    assert joined(read(pieces)) == joined(read([text]))


@given(SIGNS)
def test_nothing_is_added_and_no_tag_is_left(text: str) -> None:
    left = joined(read([text]))
    rest = iter(text)
    assert all(sign in rest for sign in left)
    assert "[warm]" not in left
    assert "【温和】" not in left


@given(st.text(alphabet="abc 你好。,!", max_size=80))
def test_a_text_without_brackets_is_left_alone(text: str) -> None:
    assert joined(read([text])) == text.lstrip()
