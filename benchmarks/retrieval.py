"""How well passages are found: by words alone, by meaning alone and by both, over the same texts in the same run.

Questions are lines of JSON: `{"question": …, "work": …, "evidence": …}`. A passage answers where it comes from that
work and holds the evidence, white space aside. `"previous"`, which may be left out, is what was asked before it. A line
of a question alone is one that no text answers: `silent_rightly` is the share of those to which a conversation gets
nothing. Passages side by side that were both found count as one, in all three
ways alike; `single_` tells what fused scores find without that. `silent` is the share of the questions to which a
conversation gets nothing, because the search is not sure enough. Notes of a persona take no part.

The time of a question is taken at 10,000 passages: the corpus again and again, its vectors moved a little each time,
the embedding of the question included.
"""

from __future__ import annotations

import hashlib
import json
import re
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer

from avatar.dialog.cutting import language_of
from avatar.dialog.index import JOINED_AT_MOST, Index
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.library import Library
from avatar.dialog.passage import Passage
from avatar.dialog.reading.reading import documents_in
from avatar.dialog.retrieval import fuse
from avatar.engines import Engines
from avatar.errors import InputError, Language, NotFoundError
from avatar.settings import PACKAGE_ROOT, Settings
from avatar.stages import Embedder

LARGE = 10_000
"""Passages at which the time is taken."""

AT = 5
"""Finds among which the answer must be."""

DEPTH = 10
"""Finds that the reciprocal rank looks at."""

NOISE = 0.05
"""Length of what is added to a vector of length 1 in the large index, so that its copies are not the same."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and how its answer is known."""

    text: str
    language: Language
    work: str = ""
    evidence: str = ""
    previous: str = ""

    def answered_by(self, work: str, text: str) -> bool:
        """Whether a passage holds the answer."""
        return work == self.work and self.evidence in re.sub(r"\s", "", text)


def run(settings: Settings, corpus: Path | None = None, questions: Path | None = None) -> dict[str, float]:
    """Measure.

    Args:
        settings: name the embedder and the folder in which vectors are kept from run to run.
        corpus: a folder of texts; by default Lu Xun's five books among the shared test data.
        questions: a file of questions; by default that of the corpus.

    Returns:
        Shares and mean reciprocal ranks in 0..1, and milliseconds.

    Raises:
        NotFoundError: the texts or the questions are not there.
        InputError: a line is no question, or no passage holds its evidence.
    """
    corpus = corpus or PACKAGE_ROOT.parent.parent / "shared" / "data" / "luxun"
    asked = read_questions(questions or corpus / "questions.jsonl")
    engines = Engines(settings)
    try:
        knowledge = _knowledge(corpus, settings, engines.embedder)
        _checked(asked, knowledge.passages)
        answered = [question for question in asked if question.evidence]
        found = _quality(answered, knowledge, engines.embedder)
        found |= _silence([question for question in asked if not question.evidence], knowledge)
        return found | _speed(answered, knowledge.index, engines.embedder)
    finally:
        engines.close()


def read_questions(file: Path) -> list[Question]:
    """The questions of a file.

    Raises:
        NotFoundError: there is no such file.
        InputError: a line is no question.
    """
    if not file.is_file():
        raise NotFoundError(f"There is no file of questions {file}.", f"没有问题文件 {file}。")
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row: dict[str, Any] = json.loads(line)
            text, previous = str(row["question"]), str(row.get("previous", ""))
            work, evidence = _answer(row) if row.keys() & {"work", "evidence"} else ("", "")
            found.append(Question(text, language_of(text), work, evidence, previous))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f'{file}, line {number}: not {{"question": …, "work": …, "evidence": …}}.',
                f'{file} 第 {number} 行不是 {{"question": …, "work": …, "evidence": …}}。',
            ) from error
    return found


def _answer(row: dict[str, Any]) -> tuple[str, str]:
    """The work that answers a question, and the words of it that must be found, without white space."""
    work, evidence = str(row["work"]), re.sub(r"\s", "", str(row["evidence"]))
    if not evidence:
        raise ValueError("no evidence")
    return work, evidence


def _knowledge(corpus: Path, settings: Settings, embedder: Embedder) -> Knowledge:
    """The texts of a folder; vectors that an earlier run made are taken from the cache."""
    files = documents_in([corpus]) if corpus.is_dir() else []
    if not files:
        raise NotFoundError(f"There are no texts in {corpus}.", f"{corpus} 里没有文本。")
    key = hashlib.sha256(f"{corpus.resolve()} {embedder.name}".encode()).hexdigest()[:16]
    knowledge = Knowledge((), Library(settings.cache_dir / "bench-retrieval" / key), embedder)
    kept = {knowledge.add_file(file).id for file in files}
    for entry in knowledge.entries:
        if entry.id not in kept:
            knowledge.remove(entry.id)
    knowledge.embed(progress=_told(time.monotonic()))
    return knowledge


def _told(began: float) -> Callable[[int, int], None]:
    """Says how far the embedding is, every ten seconds."""
    last = began

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > 10 or done == total:
            last = time.monotonic()
            typer.echo(f"embedded {done} of {total} passages, {last - began:.0f} s", err=True)

    return tell


def _checked(asked: Sequence[Question], passages: Sequence[Passage]) -> None:
    """Every question that has an answer has it among the passages, and there are such questions."""
    if not any(question.evidence for question in asked):
        raise InputError("None of the questions has an answer.", "没有一个问题有答案。")
    for question in asked:
        if question.evidence and not any(question.answered_by(passage.work, passage.text) for passage in passages):
            raise InputError(
                f"No passage of {question.work!r} holds {question.evidence!r}.",
                f"《{question.work}》里没有哪一段含有“{question.evidence}”。",
            )


def _quality(asked: Sequence[Question], knowledge: Knowledge, embedder: Embedder) -> dict[str, float]:
    index = knowledge.index
    ranks: dict[str, list[float]] = {"": [], "words_": [], "meaning_": [], "single_": []}
    silent: list[bool] = []
    for question in asked:
        whole = knowledge.whole(question.text, question.previous)
        vector = embedder.query(whole)
        found = knowledge.search(whole, question.language, limit=DEPTH, least=0.0)
        ranks[""].append(_rank(question, [[(passage.work, passage.text)] for passage in found]))
        silent.append(not knowledge.search(whole, question.language))
        words, meaning = index.by_words(whole), index.by_meaning(vector)
        for way, scores in (("words_", words), ("meaning_", meaning)):
            ranks[way].append(_rank(question, joined(index, np.argsort(-scores, kind="stable"), JOINED_AT_MOST)))
        fused = fuse(words, meaning)
        ranks["single_"].append(_rank(question, joined(index, np.argsort(-fused, kind="stable"), 1)))
        typer.echo(" ".join(f"{ranks[way][-1]:3.0f}" for way in ranks) + f"  {question.text}", err=True)
    metrics = {f"{way}recall_at_5": float(np.mean(np.array(found) <= AT)) for way, found in ranks.items()}
    metrics |= {f"{way}mrr": float(np.mean(1 / np.array(found))) for way, found in ranks.items()}
    return metrics | {"silent": float(np.mean(silent))}


def _silence(asked: Sequence[Question], knowledge: Knowledge) -> dict[str, float]:
    """How often nothing is given where no text answers; empty where nothing of that kind was asked."""
    if not asked:
        return {}
    silent = [not knowledge.search(question.text, question.language, previous=question.previous) for question in asked]
    return {"silent_rightly": float(np.mean(silent))}


def _rank(question: Question, found: Sequence[Sequence[tuple[str, str]]]) -> float:
    """The place of the first find that answers, from 1; infinite where none does."""
    places = (n for n, parts in enumerate(found, 1) if any(question.answered_by(work, text) for work, text in parts))
    return float(next(places, np.inf))


def joined(index: Index, order: Iterable[int], most: int) -> list[list[tuple[str, str]]]:
    """Works and texts of the first finds; passages side by side in one piece are one find, as a search gives them.

    Args:
        index: whose passages.
        order: their numbers, best first.
        most: passages of one find.
    """
    finds: list[list[int]] = []
    for at in map(int, order):
        beside = (
            find
            for find in finds
            if len(find) < most
            and ((at == max(find) + 1 and index.continues[at]) or (at == min(find) - 1 and index.continues[at + 1]))
        )
        if (find := next(beside, None)) is not None:
            find.append(at)
        elif len(finds) == DEPTH:
            break
        else:
            finds.append([at])
    return [[(index.passages[at].work, index.passages[at].text) for at in find] for find in finds]


def _speed(asked: Sequence[Question], index: Index, embedder: Embedder) -> dict[str, float]:
    large = enlarged(index, LARGE)
    large.search(asked[0].text, asked[0].language, embedder.query)  # not counted: it fills what is kept
    spent, own = [], []
    for question in asked:
        began, began_own = time.perf_counter(), time.thread_time()
        large.search(question.text, question.language, embedder.query, limit=AT)
        spent.append(1000 * (time.perf_counter() - began))
        own.append(1000 * (time.thread_time() - began_own))
    return {
        "ms_per_question": statistics.median(spent),
        "ms_per_question_p95": float(np.percentile(spent, 95)),
        "own_ms_per_question": statistics.median(own),
        "passages_timed": float(len(large.passages)),
    }


def enlarged(index: Index, least: int) -> Index:
    """An index of at least so many passages: the texts again and again, their vectors moved a little each time."""
    rng = np.random.default_rng(3)
    texts, vectors = list(index.texts), list(index.vectors)
    size = copies = len(index.passages)
    while size < least:
        for text, rows in zip(index.texts, index.vectors, strict=True):
            moved = rows + rng.normal(0, NOISE / np.sqrt(rows.shape[1]), rows.shape).astype(np.float32)
            texts.append(text)
            vectors.append(np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32))
        size += copies
    return Index(tuple(texts), index.notes, tuple(vectors)).prepared()
