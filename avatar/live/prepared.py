"""Speech that is the same for everybody, such as a greeting: made once, and there at once ever after."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from avatar.errors import Language
from avatar.media import ClauseSpeech, Samples
from avatar.stages import Synthesizer
from avatar.voice.speaking.clauses import ClauseChunker

MOST_CLAUSES = 96
"""Clauses that are kept; of 2 s each, about 18 MB."""

_Key = tuple[str, str, Language, float]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A clause's timeline, and all of its sound."""

    speech: ClauseSpeech
    blocks: tuple[Samples, ...]

    def again(self) -> ClauseSpeech:
        return replace(self.speech, chunks=iter(self.blocks))


class PreparedSpeech:
    """A synthesizer that keeps what it was told to prepare, and is another's in everything else. Safe between threads.

    Args:
        synthesizer: the engine.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        self._synthesizer = synthesizer
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._synthesizer.name

    @property
    def device(self) -> str:
        return self._synthesizer.device

    def prepare(
        self, text: str, voice: str, *, language: Language, speed: float = 1.0, most: int | None = None
    ) -> None:
        """Make the sound of a text, clause by clause as a reply would say it. Blocks; what is kept is not made again.

        Args:
            most: clauses that are made; None is all. Where a reply begins at once, there is time to make the others.

        Raises:
            NotFoundError: there is no such voice.
            EngineError: the engine failed.
        """
        for clause in clauses(text)[:most]:
            key = (clause, voice, language, speed)
            if self._find(key) is None:
                speech = self._synthesizer.speak(clause, voice, language=language, speed=speed)
                self._keep(key, _Kept(speech, tuple(speech.chunks)))

    def prepared(self, text: str, voice: str, *, language: Language, speed: float = 1.0) -> list[ClauseSpeech] | None:
        """The speech of a text, where all of it was prepared. Never blocks."""
        kept = [self._find((clause, voice, language, speed)) for clause in clauses(text)]
        return [clause.again() for clause in kept if clause is not None] if all(kept) else None

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """As `Synthesizer.speak`; at once, where the clause was prepared."""
        kept = self._find((clause, voice, language, speed))
        if kept is not None:
            return kept.again()
        return self._synthesizer.speak(clause, voice, language=language, speed=speed)

    def _find(self, key: _Key) -> _Kept | None:
        with self._lock:
            return self._kept.get(key)

    def _keep(self, key: _Key, kept: _Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            while len(self._kept) > MOST_CLAUSES:
                self._kept.popitem(last=False)


def clauses(text: str) -> list[str]:
    """A text as the clauses in which it is spoken."""
    chunker = ClauseChunker()
    return [*chunker.push(text), *chunker.finish()]
