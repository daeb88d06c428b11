"""Ranking: words, meaning, both."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.dialog import retrieval
from avatar.dialog.index import RELEVANT
from avatar.dialog.postings import collect
from avatar.dialog.retrieval import Match, WordIndex, confidence, fuse, in_company
from avatar.dialog.words import Term, terms, tokens

TEXTS = ["渡口的水最深。", "渡船是柳木做的，柳木不怕水。", "船夫夜里唱歌。", "The boatman sings at night."]


@pytest.fixture
def index() -> WordIndex:
    return WordIndex([collect(tokens(text) for text in TEXTS)])


def best(index: WordIndex, question: str) -> int:
    return int(index.scores(terms(question)).bm25.argmax())


@pytest.mark.parametrize("size", [0, 1, 60, 61, 500])
def test_the_best_are_those_that_sorting_all_would_give(size: int) -> None:
    scores = np.random.default_rng(size).integers(0, 40, size).astype(np.float32)
    assert np.array_equal(retrieval.best(scores, 60), np.argsort(-scores, kind="stable")[:60])


def test_the_passage_with_the_telling_words_is_first(index: WordIndex) -> None:
    assert best(index, "柳木做的是什么？") == 1
    assert best(index, "谁在夜里唱歌？") == 2
    assert best(index, "Who was singing at night?") == 3


def test_coverage_is_the_share_of_the_questions_words(index: WordIndex) -> None:
    full = index.scores(terms("柳木")).coverage
    half = index.scores([Term("柳木", True), Term("飞机", True)]).coverage
    assert full[1] == pytest.approx(1.0)
    assert 0.3 < half[1] < 0.7
    assert index.scores(terms("飞机")).coverage.max() == 0


def test_a_pair_across_words_tells_nothing_by_its_absence(index: WordIndex) -> None:
    assert index.scores([Term("柳木", True), Term("木飞", False)]).coverage[1] == pytest.approx(1.0)


def test_only_whole_words_are_counted_as_held(index: WordIndex) -> None:
    assert list(index.scores([Term("柳木", True), Term("渡船", True), Term("木做", False)]).held) == [0, 2, 0, 0]


def test_nothing_asked_scores_nothing(index: WordIndex) -> None:
    found = index.scores([])
    assert not found.bm25.any() and not found.coverage.any() and not found.held.any()
    assert not fuse(found.bm25, None).any()


def test_an_empty_index_can_be_asked() -> None:
    assert WordIndex([]).scores(terms("柳木")).bm25.shape == (0,)


def test_fusion_prefers_what_both_searches_find() -> None:
    words = np.array([1.0, 0.7, 0.0], dtype=np.float32)
    likeness = np.array([0.0, 0.06, 0.05], dtype=np.float32)
    fused = fuse(words, likeness)
    assert int(fused.argmax()) == 1
    assert (fused > 0).all()


def test_how_far_ahead_the_first_is_is_not_forgotten() -> None:
    words, likeness = np.array([1.5, 0.2], dtype=np.float32), np.array([0.01, 0.06], dtype=np.float32)
    assert fuse(words, likeness)[0] > fuse(words, likeness)[1]


def test_what_is_not_embedded_yet_keeps_its_place_among_what_is() -> None:
    words = np.array([0.9, 0.7, 0.2], dtype=np.float32)
    fused = fuse(words, np.array([np.nan, 0.07, 0.07], dtype=np.float32))
    assert list(np.argsort(-fused)) == [0, 1, 2]


def test_below_the_middle_is_found_by_words_alone() -> None:
    words = np.array([0.5, 0.5, 0.5], dtype=np.float32)
    fused = fuse(words, np.array([0.0, -0.05, 0.0], dtype=np.float32))
    assert fused == pytest.approx(words)
    assert fuse(words, None) is words


def test_the_words_of_a_neighbour_in_the_same_piece_count_a_little() -> None:
    texts = ["祥林嫂来了。", "她问有没有魂灵。", "旁人问有没有魂灵。", "旁的话。"]
    index = WordIndex([collect(tokens(text) for text in texts)], np.array([False, True, False, True]))
    found = index.scores(terms("祥林嫂问魂灵"))
    assert found.bm25[1] > found.bm25[2] > found.bm25[3]
    assert found.coverage[1] == pytest.approx(found.coverage[2])
    alone = WordIndex([collect(tokens(text) for text in texts)]).scores(terms("祥林嫂问魂灵"))
    assert alone.bm25[1] == pytest.approx(alone.bm25[2], rel=0.1)


def test_a_neighbour_in_the_same_piece_lends_its_likeness() -> None:
    likeness = np.array([0.0, 0.1, 0.0, 0.0], dtype=np.float32)
    found = in_company(likeness, np.array([False, True, False, True]), 0.3)
    assert found == pytest.approx([0.03, 0.1, 0.0, 0.0])


@pytest.mark.parametrize("likeness", [None, -1.0, 0.0, 0.04, 0.06, 0.2])
@pytest.mark.parametrize(("coverage", "held"), [(0.0, 0), (0.3, 1), (1.0, 1), (1.0, 4)])
def test_confidence_stays_in_bounds(coverage: float, held: int, likeness: float | None) -> None:
    assert 0.0 <= confidence(Match(0, 1.0, coverage, held, likeness)) <= 1.0


def test_one_word_convinces_only_where_meaning_does_not_speak_against_it() -> None:
    assert confidence(Match(0, 1.0, 1.0, 1, None)) > 0.8
    assert confidence(Match(0, 1.0, 1.0, 1, -0.03)) < RELEVANT / 2
    assert confidence(Match(0, 1.0, 1.0, 1, 0.06)) > 0.8
    assert confidence(Match(0, 1.0, 0.5, 1, 0.02)) < RELEVANT < confidence(Match(0, 1.0, 0.5, 2, 0.02))
    assert confidence(Match(0, 1.0, 1.0, 3, 0.0)) > 0.8


def test_meaning_may_speak_alone() -> None:
    assert confidence(Match(0, 1.0, 0.0, 0, 0.08)) > 0.7
    assert confidence(Match(0, 1.0, 0.0, 0, 0.03)) < RELEVANT / 2
