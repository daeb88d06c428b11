"""The lexicon of a card."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.dialog.cards.convert import plain
from avatar.dialog.persona import Persona, check_fields, load_persona, parse_fields
from avatar.dialog.tomltext import toml
from avatar.errors import InputError


def card(lexicon: object) -> Persona:
    fields = plain(load_persona("luxun", Path("absent"))) | {"lexicon": lexicon}
    return check_fields(fields, Path("luxun"), "luxun")


def test_it_survives_the_cards_file() -> None:
    readings = {"闰土": "rùn tǔ", "Lu Xun": "lu3 xun4", "猹": "查", "kokoro": "/kəkˈɔːɹoʊ/", "阿Q": "a1 cue"}
    persona = card(readings)
    assert parse_fields(toml(plain(persona)).encode(), "card")["lexicon"] == readings


@pytest.mark.parametrize(
    "lexicon",
    [
        {"闰土": ""},
        {"闰土": "<b>"},
        {"": "run4"},
        {"闰土": "12"},
        {"闰土": "run4\nzhi4"},
        {"闰\u202e土": "run4 tu3"},
        {"闰土": 4},
        {f"词{number}": "ci2" for number in range(501)},
        ["闰土"],
    ],
)
def test_what_is_no_reading_is_refused(lexicon: object) -> None:
    with pytest.raises(InputError, match="lexicon"):
        card(lexicon)


def test_a_long_reading_is_read_in_no_time() -> None:
    with pytest.raises(InputError):
        card({"闰土": "a" * 199 + "!"})
