"""What becomes of a recognizer's raw words: script, punctuation, inventions struck out, names put right."""

from __future__ import annotations

import math
import re
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from typing import Any

from avatar.errors import Language
from avatar.stages import HeardWord
from avatar.voice.hearing.names import find_repairs
from avatar.voice.hearing.spans import Repair

_HANZI = r"[㐀-鿿]"
_FULL_WIDTH = {",": "，", "?": "？", "!": "！", ":": "：", ";": "；", ".": "。", " ": "，"}
_ASCII_MARK = re.compile(rf"(?<={_HANZI})(?:[,?!:;]|\.(?!\d)| (?={_HANZI}))")
_LOOP = re.compile(r"(.{2,24}?)\1{3,}|(.)\2{7,}", re.DOTALL)
_ECHO_BYTES = 30
"""Ten Chinese characters or thirty letters of the prompt, word for word, are its echo; less may be an answer."""

_NOT_WORD = re.compile(r"[^\w]+")

_SHORTEST_TWICE = 6
"""Characters that are taken for a mistake when they come twice; less may be meant, as in "对对对"."""

_FASTEST: dict[Language, float] = {"zh": 7.5, "en": 19.0}
"""Characters a second, silence and all, that only hurried speech reaches: 4.5 English words."""

_CREDITS = re.compile(
    r"字幕(?:由|by|志愿者|组|製作|制作)|请不吝点赞|明镜与点点|(?:subtitles?|captions?) (?:by|provided)|amara\.org",
    re.IGNORECASE,
)
"""Credits of films that Whisper learnt to write over silence; nobody says them."""

_FAREWELLS = frozenset(
    {
        *("谢谢观看", "谢谢收看", "谢谢大家", "感谢观看", "多谢观看", "下期再见", "我们下期再见"),
        *("thankyou", "thanksforwatching", "thankyouforwatching", "pleasesubscribe", "you", "bye"),
    }
)
"""What Whisper writes over noise, and people say, too: struck out only where the model was in doubt."""


def simplified(text: str) -> str:
    """Simplified characters; words stay as they were chosen."""
    zhconv = _zhconv()
    return str(zhconv.convert(text, "zh-hans"))


def punctuated(text: str) -> str:
    """Full-width marks after Chinese characters; a space between two, Whisper's sign of a pause, becomes a comma."""
    return _ASCII_MARK.sub(lambda match: _FULL_WIDTH[match[0]], text)


def said_once(words: Sequence[HeardWord], seconds: float) -> Sequence[HeardWord]:
    """What the recognizer wrote twice or more, once: the same words again, in less time than they could be said in.

    Whisper does so now and then where the sound ends soon after the speech, and may break off within the last.

    Args:
        words: of an utterance.
        seconds: how long it is.
    """
    text = _NOT_WORD.sub("", "".join(word.text for word in words)).lower()
    fastest = _FASTEST["zh" if re.match(_HANZI, text) else "en"]
    if not text or len(text) < fastest * seconds:
        return words
    shortest = _period(text)
    once = shortest * math.ceil(_SHORTEST_TWICE / shortest)
    ends = list(accumulate(len(_NOT_WORD.sub("", word.text)) for word in words))
    return words[: ends.index(once) + 1] if len(text) >= 2 * once and once in ends else words


def _period(text: str) -> int:
    """After how many characters a text begins anew and goes on so to its end; its length where it never does.

    From the borders of its beginnings (Knuth, Morris and Pratt, 1977).
    """
    borders = [0] * len(text)
    for place in range(1, len(text)):
        border = borders[place - 1]
        while border and text[place] != text[border]:
            border = borders[border - 1]
        borders[place] = border + (text[place] == text[border])
    return len(text) - borders[-1]


def is_invention(text: str, prompt: str, *, doubtful: bool) -> bool:
    """Whether the recognizer made the text up: a loop, a film's credits, its own prompt.

    Args:
        text: all that was recognized in an utterance or a segment.
        prompt: what the recognizer was told before.
        doubtful: whether its own probabilities were poor.
    """
    bare = _bare(text)
    if not bare or _CREDITS.search(text):
        return True
    if len(bare.encode()) >= _ECHO_BYTES and bare in _bare(prompt):
        return True
    loop = _LOOP.search(bare)
    if loop and len(loop[0]) > 0.6 * len(bare) and not _could_be_said(loop[0]):
        return True
    return doubtful and bare in _FAREWELLS


def repetition(text: str) -> float:
    """How many times shorter the text gets by compression; above 2.4 it goes round in circles (Whisper's own bound)."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def finished_words(words: Sequence[HeardWord], language: Language, names: Sequence[str]) -> tuple[HeardWord, ...]:
    """The words as they are to be read: simplified, punctuated, with the names put right.

    Args:
        words: as recognized; joined, they are the text.
        names: the lexicon.
    """
    if language == "zh":
        words = _respelled(words, punctuated(simplified(joined(words))))
    while repairs := find_repairs(joined(words), names):
        for repair in reversed(repairs):
            words = _renamed(words, repair)
    return tuple(words)


def joined(words: Sequence[HeardWord]) -> str:
    """The text that the words make up."""
    return "".join(word.text for word in words)


def _bare(text: str) -> str:
    return _NOT_WORD.sub("", text).lower()


def _could_be_said(loop: str) -> bool:
    """Laughter and the like: few different characters, not for long."""
    return len(set(loop)) == 1 and len(loop) <= 12


def _respelled(words: Sequence[HeardWord], text: str) -> list[HeardWord]:
    """The words with the letters of a text of the same length, or each respelled alone where the length changed."""
    if len(text) != len(joined(words)):
        return [replace(word, text=punctuated(simplified(word.text))) for word in words]
    respelled, start = [], 0
    for word in words:
        end = start + len(word.text)
        respelled.append(replace(word, text=text[start:end]))
        start = end
    return respelled


def _renamed(words: Sequence[HeardWord], repair: Repair) -> list[HeardWord]:
    """The words with a name in place of those that the repair covers; what sticks out of it stays."""
    before, covered, after, start = [], [], [], 0
    first = start
    for word in words:
        end = start + len(word.text)
        if end <= repair.start:
            before.append(word)
            first = end
        elif start >= repair.end:
            after.append(word)
        else:
            covered.append(word)
        start = end
    old = joined(covered)
    text = old[: repair.start - first] + repair.name + old[repair.end - first :]
    probability = sum(word.probability for word in covered) / len(covered)
    return [*before, HeardWord(text, covered[0].start, covered[-1].end, probability), *after]


@cache
def _zhconv() -> Any:
    """zhconv with its tables read; it leaves a file to the collector, which warns."""
    import zhconv

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        zhconv.convert("", "zh-hans")
    return zhconv
