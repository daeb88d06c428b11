"""What is shown of a passage: the sentence or two that answer, and whether two passages say the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from avatar.dialog.cutting import sentences, width
from avatar.dialog.stemming import beginnings
from avatar.dialog.words import folded, tokens

QUOTE_WIDTH = 60
"""Width of a quotation, as `cutting.width` counts: some forty tokens."""

_CLAUSE = re.compile(r"[^，。！？；：,.;:!?]*[，。！？；：,.;:!?]*[”’」』）》\"]*\s*")
_ENDED = re.compile(r"[。！？.!?][”’」』）》\"]*\s*$")


def best_quote(text: str, wanted: frozenset[str], weight: Callable[[str], float]) -> str:
    """The sentence of a text that holds most of the words, and what follows while there is room. A part of the text.

    Args:
        text: a passage's.
        wanted: the words of the question.
        weight: how telling a word is.
    """
    parts = [part for line in text.split("\n") for part in sentences(line) if part.strip()]
    if not parts:
        return text.strip()
    gains = [_gain(part, wanted, weight) for part in parts]
    best = max(range(len(parts)), key=lambda at: (gains[at], -at))
    if width(parts[best]) > QUOTE_WIDTH:
        return _best_clauses(parts[best], wanted, weight)
    start = text.index(parts[best])
    return _from_here(text[start:].split("\n", 1)[0]).strip()


def near_duplicate(one: str, other: str) -> bool:
    """Whether two passages are the same words but for spelling and punctuation: most pairs of characters are shared."""
    first, second = _pairs(one), _pairs(other)
    smaller = min(len(first), len(second))
    return smaller > 0 and len(first & second) > 0.8 * smaller


def _best_clauses(sentence: str, wanted: frozenset[str], weight: Callable[[str], float]) -> str:
    """The run of clauses, no wider than a quotation, that holds most of the words; the first where all are equal."""
    clauses = [match.group() for match in _CLAUSE.finditer(sentence) if match.group()]
    best, best_gain = "", -1.0
    for start in range(len(clauses)):
        run = ""
        for clause in clauses[start:]:
            if run and width(run + clause) > QUOTE_WIDTH:
                break
            run += clause
        gain = _gain(run, wanted, weight)
        if gain > best_gain:
            best, best_gain = run, gain
    while width(best) > QUOTE_WIDTH * 1.5:
        best = best[: len(best) * 2 // 3]
    return best.strip()


def _gain(part: str, wanted: frozenset[str], weight: Callable[[str], float]) -> float:
    """What the words weigh that stand in a part of a text."""
    letters = folded(part)
    if not any(begun in letters for word in wanted for begun in (beginnings(word) if word.isascii() else (word,))):
        return 0.0
    return sum(weight(word) for word in wanted & frozenset(tokens(part)))


def _from_here(text: str) -> str:
    """The beginning of a text: whole sentences if they fill half of a quotation, else cut where a clause ends."""
    taken, whole = "", ""
    for match in _CLAUSE.finditer(text):
        if width(taken + match.group()) > QUOTE_WIDTH:
            break
        taken += match.group()
        if _ENDED.search(taken):
            whole = taken
    return whole if width(whole) * 2 >= QUOTE_WIDTH else taken


@lru_cache(maxsize=512)
def _pairs(text: str) -> frozenset[str]:
    """Kept, because one search compares the same few passages again and again."""
    letters = re.sub(r"\W+", "", text)
    return frozenset(letters[at : at + 2] for at in range(len(letters) - 1))
