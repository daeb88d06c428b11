"""A synthesizer that listens to what it says, and says it again where words were lost: for what is written to files.

A clause comes whole, when it was transcribed and found good, so nobody should wait for its first sound.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from avatar.errors import Language
from avatar.media import ClauseSpeech, PhoneSpan, Samples, WordSpan
from avatar.stages import Synthesizer
from avatar.voice.checking.judging import Verdict
from avatar.voice.checking.listening import Listener
from avatar.voice.checking.tally import Outcome, Tally
from avatar.voice.speaking.clauses import units
from avatar.voice.speaking.delivery import LEAST, MOST

logger = logging.getLogger(__name__)

SLOWER, QUICKER = 0.92, 1.06
"""Speeds of further takes, times the one that was asked for: little enough that no listener notices."""

_SPLIT_UNITS = 6
"""A shorter clause is not said in two parts."""

_MARKS = re.compile(r"[，、；：。！？,;:—…]+[”’」』）)》〉\"']*\s*")
_STYLED = re.compile(r"(<style [^<>]*>)([^<>]*)</style>")
_PLACES = re.compile(r"(?<=\s)(?=\S)|(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])")

_Span = TypeVar("_Span", PhoneSpan, WordSpan)


@dataclass(frozen=True, slots=True)
class _Take:
    """One way in which a clause was said, and what is wrong with it."""

    speech: ClauseSpeech
    sound: Samples
    verdict: Verdict

    def as_speech(self) -> ClauseSpeech:
        return replace(self.speech, length=self.sound.size, chunks=iter((self.sound,)))


Say = Callable[[str, float], tuple[ClauseSpeech, Samples]]
"""Says a text at so many times the speed: the timeline, and all of the sound."""


class CheckedSynthesizer:
    """A synthesizer whose clauses are listened to; it is the other's in everything else.

    Args:
        inner: the synthesizer.
        listener: listens.
        tally: is told what came of it.
    """

    def __init__(self, inner: Synthesizer, listener: Listener, tally: Tally) -> None:
        self._inner = inner
        self._listener = listener
        self._tally = tally

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def device(self) -> str:
        return self._inner.device

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """See `avatar.stages.Synthesizer.speak`. Blocks until the clause was said well, or four times; the best counts.

        The other takes are slower, in two parts, and quicker.
        """

        def say(text: str, factor: float) -> tuple[ClauseSpeech, Samples]:
            pace = min(MOST, max(LEAST, speed * factor))
            return _whole(self._inner.speak(text, voice, language=language, speed=pace))

        takes: list[_Take] = []
        for way in _ways(clause, say):
            takes.append(self._take(clause, language, *way()))
            if not takes[-1].verdict.faults:
                break
        best = min(takes, key=lambda take: take.verdict.faults)
        self._tell(takes[0].verdict, best.verdict, len(takes))
        return best.as_speech()

    def _take(self, clause: str, language: Language, speech: ClauseSpeech, sound: Samples) -> _Take:
        return _Take(speech, sound, self._listener.judge(clause, language, speech, sound))

    def _tell(self, first: Verdict, best: Verdict, takes: int) -> None:
        outcome: Outcome = "mended" if best.faults < first.faults else "flawed"
        if not first.faults:
            outcome = "good" if first.listened else "unheard"
        self._tally.add("script", outcome, takes, first)
        if takes > 1:
            logger.info(
                "self_check.again outcome=%s takes=%d lost=%d repeated=%d added=%d mute_ms=%d",
                *(outcome, takes, first.lost, first.repeated, first.added, round(1000 * first.mute_s)),
            )


def _ways(clause: str, say: Say) -> Iterator[Callable[[], tuple[ClauseSpeech, Samples]]]:
    """The ways to say a clause: as it is, slower, in two parts, quicker."""
    yield lambda: say(clause, 1.0)
    yield lambda: say(clause, SLOWER)
    parts = halves(clause)
    if parts is not None:
        yield lambda: _joined(say(parts[0], 1.0), say(parts[1], 1.0))
    yield lambda: say(clause, QUICKER)


def halves(clause: str) -> tuple[str, str] | None:
    """A clause in two parts, cut at the mark, space or hanzi nearest to its middle; None where it has none, or marks.
    What is meant in one style as a whole is so in both parts.

    >>> halves("窗外下着小雨，我们在家里看书。")
    ('窗外下着小雨，', '我们在家里看书。')
    """
    style = _STYLED.fullmatch(clause)
    if style is not None:
        parts = halves(style[2])
        return None if parts is None else (f"{style[1]}{parts[0]}</style>", f"{style[1]}{parts[1]}</style>")
    whole = units(clause)
    if "<" in clause or whole < _SPLIT_UNITS:
        return None
    after_marks = [mark.end() for mark in _MARKS.finditer(clause)]
    for places in (after_marks, [place.start() for place in _PLACES.finditer(clause)]):
        fit = [place for place in places if min(units(clause[:place]), units(clause[place:])) >= whole // 4]
        if fit:
            cut = min(fit, key=lambda place: abs(2 * units(clause[:place]) - whole))
            return clause[:cut], clause[cut:]
    return None


def _whole(speech: ClauseSpeech) -> tuple[ClauseSpeech, Samples]:
    """All of a clause's sound."""
    return speech, np.concatenate([np.zeros(0, dtype=np.float32), *speech.chunks])


def _joined(one: tuple[ClauseSpeech, Samples], other: tuple[ClauseSpeech, Samples]) -> tuple[ClauseSpeech, Samples]:
    """Two clauses, one after the other, as one."""
    (left, before), (right, after) = one, other
    speech = ClauseSpeech(
        left.text + right.text,
        (*left.phones, *_later(right.phones, before.size)),
        (*left.words, *_later(right.words, before.size)),
        before.size + after.size,
        iter(()),
    )
    return speech, np.concatenate([before, after])


def _later(spans: Sequence[_Span], by: int) -> tuple[_Span, ...]:
    return tuple(replace(span, start=span.start + by, end=span.end + by) for span in spans)
