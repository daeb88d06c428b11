"""The index: notes lead to texts, silence is told from answers, and nothing in it ever changes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.dialog.embedding import Vectors
from avatar.dialog.index import ENOUGH, Index
from avatar.dialog.library import Indexed, index, text_id
from avatar.errors import Language
from tests.unit.dialog.fakes import HashEmbedder

BOOK = (
    "\n\n".join(f"# 第{n}篇\n\n第{n}篇里说的是第{n}件旁的事情。" for n in range(24))
    + "\n\n# 夜航\n\n渡口的灯一直亮到天明。"
)
NOTES = "# Notes\n\n## The lamp at the ferry\n\nThe lamp was lit all night.\n\n## Boats\n\nBoats were of willow.\n"


def unit(*values: float) -> NDArray[np.float32]:
    vector = np.zeros(384, dtype=np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def parts() -> tuple[Indexed, Indexed]:
    return index(NOTES, "Notes", text_id(NOTES), source="note"), index(BOOK, "夜航记", text_id(BOOK))


def vectors_of(text: Indexed, telling: str, vector: NDArray[np.float32]) -> Vectors:
    """One passage points one way, the others all another."""
    rows = [vector if telling in p.text else unit(0, 0, 0, 1, 0.01 * at) for at, p in enumerate(text.passages)]
    return np.stack(rows).astype(np.float32)


def test_a_note_leads_to_the_text_it_speaks_of() -> None:
    notes, book = parts()
    whole = Index((notes, book), 1, (vectors_of(notes, "lamp", unit(1, 1)), vectors_of(book, "灯", unit(0, 1, 1))))
    found = whole.search("Was the lamp at the ferry lit?", "en", lambda _: unit(1, 0, 0, 0.1))
    assert [passage.place for passage in found][:2] == ["The lamp at the ferry", "夜航"]
    words_alone = whole.search("Was the lamp at the ferry lit?", "en", None)
    assert [passage.place for passage in words_alone] == ["The lamp at the ferry"]


def test_meaning_that_stands_out_is_found_without_a_shared_word() -> None:
    _, book = parts()
    whole = Index((book,), 0, (vectors_of(book, "灯", unit(0, 1, 1)),))
    found = whole.search("黎明之前那里还有光吗", "zh", lambda _: unit(0, 1, 0.9))
    assert found[0].place == "夜航" and found[0].score > 0.8


def test_where_everything_is_equally_near_the_texts_are_silent() -> None:
    _, book = parts()
    whole = Index((book,), 0, (np.tile(unit(0, 0, 0, 1), (len(book.passages), 1)),))
    assert whole.search("黎明之前那里还有光吗", "zh", lambda _: unit(0, 0, 0, 1)) == []


def test_with_texts_one_note_is_enough() -> None:
    notes = index("# 札记\n\n## 一\n\n渡口的灯是油灯。\n\n## 二\n\n渡口的灯挂得很高。", "札记", "0" * 16, source="note")
    _, book = parts()
    alone = Index((notes,), 1, (np.zeros((2, 384), dtype=np.float32),))
    assert len(alone.search("渡口的灯", "zh", None)) == 2
    both = Index((notes, book), 1, (alone.vectors[0], np.zeros((len(book.passages), 384), dtype=np.float32)))
    assert [f.work for f in both.search("渡口的灯", "zh", None)] == ["夜航记", "札记"]


def test_new_vectors_make_a_new_index_that_shares_the_words() -> None:
    _, book = parts()
    empty = np.zeros((len(book.passages), 384), dtype=np.float32)
    old = Index((book,), 0, (empty,))
    old.search("渡口的灯", "zh", None)
    new = old.with_vectors(book.entry.id, np.ones_like(empty))
    assert not old.embedded.any() and new.embedded.all()
    assert new.words is old.words


RIVER = "\n\n".join(
    f"# Chapter {n}\n\nThe {n}th river comes from the hills and goes down to the sea." for n in range(30)
)
FERRY = f"{RIVER}\n\n# The ferry\n\nThe ferryman sings old operas at night."


ASKED: tuple[tuple[str, Language, str], ...] = (
    ("渡口的灯亮到什么时候？", "zh", "夜航"),
    ("What does the ferryman sing at night?", "en", "The ferry"),
    ("量子计算机怎么用？", "zh", ""),
    ("How do I install Python?", "en", ""),
)
"""Questions, and where their answers stand; of two the texts say nothing."""


class CrowdedEmbedder(HashEmbedder):
    """Texts that share words are alike, but all are much alike, as e5 has them."""

    def _vector(self, text: str) -> NDArray[np.float32]:
        crowded = super()._vector(text) + 2 * np.full(384, 384**-0.5, dtype=np.float32)
        return np.asarray(crowded / np.linalg.norm(crowded), dtype=np.float32)


class Growing:
    """A library in two languages with notes, embedded passage by passage, in any order."""

    def __init__(self, order: int) -> None:
        self.texts = (*parts(), index(FERRY, "The River", text_id(FERRY)))
        embedder = CrowdedEmbedder()
        self.whole = [embedder.passages([passage.text for passage in text.passages]) for text in self.texts]
        self.embed = embedder.query
        self.places = [(at, row) for at, text in enumerate(self.texts) for row in range(len(text.passages))]
        if order >= 0:
            np.random.default_rng(order).shuffle(self.places)

    def at(self, done: int) -> Index:
        """So many passages are embedded."""
        vectors = [np.zeros_like(rows) for rows in self.whole]
        for text, row in self.places[:done]:
            vectors[text][row] = self.whole[text][row]
        return Index(self.texts, 1, tuple(vectors))


@pytest.mark.parametrize("order", [-1, 1, 2])
def test_both_languages_are_found_and_silence_is_kept_at_every_step_of_embedding(order: int) -> None:
    growing = Growing(order)
    for done in (0, 1, 2, 3, 10, ENOUGH - 1, ENOUGH, ENOUGH + 1, 30, 45, len(growing.places) - 1, len(growing.places)):
        now = growing.at(done)
        for question, language, place in ASKED:
            found = [passage.place for passage in now.search(question, language, growing.embed)]
            assert place in found if place else found == [], (done, question)


def test_a_text_that_was_removed_is_found_by_neither_search() -> None:
    growing = Growing(-1)
    notes, _, ferry = growing.texts
    whole = growing.at(len(growing.places))
    left = Index((notes, ferry), 1, (whole.vectors[0], whole.vectors[2]))
    assert len(left.passages) == len(left.embedded) == len(notes.passages) + len(ferry.passages)
    assert all(
        found.work != "夜航记" for found in left.search("渡口的灯亮到什么时候？", "zh", growing.embed, least=0.0)
    )
    found = left.search("What does the ferryman sing at night?", "en", growing.embed)
    assert found[0].place == "The ferry"


def test_few_embedded_passages_decide_nothing_by_their_meaning() -> None:
    """Of fewer than ENOUGH the middle tells nothing: however near one is, only words make a passage sure."""
    growing = Growing(-1)
    notes, book, ferry = growing.texts
    vectors = [np.zeros_like(rows) for rows in growing.whole]
    vectors[1][: ENOUGH - 1] = unit(0, 1)
    vectors[1][0] = unit(1)
    now = Index((notes, book, ferry), 1, tuple(vectors))
    assert now.search("黎明之前那里还有光吗", "zh", lambda _: unit(1)) == []
    vectors[1][ENOUGH - 1] = unit(0, 1)
    enough = Index((notes, book, ferry), 1, tuple(vectors))
    assert enough.search("黎明之前那里还有光吗", "zh", lambda _: unit(1))[0].place == book.passages[0].place


def test_passages_side_by_side_are_joined_and_those_of_another_piece_are_not() -> None:
    lamp = "渡口的灯挂在柳树上，" + "风大的夜里也不熄灭，" * 40 + "。"
    text = f"# 一\n\n{lamp}\n\n{lamp.replace('柳树', '榆树')}\n\n# 二\n\n渡口的灯在这里也有。"
    book = index(text, "灯谱", text_id(text))
    places = [passage.place for passage in book.passages]
    assert places == ["一", "一", "二"]
    whole = Index((book,), 0, (np.zeros((3, 384), dtype=np.float32),))
    found = whole.search("渡口的灯挂在哪棵榆树上", "zh", None)
    assert [passage.place for passage in found][:1] == ["一"]
    assert "榆树" in found[0].text


def test_the_two_searches_can_be_asked_alone() -> None:
    _, book = parts()
    whole = Index((book,), 0, (vectors_of(book, "灯", unit(0, 1, 1)),))
    lamp = next(at for at, passage in enumerate(whole.passages) if "灯" in passage.text)
    assert int(whole.by_words("渡口的灯").argmax()) == lamp
    assert int(whole.by_meaning(unit(0, 1, 1)).argmax()) == lamp


def test_what_changes_from_day_to_day_no_text_knows() -> None:
    text = "# 旧事\n\n那天的天气很坏,下雨的人家都关了门。\n\n年轻人站在雨里。"
    book = index(text, "旧事", "1" * 16)
    whole = Index((book,), 0, (np.zeros((len(book.passages), 384), dtype=np.float32),))
    assert whole.search("今天天气怎么样？", "zh", None) == []
    assert whole.search("今天天气怎么样？", "zh", None, least=0.0)
    assert whole.search("那天的天气怎么样？", "zh", None)
    assert whole.search("今天的年轻人该怎么办？", "zh", None)
