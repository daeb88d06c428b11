"""The index: notes lead to texts, silence is told from answers, and nothing in it ever changes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.embedding import Vectors
from avatar.dialog.index import Index
from avatar.dialog.library import Indexed, index, text_id

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
