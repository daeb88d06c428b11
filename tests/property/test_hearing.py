"""Properties of what hearing does to texts and recordings."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.stages import HeardWord
from avatar.voice.hearing.names import repair_names
from avatar.voice.hearing.pieces import LONGEST_S, pieces
from avatar.voice.hearing.pinyin import distance, syllables
from avatar.voice.hearing.transcript import finished_words, joined, punctuated
from avatar.voice.hearing.vad import WINDOW

NAMES = ("鲁迅", "孔乙己", "闰土", "阿Q", "祥林嫂", "子君", "七斤", "Lu Xun", "Kong Yiji", "Runtu")
COMMON = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所"
LIKE_NAMES = "路旅讯训逊空恐疑一季记任人润图吐突啊秋详想林琳少扫自只军均起金斤"
LATIN = (
    "Lu",
    "Hsun",
    "Luzon",
    "Kang",
    "Kong",
    "Yijie",
    "run",
    "to",
    "Run",
    "Tu",
    "the",
    "Is",
    "London",
    "of",
    "Lu Xun",
)


@cache
def far_characters() -> str:
    """Common characters that sound like no syllable of any name."""
    names = [sound for name in NAMES if not name.isascii() for sound in syllables(name)]
    return "".join(
        character for character in COMMON if all(distance(sound, syllables(character)[0]) > 0.5 for sound in names)
    )


heard = st.text(st.sampled_from([*COMMON, *LIKE_NAMES, *"，。？Q a", *"孔乙己闰土鲁迅阿"]), max_size=30)
spoken = st.lists(st.sampled_from(LATIN), max_size=8).map(" ".join)


@given(data=st.data())
@settings(deadline=None)
def test_a_text_without_a_near_name_never_changes(data: st.DataObject) -> None:
    text = data.draw(st.text(st.sampled_from(far_characters() + "，。？"), max_size=40))
    assert repair_names(text, NAMES) == text


@given(text=st.one_of(heard, spoken, st.text(max_size=40)))
@settings(deadline=None)
def test_a_repaired_text_needs_no_repair(text: str) -> None:
    once = repair_names(text, NAMES)
    assert repair_names(once, NAMES) == once


@given(before=heard, after=heard, name=st.sampled_from(NAMES[:7]))
@settings(deadline=None)
def test_a_name_that_stands_already_stays(before: str, after: str, name: str) -> None:
    text = f"{before}。{name}。{after}"
    assert f"。{name}。" in repair_names(text, NAMES)


@given(
    texts=st.lists(st.text(st.sampled_from([*LIKE_NAMES, *COMMON, *",.? 嗎體麼"]), min_size=1, max_size=4), max_size=8)
)
@settings(deadline=None)
def test_the_words_stay_in_order_and_say_the_repaired_text(texts: list[str]) -> None:
    words = [HeardWord(text, float(index), index + 1.0, 0.5) for index, text in enumerate(texts)]
    finished = finished_words(words, "zh", NAMES)
    assert joined(finished) == repair_names(joined(finished), NAMES)
    assert all(one.end <= other.start for one, other in pairwise(finished))
    assert len(finished) <= len(words)


@given(text=st.text(max_size=60))
def test_punctuation_keeps_length_and_is_done_once(text: str) -> None:
    once = punctuated(text)
    assert len(once) == len(text)
    assert punctuated(once) == once


@given(
    runs=st.lists(st.tuples(st.integers(1, 200), st.floats(0.0, 1.0)), max_size=20),
    part=st.integers(0, WINDOW - 1),
)
@settings(deadline=None)
def test_pieces_are_in_order_apart_short_enough_and_hold_all_speech(runs: list[tuple[int, float]], part: int) -> None:
    probabilities = np.repeat(np.array([value for _, value in runs], dtype=np.float32), [count for count, _ in runs])
    length = max(0, probabilities.size * WINDOW - part)
    found = pieces(probabilities, length)
    edges = [edge for piece in found for edge in (piece.start, piece.end)]
    assert edges == sorted(edges)
    assert all(0 <= piece.start < piece.end <= length for piece in found)
    assert all(piece.end - piece.start <= LONGEST_S * 16_000 for piece in found)
    loud = np.flatnonzero(probabilities >= 0.5) * WINDOW
    assert not found or all(any(piece.start <= start <= piece.end for piece in found) for start in loud)
