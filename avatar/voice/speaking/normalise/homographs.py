"""English words of two readings (read, lead, wind, close …) whose neighbours tell, by the rules of homographs.tsv.

espeak-ng knows many by itself (record, object, present, live); the rules are for what it gets wrong. A rule gives a
spelling that espeak-ng reads in that way, and not phones: the word stays inside its phrase, with its stress and its
little words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

_NAMES = {
    "ORDER": r"(?:^|[.!?;:,“\"]|\b(?:then|and))",
    "VERB": r"\b(?:to|will|would|can|could|shall|should|must|may|might|did|do|don't|didn't|won't|can't|cannot|not|"
    r"never|always|I|you|we|they|let's|help|and)",
    "OBJECT": r"(?:the|it|them|him|me|us|this|that|these|those|my|your|his|her|its|our|their|a|an)",
}

Rule = tuple[str, re.Pattern[str], re.Pattern[str]]
"""A spelling, and what stands before and after the word."""


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Sequence[Rule]]:
    """The rules of each word, in the order of the file."""
    found: dict[str, list[Rule]] = {}
    text = Path(__file__).resolve().with_name("homographs.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, spelling, before, after = line.split("\t")
            found.setdefault(word, []).append((spelling, _pattern(f"(?:{before})$", before), _pattern(after, after)))
    return found


def _pattern(text: str, written: str) -> re.Pattern[str]:
    if written == ".":
        return re.compile("")
    for name, meaning in _NAMES.items():
        text = text.replace(name, meaning)
    return re.compile(text, re.IGNORECASE)


def respelled(word: str, before: str, after: str) -> str:
    """How a word is spelled so that it is read as its neighbours tell; as it stands where they do not.

    Args:
        word: as written.
        before, after: what stands beside it.

    >>> respelled("read", "I have ", " it."), respelled("read", "I will ", " it.")
    ('red', 'read')
    """
    known = rules().get(word) or rules().get(word.lower())
    if not known:
        return word
    left, right = (side.replace("’", "'") for side in (before.rstrip(), after.lstrip()))
    return next((new for new, earlier, later in known if earlier.search(left) and later.match(right)), word)
