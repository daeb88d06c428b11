"""What a question follows on: the question before, and what the card's lorebook was called by until now.

Weighing what was said cuts it into words and searches it with a stranger's expressions, which may take a quarter of a
second. So what is said is only noted, which costs nothing, and weighed when the next question is looked up: that is
done where it may block.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Sequence

from avatar.dialog.cards.lorebook import Message as Said
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.lore import Lore

NOTED_AT_MOST = 1000
"""Exchanges that wait to be weighed; of more the oldest are passed over."""


class Following:
    """Of one conversation. Noted on one thread, asked on others.

    Args:
        knowledge: tells whether a question can be looked for alone.
        lore: of the card; None where it has none.
    """

    def __init__(self, knowledge: Knowledge, lore: Lore | None) -> None:
        self._knowledge, self._lore = knowledge, lore
        self._noted: deque[tuple[str, Sequence[Said]] | None] = deque(maxlen=NOTED_AT_MOST)
        self._weighing = threading.Lock()
        self._matched: Counter[int] = Counter()
        self._previous = ""

    def note(self, question: str, said: Sequence[Said]) -> None:
        """A question was answered; `said` is what was said before it."""
        self._noted.append((question, said))

    def turn_away(self) -> None:
        """What was said is forgotten: the next question follows on nothing."""
        self._noted.append(None)

    def previous(self) -> str:
        """The question before, made whole; empty where there is none. Blocks for a moment."""
        with self._weighing:
            while self._noted:
                self._weigh(self._noted.popleft())
            return self._previous

    def called(self, question: str, said: Sequence[Said]) -> tuple[str, ...]:
        """What the lorebook adds to a question. Blocks for a moment."""
        self.previous()
        return tuple(self._called(question, said).values())

    def _weigh(self, noted: tuple[str, Sequence[Said]] | None) -> None:
        question, said = noted or ("", ())
        if noted is not None:
            self._matched.update(self._called(question, said).keys())
        self._previous = self._knowledge.whole(question, self._previous) if question else ""

    def _called(self, question: str, said: Sequence[Said]) -> dict[int, str]:
        if self._lore is None:
            return {}
        return self._lore.called([*said, Said("user", question)], self._matched)
