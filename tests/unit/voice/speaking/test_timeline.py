"""Phones, words and silence from the model's durations and energy."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from avatar.voice.speaking.acoustics import Encoded
from avatar.voice.speaking.graph import UNIT
from avatar.voice.speaking.timeline import (
    SILENCE,
    Writing,
    audible,
    phone_spans,
    without_silence,
    word_of_unit,
    word_spans,
)
from avatar.voice.speaking.words import Symbol, Word

SYMBOLS = [
    Symbol("n", 0),
    Symbol("i", 0),
    Symbol("↓", 0),
    Symbol(" ", 0),
    Symbol("x", 1),
    Symbol("a", 1),
    Symbol("u", 1),
    Symbol(".", 2),
]
WORDS = [Word("你", "你", "zh"), Word("好", "好", "zh"), Word("。", ".", "mark")]


def encoded(units: list[int], loud: list[int]) -> Encoded:
    """An encoding whose tokens last so many units, of which so many at the token's end are heard."""
    energy = np.concatenate(
        [[-9.0] * (2 * (unit - heard)) + [8.0] * (2 * heard) for unit, heard in zip(units, loud, strict=True)]
    )
    total = sum(units)
    return Encoded(
        np.repeat(np.arange(len(units)), units),
        np.arange(total, dtype=np.float32).reshape(1, 1, total),
        np.zeros((1, 2 * total), dtype=np.float32),
        energy.astype(np.float32)[None],
        np.zeros((1, 256), dtype=np.float32),
    )


CLAUSE = encoded([18, 2, 3, 1, 1, 2, 2, 2, 29, 1], [1, 2, 3, 1, 1, 2, 2, 2, 0, 0])


def test_silence_around_the_clause_is_cut() -> None:
    cut = without_silence(CLAUSE)
    assert cut.owners.size == 2 + 14 + 1
    assert cut.features.shape[2] == cut.owners.size
    assert cut.f0.shape[1] == cut.energy.shape[1] == 2 * cut.owners.size


def test_a_long_pause_inside_is_shortened() -> None:
    long = encoded([2, 4, 40, 4, 2], [0, 4, 0, 4, 0])
    cut = without_silence(long)
    assert cut.owners.size == 2 + 4 + 14 + 4 + 1
    assert (np.diff(cut.owners) >= 0).all()


def test_an_end_that_sinks_slowly_is_cut_by_two_units_at_most() -> None:
    sinking = encoded([2, 4, 6], [0, 4, 6])
    energy = sinking.energy.copy()
    energy[0, -8:] = [1.9, 1.5, 1.0, 0.8, 0.6, 0.4, 0.2, 0.1]
    assert without_silence(replace(sinking, energy=energy)).owners.size == 2 + 4 + 6 - 2 + 1
    energy[0, -4:] = 2.1
    assert without_silence(replace(sinking, energy=energy)).owners.size == 2 + 4 + 6


def test_a_clause_without_sound_stays() -> None:
    silent = encoded([2, 4, 2], [0, 0, 0])
    assert without_silence(silent) is silent


def test_the_closure_of_a_stop_is_no_pause() -> None:
    heard = audible(np.array([[8, 8] + [-9] * 6 + [8, 8]], dtype=np.float32))
    assert heard.all()


def test_phones_lie_end_to_end() -> None:
    spans = phone_spans(SYMBOLS, without_silence(CLAUSE))
    assert spans[0].start == 0
    assert spans[-1].end == 17 * UNIT
    assert all(before.end == after.start for before, after in pairwise(spans))


def test_tones_and_spaces_lengthen_the_phone_before_and_the_lead_in_the_first() -> None:
    spans = phone_spans(SYMBOLS, without_silence(CLAUSE))
    assert [(span.phone, span.end / UNIT) for span in spans] == [
        (SILENCE, 1),
        ("n", 3),
        ("i", 8),
        ("x", 10),
        ("a", 12),
        ("u", 14),
        (SILENCE, 17),
    ]


def test_a_stress_mark_lends_its_time_to_the_phone_after_it() -> None:
    symbols = [Symbol("h", 0), Symbol("ˈ", 0), Symbol("O", 0)]
    spans = phone_spans(symbols, encoded([0, 2, 1, 3, 0], [0, 2, 1, 3, 0]))
    assert [(span.phone, span.end / UNIT) for span in spans] == [("h", 1), ("O", 4), (SILENCE, 6)]


def test_a_phone_that_hides_a_pause_is_split() -> None:
    spans = phone_spans([Symbol("m", 0)], encoded([0, 20, 0], [0, 6, 0]))
    assert [span.phone for span in spans] == [SILENCE, "m", SILENCE]


def test_words_joined_are_the_clause() -> None:
    spans = word_spans(WORDS, word_of_unit(SYMBOLS, without_silence(CLAUSE)))
    assert [span.text for span in spans] == ["你", "好。"]
    assert spans[0].start == UNIT
    assert spans[0].end == spans[1].start == 8 * UNIT
    assert spans[1].end == 14 * UNIT


def test_what_is_not_said_goes_with_its_neighbours() -> None:
    words = [Word("“", "“", "mark"), *WORDS, Word("”", "”", "mark"), Word("😀", "", "mark")]
    spans = word_spans(words, [1, 1, 2, -1])
    assert [span.text for span in spans] == ["“你", "好。”😀"]


def test_a_clause_without_words_has_no_spans() -> None:
    assert word_spans([Word("……", "…", "mark")], [-1, -1]) == ()


def test_phones_are_told_in_parts_without_a_gap() -> None:
    cut = without_silence(CLAUSE)
    border = int(np.flatnonzero(cut.owners == 5)[0])
    first = replace(cut, owners=cut.owners[:border], energy=cut.energy[:, : 2 * border])
    told = [*phone_spans(SYMBOLS, first, ends=False), *phone_spans(SYMBOLS, cut, border)]
    assert tuple(told) == phone_spans(SYMBOLS, cut)


def test_words_are_told_in_parts() -> None:
    heard = word_of_unit(SYMBOLS, without_silence(CLAUSE))
    writing = Writing(WORDS)
    border = heard.index(1)
    writing.hear(heard[:border])
    one = writing.until(1)
    assert writing.until(1) == []
    writing.hear(heard[border:])
    assert (*one, *writing.until(3)) == word_spans(WORDS, heard)


def test_what_is_not_said_after_words_that_were_told_is_not_lost() -> None:
    writing = Writing([*WORDS, Word("😀", "", "mark"), Word("！", "!", "mark")])
    writing.hear([0, 1])
    told = [*writing.until(2), *writing.until(3), *writing.until(5)]
    assert [span.text for span in told] == ["你", "好", "。😀！"]
    assert told[-1].start == told[-1].end == told[-2].end
