"""Listens to some of what is said live, when nobody waits: only counts come of it, for what was said was heard already.

A clause costs about half a second of the machine, so few are taken, few may wait, and none is begun while a user speaks
or is answered (`Leisure`). One that is begun is computed to its end; broken off, its result is dropped.
"""

from __future__ import annotations

import logging
import random

import numpy as np

from avatar.errors import Language
from avatar.live.leisure import Leisure
from avatar.live.running import Runner
from avatar.media import ClauseSpeech, Samples
from avatar.voice.checking.listening import Listener
from avatar.voice.checking.tally import Outcome, Tally

logger = logging.getLogger(__name__)

MOST_WAITING = 3
"""Clauses that may wait for a quiet moment; of 8 s each, 2 MB."""


class SpotCheck:
    """Shared by the sessions of one process; used on one event loop.

    Args:
        listener: judges.
        tally: is told what came of it.
        leisure: when it is done.
        run: runs it.
        share: of the clauses that are listened to, 0..1.
        seed: of the choice.
    """

    def __init__(
        self, listener: Listener, tally: Tally, leisure: Leisure, run: Runner, share: float, seed: int = 0
    ) -> None:
        self._listener = listener
        self._tally = tally
        self._leisure = leisure
        self._run = run
        self._share = share
        self._random = random.Random(seed)  # noqa: S311 - which clause is listened to is no secret
        self._waiting = 0

    def choose(self, speech: ClauseSpeech, language: Language) -> Sample | None:
        """A clause begins: somebody to gather its sound, where it is one of those that are listened to."""
        if self._waiting >= MOST_WAITING or self._random.random() >= self._share:
            return None
        return Sample(self, speech, language)

    def take(self, speech: ClauseSpeech, language: Language, sound: Samples) -> None:
        """A chosen clause was said to its end. Several may be at once; those that are too many are not listened to."""
        if self._waiting >= MOST_WAITING:
            return
        task = self._leisure.later(lambda: self._listen(speech, language, sound))
        if task is not None:
            self._waiting += 1
            task.add_done_callback(self._done)

    def _done(self, task: object) -> None:
        self._waiting -= 1

    async def _listen(self, speech: ClauseSpeech, language: Language, sound: Samples) -> None:
        verdict = await self._run(lambda: self._listener.judge(speech.text, language, speech, sound))
        outcome: Outcome = "flawed" if verdict.faults else "good" if verdict.listened else "unheard"
        self._tally.add("live", outcome, 1, verdict)
        if verdict.faults:
            logger.info(
                "self_check.live lost=%d repeated=%d added=%d mute_ms=%d",
                *(verdict.lost, verdict.repeated, verdict.added, round(1000 * verdict.mute_s)),
            )


class Sample:
    """Gathers the sound of one clause. One that is broken off is forgotten.

    Args:
        spot: gets it when it is whole.
    """

    def __init__(self, spot: SpotCheck, speech: ClauseSpeech, language: Language) -> None:
        self._spot = spot
        self._speech = speech
        self._language = language
        self._blocks: list[Samples] = []

    def push(self, samples: Samples) -> None:
        """The next sound."""
        self._blocks.append(samples)

    def finish(self) -> None:
        """That was all of it."""
        if self._blocks:
            self._spot.take(self._speech, self._language, np.concatenate(self._blocks))
