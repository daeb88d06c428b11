"""From a question to sound, streaming at every joint: the first clause speaks while the rest is being written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Protocol

from avatar.dialog.style import Phrase
from avatar.errors import Language
from avatar.live.reply import Reply
from avatar.live.running import Runner
from avatar.media import ClauseSpeech, Samples
from avatar.stages import Style
from avatar.voice.speaking.clauses import ClauseChunker
from avatar.voice.speaking.marks import plain

CLAUSES_AHEAD = 2
"""Clauses that may be written and wait to be spoken."""

SOUND_AHEAD_S = 4.0
"""Sound that may be sent before it is due to be heard; more would only be thrown away by an interruption."""


class Listener(Protocol):
    """Who is told of the reply as it comes to be."""

    def on_clause(self, speech: ClauseSpeech, style: Style) -> None:
        """The timeline of the next clause is known, and how it is meant; its sound follows."""

    def on_sound(self, samples: Samples) -> None:
        """The next sound of the current clause."""


class Clauses:
    """An answer's phrases, as they are written, as clauses for the voice; each is meant as it begins."""

    def __init__(self) -> None:
        self._chunker = ClauseChunker()
        self._begun: Style | None = None

    def push(self, phrase: Phrase) -> list[Phrase]:
        """The clauses that a further phrase completes."""
        found: list[Phrase] = []
        for clause in self._chunker.push(phrase.text):
            found.append(Phrase(clause, self._begun or phrase.style))
            self._begun = phrase.style
        self._begun = None if self._chunker.between else self._begun or phrase.style
        return found

    def finish(self) -> list[Phrase]:
        """The rest."""
        return [Phrase(clause, self._begun or "calm") for clause in self._chunker.finish()]


async def clauses_of(phrases: AsyncIterator[Phrase], reply: Reply) -> AsyncGenerator[Phrase, None]:
    """An answer as clauses for the voice."""
    clauses = Clauses()
    async for phrase in phrases:
        reply.watch.mark("first_token_s")
        for clause in clauses.push(phrase):
            yield clause
    for clause in clauses.finish():
        yield clause


async def ahead(clauses: AsyncIterator[Phrase]) -> AsyncGenerator[Phrase, None]:
    """The same clauses, while the next ones are already being written. Closing stops the writing."""
    queue: asyncio.Queue[Phrase | BaseException | None] = asyncio.Queue(CLAUSES_AHEAD)

    async def write() -> None:
        end: BaseException | None = None
        try:
            async for clause in clauses:
                await queue.put(clause)
        except Exception as error:  # noqa: BLE001 - handed to the reader, who raises it
            end = error
        await queue.put(end)

    writer = asyncio.create_task(write())
    try:
        while isinstance(item := await queue.get(), Phrase):
            yield item
        if item is not None:
            raise item
    finally:
        writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer


async def pulled(chunks: Iterator[Samples], run: Runner) -> AsyncGenerator[Samples, None]:
    """The blocks of a blocking iterator, each computed in a worker thread. Closing waits for the block in work."""
    in_work: asyncio.Future[Samples | None] | None = None
    try:
        while True:
            in_work = asyncio.ensure_future(run(lambda: next(chunks, None)))
            block = await asyncio.shield(in_work)
            if block is None:
                return
            yield block
    finally:
        if in_work is not None and not in_work.done():
            in_work.add_done_callback(lambda _: _close(chunks))
        else:
            _close(chunks)


def _close(chunks: Iterator[Samples]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


async def speak(
    clauses: AsyncIterator[Phrase],
    synthesize: Callable[[Phrase], ClauseSpeech],
    run: Runner,
    reply: Reply,
    listener: Listener,
) -> None:
    """Say clause after clause, never far ahead of what is being heard, and nothing while the reply is held.

    Raises:
        EngineError: a stage failed.
    """
    async with contextlib.aclosing(ahead(clauses)) as written:
        async for clause in written:
            reply.watch.mark("first_clause_s")
            speech = await run(lambda phrase=clause: synthesize(phrase))  # type: ignore[misc]
            listener.on_clause(speech, clause.style)
            async with contextlib.aclosing(pulled(speech.chunks, run)) as blocks:
                async for block in blocks:
                    await reply.free.wait()
                    listener.on_sound(block)
                    await _keep_pace(reply)


async def _keep_pace(reply: Reply) -> None:
    surplus = reply.left_to_play(reply.watch.now()) - SOUND_AHEAD_S
    if surplus > 0:
        await asyncio.sleep(surplus)


def language_of(text: str, default: Language) -> Language:
    """Chinese where a text has a Chinese character, English where it has only Latin letters, else the default.

    Marks (`voice.speaking.marks`) do not count.
    """
    text = plain(text)
    if any("\u4e00" <= sign <= "\u9fff" for sign in text):
        return "zh"
    return "en" if any(sign.isascii() and sign.isalpha() for sign in text) else default
