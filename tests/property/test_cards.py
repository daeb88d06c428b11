"""Properties of cards, macros and lorebooks: nothing is lost, nothing raises but our own errors."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.dialog.archive import Archive, pack, safe_path
from avatar.dialog.cards.card import Card, as_v3, read, to_charx, to_json, to_png
from avatar.dialog.cards.decorators import split
from avatar.dialog.cards.jsontext import dump, parse
from avatar.dialog.cards.lorebook import Lorebook, Message
from avatar.dialog.cards.macros import MAX_CHARACTERS, Macros
from avatar.dialog.cards.png import read_texts, write_texts
from avatar.errors import InputError
from tests.unit.dialog.cards.samples import ENTRY, V3, picture

unhurried = settings(deadline=None, max_examples=60)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=5)
MACRO_TEXT = st.text(st.sampled_from("{}:,\\/<>abchrsu dpikeolnt{}{}河"), max_size=80) | st.lists(
    st.sampled_from(["{{", "}}", "char", "user", "random:", "a,b", "roll:6", "pick:", "//", "reverse:", "<user>", "河"])
).map("".join)
BOOK_KEYS = ["entries", "scan_depth", "token_budget", "recursive_scanning", "spec", "data"]
ENTRIES = st.dictionaries(
    st.sampled_from([*ENTRY, "use_regex"]), VALUES | st.lists(st.text(max_size=5)), max_size=len(ENTRY)
)
PICTURE = picture()


@unhurried
@given(OBJECTS)
def test_json_comes_back_as_it_was(value: dict[str, Any]) -> None:
    assert parse(dump(value), "x") == value


@unhurried
@given(OBJECTS)
def test_unknown_keys_survive_every_form(unknown: dict[str, Any]) -> None:
    body = {**unknown, **V3, "data": {**unknown, **V3["data"], "extensions": unknown}}
    card = Card(body)
    assert read(to_json(card), "x").body == body
    assert read(to_png(card, PICTURE), "x").body == body
    assert read(to_charx(card), "x").body == body
    assert as_v3(card).body == body


@unhurried
@given(
    st.dictionaries(
        st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=79),
        st.binary().map(lambda b: b.replace(b"\0", b"")),
        max_size=4,
    )
)
def test_texts_of_a_png_come_back(texts: dict[str, bytes]) -> None:
    written = write_texts(PICTURE, texts, "x")
    assert read_texts(written, "x") == texts
    assert write_texts(written, {}, "x", without=frozenset(texts)) == PICTURE


@unhurried
@given(st.integers(0, len(PICTURE) - 1), st.integers(0, 255))
def test_a_changed_byte_of_a_png_is_noticed(at: int, byte: int) -> None:
    changed = PICTURE[:at] + bytes([byte]) + PICTURE[at + 1 :]
    try:
        assert read_texts(changed, "x") == {} and changed == PICTURE
    except InputError:
        assert changed != PICTURE


@unhurried
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", PICTURE[:-12], b'{"name":']))
def test_bytes_are_a_card_or_an_error_of_ours(data: bytes, start: bytes) -> None:
    try:
        assert isinstance(read(start + data, "x").text("name"), str)
    except InputError as error:
        assert error.en and error.zh


@unhurried
@given(MACRO_TEXT, st.text(max_size=20), st.text(max_size=20))
def test_macros_never_fail_and_names_are_not_read_again(text: str, char: str, user: str) -> None:
    macros = Macros(char, user)
    assert len(macros.expand(text)) <= MAX_CHARACTERS
    assert macros.expand("{{char}}") == char and macros.expand("{{user}}") == user


@unhurried
@given(st.text(st.characters(exclude_characters="{}<>")))
def test_a_text_without_macros_stays_as_it_is(text: str) -> None:
    assert Macros("a", "b").expand(text) == text


@unhurried
@given(
    st.dictionaries(st.sampled_from(BOOK_KEYS), VALUES | st.lists(ENTRIES, max_size=4)), st.lists(st.text(max_size=30))
)
def test_any_book_and_any_talk(book: dict[str, Any], talk: list[str]) -> None:
    messages = [Message("user", text) for text in talk]
    once, again = (Lorebook.of(book).added(messages, Macros("a", "b"), len) for _ in range(2))
    assert [one.number for one in once] == [one.number for one in again]
    assert len({one.number for one in once}) == len(once)
    assert all(one.text for one in once)


@unhurried
@given(st.lists(st.sampled_from(["@@depth 3", "@@@role user", "@@x", "@@", "text", "", "  ", "@@activate now"])))
def test_decorators_leave_the_text_that_is_none(lines: list[str]) -> None:
    _, text = split("\n".join(lines))
    kept = [line for line in lines if line == "text"]
    assert [line for line in text.split("\n") if line == "text"] == kept


@unhurried
@given(st.dictionaries(st.text(max_size=20).filter(safe_path), st.binary(max_size=50), max_size=4))
def test_what_is_packed_is_read_again(files: dict[str, bytes]) -> None:
    data = pack(files)
    archive = Archive(data, "x")
    assert {path: archive.read(path) for path in archive.names} == files
    assert pack(files) == data


def test_the_samples_are_json() -> None:
    assert json.loads(json.dumps(V3)) == V3
