"""How the self-check has done so far, as counts. Nothing of what was said is kept."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from avatar.voice.checking.judging import Verdict

Place = Literal["script", "live"]
"""What is written to a file, or what a live persona says."""

Outcome = Literal["good", "mended", "flawed", "unheard"]
"""Good at once; good after another take, or better; as flawed as at first; not transcribed: too short, or it failed."""

Fault = Literal["lost", "repeated", "added", "mute"]

_PLACES: tuple[Place, ...] = get_args(Place)
_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_FAULTS: tuple[Fault, ...] = get_args(Fault)


class Tally:
    """Counts of one process. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clauses: Counter[tuple[Place, Outcome]] = Counter()
        self._takes: Counter[Place] = Counter()
        self._faults: Counter[tuple[Place, Fault]] = Counter()

    def add(self, place: Place, outcome: Outcome, takes: int, first: Verdict) -> None:
        """A clause was checked.

        Args:
            takes: how often it was made.
            first: what was wrong with the first of them.
        """
        with self._lock:
            self._clauses[place, outcome] += 1
            self._takes[place] += takes
            self._faults[place, "lost"] += first.lost
            self._faults[place, "repeated"] += first.repeated
            self._faults[place, "added"] += first.added
            self._faults[place, "mute"] += first.mute_s > 0

    def clauses(self) -> Mapping[tuple[Place, Outcome], int]:
        """How many came out how."""
        with self._lock:
            return {(place, outcome): self._clauses[place, outcome] for place, outcome in product(_PLACES, _OUTCOMES)}

    def takes(self) -> Mapping[Place, int]:
        """How often clauses were made, all takes counted."""
        with self._lock:
            return {place: self._takes[place] for place in _PLACES}

    def faults(self) -> Mapping[tuple[Place, Fault], int]:
        """What was wrong with first takes: syllables or words, and silent stretches."""
        with self._lock:
            return {(place, fault): self._faults[place, fault] for place, fault in product(_PLACES, _FAULTS)}
