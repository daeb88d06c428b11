"""Quotations: a short part of the passage, around the words that were asked for."""

from __future__ import annotations

from avatar.dialog.cutting import width
from avatar.dialog.quoting import QUOTE_WIDTH, best_quote, near_duplicate
from avatar.dialog.stemming import stem

TEXT = (
    "渡口的水最深，夏天涨水时有三丈。船是柳木做的，已经用了二十年。\n"
    "船夫夜里唱歌，唱的是旧戏，一句也听不清楚，可是远远地传过来，很好听，岸上的人都停下脚步，一直听到灯灭了才散去，第二天还要说起，说那声音像水一样。"
)


def quote(*wanted: str) -> str:
    return best_quote(TEXT, frozenset(wanted), lambda word: float(len(word)))


def test_the_sentence_with_the_words_is_quoted() -> None:
    assert quote("柳木").startswith("船是柳木做的")
    assert quote("三丈", "最深").startswith("渡口的水最深")


def test_a_quotation_is_a_short_part_of_the_passage() -> None:
    for found in (quote("柳木"), quote("灯灭"), quote("无此词")):
        assert found in TEXT
        assert 0 < width(found) <= QUOTE_WIDTH * 1.5


def test_the_clauses_with_the_words_are_cut_out_of_a_long_sentence() -> None:
    assert "灯灭" in quote("灯灭")
    assert quote("旧戏").startswith("船夫夜里唱歌")


def test_it_never_crosses_a_paragraph() -> None:
    assert "\n" not in quote("柳木")


def test_the_same_words_in_another_spelling_are_a_duplicate() -> None:
    assert near_duplicate("希望本是无所谓有，无所谓无的。", "希望本是无所谓有无所谓无的")
    assert not near_duplicate("希望本是无所谓有，无所谓无的。", "船是柳木做的，已经用了二十年。")
    assert not near_duplicate("", "")


def test_an_irregular_form_is_quoted() -> None:
    found = best_quote("The ferry is old. He gave it away.", frozenset({stem("give")}), lambda word: 1.0)
    assert found.startswith("He gave")
