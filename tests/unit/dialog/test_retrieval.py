"""Ranking: words, meaning, both."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.dialog.retrieval import Match, WordIndex, confidence, fuse
from avatar.dialog.words import Term, terms, tokens

TEXTS = ["渡口的水最深。", "渡船是柳木做的，柳木不怕水。", "船夫夜里唱歌。", "The boatman sings at night."]


@pytest.fixture
def index() -> WordIndex:
    return WordIndex([tokens(text) for text in TEXTS])


def best(index: WordIndex, question: str) -> int:
    return int(index.scores(terms(question))[0].argmax())


def test_the_passage_with_the_telling_words_is_first(index: WordIndex) -> None:
    assert best(index, "柳木做的是什么？") == 1
    assert best(index, "谁在夜里唱歌？") == 2
    assert best(index, "Who was singing at night?") == 3


def test_coverage_is_the_share_of_the_questions_words(index: WordIndex) -> None:
    full = index.scores(terms("柳木"))[1]
    half = index.scores([Term("柳木", True), Term("飞机", True)])[1]
    assert full[1] == pytest.approx(1.0)
    assert 0.3 < half[1] < 0.7
    assert index.scores(terms("飞机"))[1].max() == 0


def test_a_pair_across_words_tells_nothing_by_its_absence(index: WordIndex) -> None:
    assert index.scores([Term("柳木", True), Term("木飞", False)])[1][1] == pytest.approx(1.0)


def test_nothing_asked_scores_nothing(index: WordIndex) -> None:
    scores, coverage = index.scores([])
    assert not scores.any() and not coverage.any()
    assert fuse(scores, coverage, None) == []


def test_an_empty_index_can_be_asked() -> None:
    scores, _ = WordIndex([]).scores(terms("柳木"))
    assert scores.shape == (0,)


def test_fusion_prefers_what_both_searches_find() -> None:
    words = np.array([3.0, 2.0, 0.0], dtype=np.float32)
    cosines = np.array([0.80, 0.90, 0.85], dtype=np.float32)
    found = fuse(words, words, cosines)
    assert found[0].at == 1
    assert {match.at for match in found} == {0, 1, 2}


def test_passages_that_are_not_embedded_are_found_by_words() -> None:
    words = np.array([0.0, 2.0], dtype=np.float32)
    cosines = np.array([0.85, 0.0], dtype=np.float32)
    assert {match.at for match in fuse(words, words, cosines)} == {0, 1}


@pytest.mark.parametrize(("coverage", "cosine"), [(0.0, 0.0), (0.0, 0.7), (1.0, 0.0), (0.5, 0.88), (1.0, 1.0)])
def test_confidence_stays_in_bounds(coverage: float, cosine: float) -> None:
    assert 0.0 <= confidence(Match(0, 1.0, coverage, cosine)) <= 1.0


def test_confidence_grows_with_either() -> None:
    low = confidence(Match(0, 1.0, 0.2, 0.83))
    assert confidence(Match(0, 1.0, 0.8, 0.83)) > low
    assert confidence(Match(0, 1.0, 0.2, 0.91)) > low
