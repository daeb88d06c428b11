"""The words by which a text is found: Chinese segmented by jieba, English reduced to stems, both folded.

Folding makes 魯迅 and 鲁迅, Ｑ and Q, Hope and hope the same. Han characters are mapped one by one (traditional to
simplified), which is enough for an index and keeps the length.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

_ENGLISH = re.compile(r"[a-z]+(?:['’][a-z]+)?|[0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_TOKEN = re.compile(rf"{_HAN.pattern}|{_ENGLISH.pattern}")


def tokens(text: str) -> list[str]:
    """The words of a text that count for finding it, in order, repeated as they stand."""
    found: list[str] = []
    stop = _stop_words()
    for match in _TOKEN.finditer(folded(text)):
        run = match.group()
        if _HAN.match(run):
            found += [word for word in _segmenter().cut_for_search(run) if word not in stop]
        elif run not in stop:
            found.append(stem(run))
    return found


def folded(text: str) -> str:
    """Lower case, full-width forms narrowed, traditional characters made simplified."""
    return unicodedata.normalize("NFKC", text).lower().translate(_simplified())


def stem(word: str) -> str:
    """An English word without its commonest endings; the same for asking and for text, so it need not be a word."""
    word = re.sub(r"['’].*$", "", word)
    for ending, least, instead in (("ies", 3, "y"), ("ing", 4, ""), ("ed", 4, ""), ("es", 4, ""), ("s", 3, "")):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            word = word[: -len(ending)] + instead
            break
    return word.removesuffix("e") if len(word) > 4 else word


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
