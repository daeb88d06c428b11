"""A short sound in the persona's voice, such as "这个么……", where the answer is long in coming.

The fillers are those of the persona's card. They are made beforehand; one that is not ready is not waited for. Which of
them is said is left to chance, but never the same one twice running.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from avatar.dialog.persona import Persona
from avatar.errors import Language
from avatar.live.prepared import PreparedSpeech
from avatar.media import SPEECH_RATE, ClauseSpeech, PhoneSpan, Samples

PATIENCE_S = 1.0
"""How long after the end of the user's turn the answer is waited for. Longer gaps are felt as trouble (G. Jefferson,
Preliminary notes on a possible metric which provides for a 'standard maximum' silence, 1989)."""

_QUIET = 0.02
"""What is softer than this share of the loudest sample, at the end, is cut off: the answer may follow closely."""

_TAIL = SPEECH_RATE // 10


class Fillers:
    """The fillers of one session.

    Args:
        persona: whose they are.
        speech: shared by all sessions; keeps what was made.
        seed: of the choice.
    """

    def __init__(self, persona: Persona, speech: PreparedSpeech, seed: int) -> None:
        self._persona = persona
        self._speech = speech
        self._chance = np.random.default_rng(seed)
        self._last = ""

    def prepare(self, voice: str, language: Language, speed: float) -> None:
        """Make those of one language. Blocks; what is made already costs nothing.

        Raises:
            NotFoundError: there is no such voice.
            EngineError: the voice failed.
        """
        for text in self._persona.fillers.of(language):
            self._speech.prepare(text, voice, language=language, speed=speed)

    def choose(self, voice: str, language: Language, speed: float) -> ClauseSpeech | None:
        """The speech of one of them; None where none is ready, or it is the one said last."""
        ready = {
            text: speech
            for text in self._persona.fillers.of(language)
            if text != self._last and (speech := self._speech.prepared(text, voice, language=language, speed=speed))
        }
        if not ready:
            return None
        self._last = list(ready)[int(self._chance.integers(len(ready)))]
        chosen = joined(self._last, ready[self._last])
        return chosen if chosen.length else None


def joined(text: str, clauses: list[ClauseSpeech]) -> ClauseSpeech:
    """The clauses of a short text as one, without the silence at its end. No words are marked: it is no answer."""
    phones: list[PhoneSpan] = []
    blocks: list[Samples] = []
    start = 0
    for clause in clauses:
        phones.extend(replace(span, start=start + span.start, end=start + span.end) for span in clause.phones)
        blocks.extend(clause.chunks)
        start = sum(block.size for block in blocks)
    sound = np.concatenate(blocks)
    loud = np.flatnonzero(np.abs(sound) > _QUIET * np.abs(sound).max(initial=0.0))
    length = min(sound.size, int(loud[-1]) + _TAIL) if loud.size else 0
    kept = tuple(replace(span, end=min(span.end, length)) for span in phones if span.start < length)
    return ClauseSpeech(text, kept, (), length, iter((sound[:length],)))
