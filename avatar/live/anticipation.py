"""Reads the prompt of an answer while its question is still being asked.

A processor reads some forty tokens a second, so the passages that an answer rests on take two seconds to read. They
are looked up from what was understood so far and read while the user goes on. When the question is whole, and rests on
the same quotations, only its last words are left to be read.
"""

from __future__ import annotations

import asyncio
import logging

from avatar.dialog.conversation import Conversation
from avatar.dialog.passage import Grounding
from avatar.errors import AvatarError, Language
from avatar.live.running import Runner

log = logging.getLogger(__name__)


class Anticipation:
    """What one session expects to be asked.

    Args:
        conversation: the session's.
        run: runs a blocking call in a worker thread.
    """

    def __init__(self, conversation: Conversation, run: Runner) -> None:
        self._conversation = conversation
        self._run = run
        self._next: tuple[str, Language] | None = None
        self._finding: asyncio.Task[None] | None = None
        self._quotes: tuple[str, ...] = ()
        self._reading: asyncio.Task[None] | None = None

    @property
    def reading(self) -> bool:
        """Whether quotations are being read."""
        return self._reading is not None and not self._reading.done()

    def expect(self, question: str, language: Language) -> None:
        """The beginning of a question was understood; its quotations are read, in place of others still being read."""
        if question:
            self._next = (question, language)
            if self._finding is None or self._finding.done():
                self._finding = asyncio.create_task(self._find())

    async def arrive(self, grounding: Grounding) -> None:
        """The question is whole: wait until its quotations are read if they are being read, or give up what is read.

        What is still being looked up is given up, too; and the next question's are read again, for the history grew.
        """
        self._next = None
        if self._finding is not None:
            self._finding.cancel()
        if self._reading is not None and self.reading:
            if self._conversation.quotes(grounding) != self._quotes:
                self._reading.cancel()
            await asyncio.wait([self._reading])
        self._quotes = ()

    def forget(self) -> None:
        """Nothing is expected any more."""
        self._next = None
        for task in (self._finding, self._reading):
            if task is not None:
                task.cancel()

    async def _find(self) -> None:
        while self._next is not None:
            (question, language), self._next = self._next, None
            try:
                grounding = await self._run(lambda: self._conversation.ground(question, language))  # noqa: B023 - awaited here
            except AvatarError as error:
                log.info("anticipation_failed", extra={"code": error.code})
                return
            if self._next is None:
                self._begin(grounding)

    def _begin(self, grounding: Grounding) -> None:
        quotes = self._conversation.quotes(grounding)
        if not quotes or quotes == self._quotes:
            return
        if self._reading is not None:
            self._reading.cancel()
        self._quotes = quotes
        self._reading = asyncio.create_task(self._read(grounding))

    async def _read(self, grounding: Grounding) -> None:
        try:
            await self._conversation.anticipate(grounding)
        except AvatarError as error:
            log.info("anticipation_failed", extra={"code": error.code})
