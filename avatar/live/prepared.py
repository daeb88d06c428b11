"""Speech that is the same for everybody, such as a greeting: made once, and there at once ever after."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from avatar.errors import AvatarError, Language
from avatar.media import ClauseSpeech, Samples
from avatar.stages import Style, Synthesizer
from avatar.voice.speaking.clauses import ClauseChunker
from avatar.voice.speaking.marks import styled

MOST_CLAUSES = 96
"""Clauses that are kept; of 2 s each, about 18 MB."""

_Key = tuple[str, str, Language, float]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A clause's timeline, and all of its sound; and how its voice stood when it was made."""

    standing: str
    speech: ClauseSpeech
    blocks: tuple[Samples, ...]

    def again(self) -> ClauseSpeech:
        return replace(self.speech, chunks=iter(self.blocks))


class PreparedSpeech:
    """A synthesizer that keeps what it was told to prepare, and is another's in everything else. Safe between threads.

    Args:
        synthesizer: the engine.
        standing: of a voice, by its id: another word once it was made anew. Raises AvatarError where it may not speak;
            nothing that is kept of it is heard then.
    """

    def __init__(self, synthesizer: Synthesizer, standing: Callable[[str], str] = lambda voice: "") -> None:
        self._synthesizer = synthesizer
        self._standing = standing
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._synthesizer.name

    @property
    def device(self) -> str:
        return self._synthesizer.device

    def prepare(
        self,
        text: str,
        voice: str,
        *,
        language: Language,
        speed: float = 1.0,
        style: Style = "calm",
        most: int | None = None,
    ) -> None:
        """Make the sound of a text, clause by clause as a reply would say it. Blocks; what is kept is not made again.

        Args:
            style: how it is meant.
            most: clauses that are made; None is all. Where a reply begins at once, there is time to make the others.

        Raises:
            NotFoundError: there is no such voice.
            EngineError: the engine failed.
        """
        for clause in (styled(each, style) for each in clauses(text)[:most]):
            key = (clause, voice, language, speed)
            if self._find(key) is None:
                standing = self._standing(voice)
                speech = self._synthesizer.speak(clause, voice, language=language, speed=speed)
                self._keep(key, _Kept(standing, speech, tuple(speech.chunks)))

    def prepared(self, text: str, voice: str, *, language: Language, speed: float = 1.0) -> list[ClauseSpeech] | None:
        """The speech of a text, where all of it was prepared. Waits for no engine; it looks how the voice stands."""
        kept = [self._find((clause, voice, language, speed)) for clause in clauses(text)]
        return [clause.again() for clause in kept if clause is not None] if all(kept) else None

    def speak(self, clause: str, voice: str, *, language: Language, speed: float = 1.0) -> ClauseSpeech:
        """As `Synthesizer.speak`; at once, where the clause was prepared."""
        kept = self._find((clause, voice, language, speed))
        if kept is not None:
            return kept.again()
        return self._synthesizer.speak(clause, voice, language=language, speed=speed)

    def _find(self, key: _Key) -> _Kept | None:
        """What is kept, if its voice still stands as it did; else it is forgotten."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept.standing != self._standing_or_none(key[1]):
            with self._lock:
                self._kept.pop(key, None)
            return None
        return kept

    def _standing_or_none(self, voice: str) -> str | None:
        try:
            return self._standing(voice)
        except AvatarError:
            return None

    def _keep(self, key: _Key, kept: _Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            while len(self._kept) > MOST_CLAUSES:
                self._kept.popitem(last=False)


def clauses(text: str) -> list[str]:
    """A text as the clauses in which it is spoken."""
    chunker = ClauseChunker()
    return [*chunker.push(text), *chunker.finish()]
