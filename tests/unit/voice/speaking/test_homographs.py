"""English words of two readings: a table of which one a sentence asks for, every row of which must hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from avatar.voice.speaking.g2p import Phonetics
from avatar.voice.speaking.normalise import words
from avatar.voice.speaking.normalise.homographs import respelled, rules

TABLE = Path(__file__).resolve().parent / "homographs.tsv"
ROWS = [
    line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
]


@pytest.fixture(scope="module")
def phonetics() -> Phonetics:
    return Phonetics()


@pytest.mark.parametrize(("sentence", "word", "phones"), ROWS)
def test_a_homograph_is_read_as_its_sentence_asks(phonetics: Phonetics, sentence: str, word: str, phones: str) -> None:
    pieces = words(sentence, "en")
    (place,) = (index for index, piece in enumerate(pieces) if re.fullmatch(rf"{word}\s*", piece.written))
    symbols = phonetics.symbols(pieces, "en-us")
    said = "".join(symbol.text for symbol in symbols if symbol.word == place).replace(" ", "")
    assert re.sub("[ˈˌ]", "", said) == re.sub("[ˈˌ]", "", phones)


def test_every_rules_spelling_is_found_in_the_table() -> None:
    told = {word for _, word, _ in ROWS}
    assert {word.lower() for word in rules()} <= {word.lower() for word in told}


def test_what_no_rule_knows_stays_as_it_is() -> None:
    assert respelled("house", "the ", " is red") == "house"
    assert respelled("Read", "", " it") == "Read"
