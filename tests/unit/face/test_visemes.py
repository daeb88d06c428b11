"""Every sound of the speech engine's alphabet has its mouth."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.face.params import MOUTH
from avatar.face.visemes import MOUTH_INDEX, SYMBOLS, UNKNOWN, VISEMES, gestures, visemes_of
from avatar.media import PhoneSpan

KOKORO = (
    ';:,.!?—…"()“” ̃ʣʥʦʨᵝꭧAIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ↓→↗↘ᵻ'
)
"""The symbols of Kokoro-82M's vocabulary."""


def shape(phone: str, part: str) -> float:
    (name,) = visemes_of(phone)
    return float(VISEMES[name].shape[MOUTH_INDEX[part]])


def test_the_whole_alphabet_is_mapped() -> None:
    assert len(KOKORO) == 114
    assert [symbol for symbol in KOKORO if symbol not in SYMBOLS] == []


def test_every_viseme_is_used_and_within_range() -> None:
    assert {name for names in SYMBOLS.values() for name in names} == set(VISEMES)
    for viseme in VISEMES.values():
        assert viseme.shape.shape == viseme.strength.shape == (len(MOUTH),)
        assert ((viseme.shape >= 0) & (viseme.shape <= 1)).all()
        assert ((viseme.strength > 0) & (viseme.strength <= 1)).all()


@pytest.mark.parametrize(
    ("phone", "names"),
    [
        ("sil", ("sil",)),
        ("p", ("PP",)),
        ("pʰ", ("PP",)),
        ("m", ("MM",)),
        ("ꭧʰ", ("ZH",)),
        ("ʨ", ("JJ",)),
        ("y", ("YU",)),
        ("ɥ", ("YU",)),
        ("ɨ", ("AP",)),
        ("ai̯", ("AA", "IH")),
        ("au̯→", ("AA", "OU")),
        ("ou̯↘", ("OH", "OU")),
        ("A", ("EH", "IH")),
        ("W", ("AA", "OU")),
        ("iː", ("IH",)),
        ("↗", ()),
        ("ˈ", ()),
        (" ", ()),
        (",", ("sil",)),
    ],
)
def test_phones_of_both_languages(phone: str, names: tuple[str, ...]) -> None:
    assert visemes_of(phone) == names


@pytest.mark.parametrize("phone", ["字", "❓", "ʘ", "7"])
def test_an_unknown_symbol_gives_the_neutral_half_open_shape(phone: str) -> None:
    assert visemes_of(phone) == (UNKNOWN,)
    assert 0.15 < shape(phone, "jaw") < 0.45


def test_the_vowels_differ_as_lips_do() -> None:
    assert shape("a", "jaw") > shape("ə", "jaw") > shape("i", "jaw")
    assert shape("u", "pucker") > shape("o", "pucker") > shape("a", "pucker")
    assert shape("i", "wide") > shape("e", "wide") > shape("u", "wide")
    assert shape("y", "pucker") > 0.6
    assert shape("ʂ", "pucker") > shape("s", "pucker")


def test_only_bilabials_close_the_lips() -> None:
    closing = {symbol for symbol, names in SYMBOLS.items() if any(VISEMES[name].closure == 1.0 for name in names)}
    assert closing == set("pbmβɸ")


def test_a_mark_lengthens_the_sound_before_it() -> None:
    (vowel,) = gestures([PhoneSpan("a", 0, 1000), PhoneSpan("→", 1000, 2500), PhoneSpan(" ", 2500, 2600)], at=500)
    assert (vowel.viseme.name, vowel.start, vowel.end) == ("AA", 500, 3100)


def test_stress_belongs_to_the_sound_after_it() -> None:
    vowel, other = gestures([PhoneSpan("ˈ", 0, 400), PhoneSpan("a", 400, 1000), PhoneSpan("t", 1000, 1500)], at=0)
    assert (vowel.start, vowel.end, other.start) == (0, 1000, 1000)


def test_a_mark_after_a_gap_or_before_everything_moves_nothing() -> None:
    spans = [PhoneSpan("ː", 0, 400), PhoneSpan("a", 400, 1000), PhoneSpan("→", 9000, 9500)]
    (vowel,) = gestures(spans, at=0)
    assert (vowel.start, vowel.end) == (400, 1000)


def test_a_diphthong_moves_within_its_span() -> None:
    first, second = gestures([PhoneSpan("I", 0, 1000)], at=0)
    assert (first.viseme.name, second.viseme.name) == ("AA", "IH")
    assert (first.start, first.end, second.start, second.end) == (0, 600, 600, 1000)


def test_spans_without_length_are_left_out() -> None:
    assert gestures([PhoneSpan("a", 5, 5), PhoneSpan("o", 9, 3)], at=0) == []


def test_the_shapes_are_finite() -> None:
    assert all(np.isfinite(viseme.shape).all() for viseme in VISEMES.values())
