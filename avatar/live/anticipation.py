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
from avatar.live.shared import Runner

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
        self._task: asyncio.Task[None] | None = None
        self._reading: Grounding | None = None

    def expect(self, question: str, language: Language) -> None:
        """The beginning of a question was understood; it is read as soon as what was understood before it has been."""
        if question:
            self._next = (question, language)
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._read())

    async def arrive(self, grounding: Grounding) -> None:
        """The question is whole: wait until its quotations are read if they are being read, or give up what is read."""
        self._next = None
        if self._task is None or self._task.done():
            return
        if self._reading is None or self._conversation.quotes(self._reading) != self._conversation.quotes(grounding):
            self._task.cancel()
        await asyncio.wait([self._task])

    def forget(self) -> None:
        """Nothing is expected any more."""
        self._next = None
        if self._task is not None:
            self._task.cancel()

    async def _read(self) -> None:
        while self._next is not None:
            (question, language), self._next, self._reading = self._next, None, None
            try:
                self._reading = await self._run(lambda: self._conversation.ground(question, language))  # noqa: B023 - awaited here
                await self._conversation.anticipate(self._reading)
            except AvatarError as error:
                log.info("anticipation_failed", extra={"code": error.code})
                return
