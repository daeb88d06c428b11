"""Names that a recognizer misheard, put right from a persona's lexicon: 任土 becomes 闰土.

A noisy channel decides (Shannon; Kernighan, Church and Gale, A Spelling Correction Program, 1990): a span is replaced
where "the name was said and misheard" is likelier than "what is written was said". The first is a prior for names,
lowered by how far the sounds lie apart; the second is the text's own likelihood under jieba's word frequencies, so
common words stand and strings of characters that make no words give way.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from avatar.voice.hearing.latin import latin_repairs
from avatar.voice.hearing.pinyin import Syllable, distance, is_letter, syllables
from avatar.voice.hearing.spans import Repair, apart, apply

_HANZI = re.compile(r"[一-鿿]")
_RUN = re.compile(r"(?:[一-鿿]|(?<![A-Za-z])[A-Za-z](?![A-Za-z]))+")

_PRIOR = -9.5
"""Log probability that a given name stands at a given place: about once in ten thousand words."""

_MISHEARD = 14.0
"""Log probability lost for each unit of distance: a syllable that is quite another one."""

_MARGIN = 3.0
"""By how much the name must be likelier; it decides what to do in doubt, which is nothing."""

_FARTHEST = 0.5
"""A syllable farther off than this was not misheard, it is another one."""

_FARTHEST_MEAN = 0.3


@dataclass(frozen=True, slots=True)
class _Name:
    text: str
    sounds: tuple[Syllable, ...]


def repair_names(text: str, names: Sequence[str]) -> str:
    """The text with misheard names put right; a name that is there already is left alone.

    Args:
        text: a transcript, simplified Chinese or English.
        names: the lexicon. Names of one syllable, and Latin ones under four letters, are not looked for.
    """
    while repairs := find_repairs(text, names):
        text = apply(text, repairs)
    return text


def find_repairs(text: str, names: Sequence[str]) -> list[Repair]:
    """What to replace, in order, without overlaps. Applying them may bring others to light."""
    lexicon = _lexicon(tuple(names))
    repairs = [repair for match in _free_runs(text, names) for repair in _run_repairs(*match, lexicon)]
    repairs += latin_repairs(text, names)
    return sorted(repairs, key=lambda repair: repair.start)


@lru_cache(maxsize=16)
def _lexicon(names: tuple[str, ...]) -> tuple[_Name, ...]:
    """The names that can be compared by sound."""
    written = [name for name in names if len(name) > 1 and _HANZI.search(name) and _RUN.fullmatch(name)]
    return tuple(_Name(name, tuple(syllables(name))) for name in written if all(map(_sounds, name)))


def _sounds(character: str) -> bool:
    return bool(_HANZI.match(character)) or is_letter(character)


def _free_runs(text: str, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Where each run of characters begins, and the run; names that stand already are cut out."""
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if len(name) > 1)
    blanked = re.sub(known, lambda match: "\0" * len(match[0]), text) if known else text
    for match in _RUN.finditer(blanked):
        yield match.start(), match[0]


def _run_repairs(offset: int, run: str, lexicon: Sequence[_Name]) -> Iterator[Repair]:
    """The replacements within one run, best first, none overlapping."""
    if len(run) < 2 or not lexicon or not all(map(_sounds, run)):
        return
    sounds = syllables(run)
    candidates = [
        (cost, start, name) for name in lexicon for start, cost in _near(sounds, name) if _differs(run, start, name)
    ]
    if not candidates:
        return
    written = _likelihood(run)
    scored = []
    for cost, start, name in candidates:
        end = start + len(name.text)
        said = _likelihood(run[:start]) + _PRIOR - _MISHEARD * cost + _likelihood(run[end:])
        if said - written > _MARGIN:
            scored.append((said - written, Repair(offset + start, offset + end, name.text)))
    yield from apart(scored)


def _near(sounds: Sequence[Syllable], name: _Name) -> Iterator[tuple[int, float]]:
    """Where something that sounds like the name begins, and how far it is off."""
    count = len(name.sounds)
    for start in range(len(sounds) - count + 1):
        cost = 0.0
        for heard, said in zip(sounds[start : start + count], name.sounds, strict=True):
            step = distance(heard, said)
            cost += step
            if step > _FARTHEST or cost > _FARTHEST_MEAN * count:
                break
        else:
            yield start, cost


def _differs(run: str, start: int, name: _Name) -> bool:
    return run[start : start + len(name.text)] != name.text


def _likelihood(run: str) -> float:
    """Log probability of the run's likeliest cut into words."""
    if not run:
        return 0.0
    import jieba

    jieba.setLogLevel(logging.WARNING)
    route: dict[int, tuple[float, int]] = {}
    jieba.dt.calc(run, jieba.dt.get_DAG(run), route)
    return route[0][0]
