"""What was said so far: the latest turns as they were sent, and before them a summary of the older ones.

The prompt must stay short, and what the model has read of it must stay of use. So nothing is dropped turn by turn: when
the window is three quarters full, its older part is summed up at once, between two turns. The summary takes its place
only after the model has read the new beginning. Where that never finds the time, the older half gives way unsummed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from avatar.dialog.prompt import UNHEARD, Turn, size_of, trim

FULL = 0.75
"""Share of the window from which its older part is to be summed up."""

LEFT = 0.3
"""Share of the window that stays as it was said."""

LAST = 2
"""Turns that stay in any case: the player may still put right what was heard of them."""

SPILLED = 12
"""Turns without a place in the prompt that wait to be summed up."""


@dataclass(frozen=True, slots=True)
class Folding:
    """Turns that are to be summed up; `summary` is what came of it, once there is one."""

    before: str
    turns: tuple[Turn, ...]
    summary: str = ""


class Past:
    """The history of one conversation.

    Args:
        tokens: that it may take in the prompt, without the summary.

    Attributes:
        turns: those that stand in the prompt, oldest first.
        summary: of those before them; empty where there are none.
    """

    def __init__(self, tokens: int) -> None:
        self.turns: list[Turn] = []
        self.summary = ""
        self._tokens = tokens
        self._spilled: list[Turn] = []
        self._covered: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.turns or self.summary)

    def add(self, turn: Turn) -> None:
        """Another exchange; where the window is more than full, its older half leaves it."""
        turns = [*self.turns, turn]
        self.turns = trim(turns, self._tokens)
        gone = turns[: len(turns) - len(self.turns)]
        self._spilled = [*self._spilled, *gone][-SPILLED:]

    def revise(self, reply: str, heard: str) -> None:
        """Put right what was heard of an answer."""
        self.turns = [replace(turn, answered=heard or UNHEARD) if turn.reply == reply else turn for turn in self.turns]

    def returned(self, call_id: str, result: str) -> bool:
        """Take in what a function gave; False where no turn asked for it."""
        for index, turn in enumerate(self.turns):
            if any(call.id == call_id for call in turn.calls):
                results = {**dict(turn.results), call_id: result}
                self.turns[index] = replace(turn, results=tuple(results.items()))
                return True
        return False

    def forget(self, key: str) -> bool:
        """Forget a part of a question, or an answer; False where it is not known.

        A summary cannot be told apart again: one that may hold it goes with it.
        """
        kept, spilled = [list(_without(turns, key)) for turns in (self.turns, self._spilled)]
        known = kept != self.turns or spilled != self._spilled or key in self._covered
        self.turns, self._spilled = kept, spilled
        if key in self._covered:
            self.summary, self._covered = "", set()
        return known

    def clear(self) -> None:
        """Forget everything."""
        self.turns, self._spilled = [], []
        self.summary, self._covered = "", set()

    def due(self) -> Folding | None:
        """What is to be summed up now; None where there is room."""
        count, sizes = 0, [size_of(turn) for turn in self.turns]
        if sum(sizes) > FULL * self._tokens:
            while count < len(sizes) - LAST and sum(sizes[count:]) > LEFT * self._tokens:
                count += 1
        old = (*self._spilled, *self.turns[:count])
        return Folding(self.summary, old) if old else None

    def after(self, folding: Folding) -> tuple[str, list[Turn]]:
        """The summary and the turns as they will stand when a folding has taken its place."""
        return folding.summary, self.turns[self._held(folding) :]

    def fold(self, folding: Folding) -> bool:
        """Put a summary in the place of its turns; False where they are no longer what was summed up."""
        if not self.matches(folding):
            return False
        for turn in folding.turns:
            self._covered |= {key for key, _ in turn.parts} | {turn.reply}
        self.summary, self.turns = self.after(folding)
        self._covered.discard("")
        self._spilled = []
        return True

    def matches(self, folding: Folding) -> bool:
        """Whether the turns that are summed up are still the oldest ones, and unchanged."""
        known = (*self._spilled, *self.turns)
        return folding.before == self.summary and known[: len(folding.turns)] == folding.turns

    def _held(self, folding: Folding) -> int:
        """How many of the turns that were summed up stand in the prompt."""
        return max(0, len(folding.turns) - len(self._spilled))


def _without(turns: Sequence[Turn], key: str) -> Iterator[Turn]:
    for turn in turns:
        left = turn.without(key)
        if left is not None:
            yield left
