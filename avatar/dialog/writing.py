"""One answer as it is written: clause by clause, each of them judged, begun again where it breaks character.

What stands before the question is put together in `conversation`; here the model's words become what may be spoken.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from avatar.dialog.character import Character
from avatar.dialog.guard import Break, Guard, hint
from avatar.dialog.hand import hand_for
from avatar.dialog.memory.recollection import told_back, untold
from avatar.dialog.orders import key
from avatar.dialog.passage import Found
from avatar.dialog.persona import Persona
from avatar.dialog.prompt import Turn, build, recalls
from avatar.dialog.sources import told_source
from avatar.dialog.style import Phrase, Tone
from avatar.dialog.tags import Tags, Told
from avatar.errors import Language
from avatar.stages import FunctionCall, FunctionCaller, Functions, Generator, Message, Sized

log = logging.getLogger(__name__)

RESTARTS = 2
"""How often an answer that breaks character is begun again."""

BEGUN = 12
"""Letters of an answer that has said something."""


@dataclass(slots=True)
class Calling:
    """Functions that are offered for one answer, and those that the model asked for."""

    functions: Functions
    calls: list[FunctionCall] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be answered.

    Attributes:
        question: as it was asked; empty where a note alone is to be followed.
        language: to answer in.
        before: the prompt without its last message.
        asked: its last message: the question with what is put before it.
        told: the facts about the user that an answer to a question about them must say; asked for at the end, since
            one may be deleted meanwhile.
        guest: names that the user goes by or has given to the persona before, which it does not take on.
        dictated: words that an earlier question ordered to be said from then on.
        sources: the passages of which the answer must name one, where that was asked.
    """

    question: str
    language: Language
    before: list[Message]
    asked: str
    told: Callable[[], Sequence[str]]
    guest: frozenset[str] = frozenset()
    sources: Sequence[Found] = ()
    dictated: frozenset[str] = frozenset()

    def messages(self, spoken: str, note: str) -> list[Message]:
        """The prompt; begun again, a note stands at its very end, so that the cache still holds all before it.

        Args:
            spoken: what was said of the answer already.
            note: why it is begun again; empty at first.
        """
        if not note:
            return build(self.before, (), self.asked)
        if not spoken:
            return build(self.before, (), f"{self.asked}\n{note}".strip())
        return build(self.before, [Turn(self.asked, spoken)], note)


class AnswerWriter:
    """Writes the answers of one persona. Keeps nothing of them.

    Args:
        persona: who answers.
        generator: what writes; shared.
        seed: fixes the wording, for tests; None leaves it open.

    Attributes:
        hand: how closely the model is led, by its size.
    """

    def __init__(self, persona: Persona, generator: Generator, *, seed: int | None = None) -> None:
        self.hand = hand_for(generator.parameters if isinstance(generator, Sized) else None)
        self._persona = persona
        self._generator = generator
        self._seed = seed

    async def write(
        self, wanted: Wanted, *, max_tokens: int, calling: Calling | None = None
    ) -> AsyncGenerator[Phrase, None]:
        """The answer, as `Conversation.answer` gives it."""
        language = wanted.language
        facts = wanted.told() if recalls(wanted.question) else ()
        character = Character.asked(self._persona, wanted.question, wanted.guest, facts, wanted.dictated)
        spoken, broken, tone = "", None, Tone(wanted.question)
        for attempt in range(RESTARTS + 1):
            note = "" if broken is None else hint(broken, self._persona, language)
            last = attempt == RESTARTS
            guard = Guard(character, language, spoken=spoken, hand=self.hand, note=note, asked=wanted.asked, last=last)
            pieces = self._pieces(wanted.messages(spoken, note), max_tokens, attempt, calling)
            async with aclosing(_written(guard, tone, pieces, max_tokens)) as clauses:
                async for clause in clauses:
                    spoken += clause
                    yield Phrase(clause, tone.of(clause))
            broken = guard.broken
            if broken is None or guard.may_end or facts:
                break
            log.info("answer_broke_character", extra={"persona": self._persona.id, "reason": broken})
        if calling is not None and calling.calls:
            return
        begun = broken != "identity" and len(key(spoken)) >= BEGUN
        if closing := self._closing(character, wanted, spoken, unfinished=_unfinished(broken, guard), begun=begun):
            blank = " " if language == "en" and spoken and not spoken[-1].isspace() else ""
            yield Phrase(blank + closing, "calm")

    def _closing(self, character: Character, wanted: Wanted, spoken: str, *, unfinished: bool, begun: bool) -> str:
        """What is added where an answer does not say who speaks or what was told, though that was asked; or to none.

        An answer that has said something and goes wrong in its form only (`begun`) is left at that.
        """
        language = wanted.language
        if not character.satisfied_by(spoken) or (unfinished and character.probed != "no"):
            return self._persona.identity.of(language)
        if character.probed == "no" and recalls(wanted.question):
            facts = wanted.told()
            if left := untold(spoken, facts, wanted.question) or (facts if unfinished else ()):
                told = told_back(left, wanted.question, language)
                return f"{told}。" if language == "zh" else f"{told[0].upper()}{told[1:]}."
        if source := told_source(wanted.sources, spoken, language):
            return source
        if spoken and (begun or not unfinished):
            return ""
        ordered = bool(character.given or character.dictated)
        return (self._persona.identity if ordered else self._persona.closing).of(language)

    async def _pieces(
        self, messages: list[Message], max_tokens: int, attempt: int, calling: Calling | None
    ) -> AsyncGenerator[str, None]:
        """What the model writes; what it asks for is taken up."""
        seed = None if self._seed is None else self._seed + attempt
        generator, stream = self._generator, None
        if calling is not None and isinstance(generator, FunctionCaller) and generator.calls_functions:
            asking = generator.converse(messages, calling.functions, max_tokens=max_tokens, seed=seed)
            stream = _without_calls(asking, calling)
        writing = stream or generator.stream(messages, max_tokens=max_tokens, seed=seed)
        try:
            async for piece in writing:
                yield piece
        finally:
            await stop(writing)


async def stop(stream: AsyncIterator[object]) -> None:
    """Stop the model: a generator's iterator ends its request when it is closed."""
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()


def _unfinished(broken: Break | None, guard: Guard) -> bool:
    """Whether an answer was broken off where it may not end."""
    return broken is not None and not guard.may_end


async def _written(
    guard: Guard, tone: Tone, stream: AsyncGenerator[str, None], max_tokens: int
) -> AsyncGenerator[str, None]:
    """What the guard lets through of what the model writes; the model is stopped when the guard has had enough."""
    pieces, tags = 0, Tags()
    try:
        async for piece in stream:
            pieces += 1
            for clause in _passed(guard, tone, tags.push(piece)):
                yield clause
            if guard.broken or guard.finished:
                return
    finally:
        await stop(stream)
    for clause in _passed(guard, tone, tags.finish()):
        yield clause
    for clause in guard.flush(cut=pieces >= max_tokens and guard.may_end):
        yield clause


def _passed(guard: Guard, tone: Tone, told: Told) -> Iterator[str]:
    """What the guard lets through of the next words; tags among them set the tone of what follows."""
    for words, style in told:
        if style is not None:
            tone.tell(style)
        yield from guard.push(words)


async def _without_calls(stream: AsyncIterator[str | FunctionCall], calling: Calling) -> AsyncGenerator[str, None]:
    try:
        async for piece in stream:
            if isinstance(piece, FunctionCall):
                calling.calls.append(piece)
            else:
                yield piece
    finally:
        await stop(stream)
