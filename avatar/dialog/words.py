"""The words by which a text is found: Chinese segmented by jieba, English reduced to stems, both folded.

Folding makes 魯迅 and 鲁迅, Ｑ and Q, Hope and hope the same. Han characters are mapped one by one (traditional to
simplified), which is enough for an index and keeps the length.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from avatar.dialog.stemming import stem

_ENGLISH = re.compile(r"[a-z]+(?:['’][a-z]+)?|[0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_TOKEN = re.compile(rf"{_HAN.pattern}|{_ENGLISH.pattern}")


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a question.

    Attributes:
        text: as `tokens` gives it.
        whole: whether it is a word of a dictionary, so that its absence from a text tells something; pairs of
            characters across two words tell something only when they are there.
    """

    text: str
    whole: bool


def tokens(text: str) -> list[str]:
    """The words by which a text can be found, repeated as they stand.

    Of Chinese: every pair of neighbours between stop words (names are in no dictionary, so 范爱农 is found by 范爱 and
    爱农), the dictionary's longer words, and single characters. Of English: stems.
    """
    found: list[str] = []
    for run in _runs(text):
        if run[0].isascii():
            found.append(stem(run))
            continue
        for words in _stretches(run):
            found += [word for word in words if len(word) != 2]
            found += _pairs("".join(words))
    return found


def terms(question: str) -> list[Term]:
    """The words of a question, each once; pairs across two words and characters inside a stretch are not whole.

    Nor is what a thing is called in Taiwan, or in mainland China where the question has Taiwan's word: texts have one.
    """
    found: dict[str, bool] = {}
    for run in _runs(question):
        if run[0].isascii():
            found[stem(run)] = True
            continue
        for words in _stretches(run):
            stretch = "".join(words)
            for word in (*_pairs(stretch), *words):
                found[word] = found.get(word, False) or (word in words and (len(word) > 1 or word == stretch))
    for other in sorted({other for word in found for other in _elsewhere().get(word, ())}):
        for word in (other, *_pairs(other)):
            found.setdefault(word, False)
    return [Term(text, whole) for text, whole in found.items()]


def _runs(text: str) -> Iterator[str]:
    """The runs of Han characters and the words of everything else, stop words of the latter left out."""
    for match in _TOKEN.finditer(folded(text)):
        if match.group() not in _stop_words():
            yield match.group()


def _stretches(run: str) -> Iterator[list[str]]:
    """The dictionary's words of a run of Han characters, in stretches between stop words."""
    stretch: list[str] = []
    for word in _segmenter().cut(run, HMM=False):
        if word in _stop_words():
            if stretch:
                yield stretch
            stretch = []
        else:
            stretch.append(word)
    if stretch:
        yield stretch


def _pairs(stretch: str) -> list[str]:
    return [stretch[at : at + 2] for at in range(len(stretch) - 1)]


def folded(text: str) -> str:
    """Lower case, full-width forms narrowed, traditional characters made simplified."""
    return unicodedata.normalize("NFKC", text).lower().translate(_simplified())


@cache
def _elsewhere() -> dict[str, frozenset[str]]:
    """What else a thing is called."""
    lines = (Path(__file__).parent / "regions.txt").read_text("utf-8").splitlines()
    found: dict[str, frozenset[str]] = {}
    for row in (line.split() for line in lines if not line.startswith("#")):
        for word in row:
            found[word] = found.get(word, frozenset()) | frozenset(row) - {word}
    return found


@cache
def _stop_words() -> frozenset[str]:
    lines = (Path(__file__).parent / "stopwords.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _simplified() -> dict[int, str]:
    from zhconv.zhconv import getdict

    return {ord(old): new for old, new in getdict("zh-cn").items() if len(old) == 1 and len(new) == 1}


@cache
def _segmenter() -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    return jieba
