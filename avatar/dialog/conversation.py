"""A conversation with a persona: what it knows, what was said, and the next answer. It knows nothing of sound.

The order of calls in one turn:

    grounding = conversation.ground(question, language)        blocking, a few milliseconds; in a worker thread
    async for clause in conversation.answer(question, language, grounding):
        …                                                      closing the iterator stops the writing
    conversation.remember(question, what_was_heard)            after a barge-in only the words that were heard

`ground`, `anticipate` and `answer` change nothing, so an answer may be prepared or begun before the user has finished,
and thrown away.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from avatar.dialog.cards.lorebook import Message as Said
from avatar.dialog.character import Character
from avatar.dialog.guard import Break, Guard, hint
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.passage import Grounding
from avatar.dialog.persona import Persona
from avatar.dialog.prompt import (
    UNASKED,
    UNHEARD,
    Turn,
    build,
    choose_quotes,
    instruction,
    prefix,
    silence,
    trim,
    user_message,
)
from avatar.dialog.style import Phrase, Tone
from avatar.dialog.tags import Tags, Told
from avatar.errors import Language
from avatar.stages import FunctionCall, FunctionCaller, Functions, Generator, HearingHints, Message

log = logging.getLogger(__name__)

HISTORY_TOKENS = 1200
"""Tokens that the history may take in the prompt."""

SAID_AT_MOST = 40
"""Messages that the lorebook may look for its keys in."""

RESTARTS = 2
"""How often an answer that breaks character is begun again."""


@dataclass(slots=True)
class Calling:
    """Functions that are offered for one answer, and those that the model asked for."""

    functions: Functions
    calls: list[FunctionCall] = field(default_factory=list)


class Conversation:
    """One person's conversation with one persona. Not shared between sessions; called from one task at a time.

    Attributes:
        instructions: a client's own, added to the persona's card; they do not replace it.

    Args:
        persona: who answers.
        knowledge: what it knows; shared.
        generator: what writes; shared.
        seed: fixes the wording, for tests; None leaves it open.
        history_tokens: tokens that the history may take in the prompt.
    """

    def __init__(
        self,
        persona: Persona,
        knowledge: Knowledge,
        generator: Generator,
        *,
        seed: int | None = None,
        history_tokens: int = HISTORY_TOKENS,
    ) -> None:
        self.persona = persona
        self.instructions = ""
        self.knowledge = knowledge
        self._generator = generator
        self._seed = seed
        self._history_tokens = history_tokens
        self._history: list[Turn] = []
        self._last_question = ""
        self._asked: tuple[str, str] = ("", "")
        self._said: list[Said] = []
        self._matched: Counter[int] = Counter()

    @property
    def hints(self) -> HearingHints:
        """What the recognizer may expect: the card's names, then those that the knowledge speaks of most."""
        names = dict.fromkeys((*self.persona.names, *self.knowledge.names))
        return HearingHints(
            names=tuple(names),
            topic_zh=self.persona.topic.zh,
            topic_en=self.persona.topic.en,
            language=self.persona.languages[0] if len(self.persona.languages) == 1 else None,
        )

    def ground(self, question: str, language: Language) -> Grounding:
        """The passages that bear on a question, best first; none where the texts are silent. Blocks for a moment."""
        found = self.knowledge.search(question, language, previous=self._last_question)
        return Grounding(question, language, tuple(found), tuple(self._called(question).values()))

    def prefix(self, language: Language) -> list[Message]:
        """The beginning of the prompt that stays the same through the conversation."""
        lore = self.knowledge.lore
        return prefix(self.persona, self.persona.speaks(language), self.instructions, lore.always if lore else "")

    async def warm(self, language: Language) -> None:
        """Let the model read the stable beginning and the history, so that the next answer starts sooner.

        Raises:
            EngineError: the model is out of reach.
        """
        language = self.persona.speaks(language)
        if not self.instructions:
            await self._generator.warm(build(self.prefix(language), (), "…"), keep=True)
        if self.instructions or self._history:
            await self._generator.warm(build(self.prefix(language), self._history, "…"))

    def quotes(self, grounding: Grounding) -> tuple[str, ...]:
        """What is put before a question: short quotations, or what the card says where it is asked who answers."""
        character = Character.asked(self.persona, grounding.question)
        return self._quotes(grounding, self.persona.speaks(grounding.language), character)

    async def anticipate(self, grounding: Grounding) -> None:
        """Let the model read the prompt of a question that is still being asked. Changes nothing.

        Raises:
            EngineError: the model is out of reach.
        """
        language = self.persona.speaks(grounding.language)
        asked = user_message(grounding.question, self.quotes(grounding), language, grounding.lore)
        await self._generator.warm(build(self.prefix(language), self._history, asked))

    async def answer(
        self,
        question: str,
        language: Language,
        grounding: Grounding,
        *,
        max_tokens: int = 160,
        note: str = "",
        alone: bool = False,
        calling: Calling | None = None,
    ) -> AsyncGenerator[Phrase, None]:
        """The answer, clause by clause, each of them fit to be spoken, and how it is meant.

        A clause that breaks character is withheld and the answer begun again with a sterner hint, twice at most;
        then a sentence from the card closes it. Closing the iterator stops the model at once.

        Args:
            question: empty where the note alone is to be followed, or the answer goes on from functions' results.
            note: instructions for this answer only; they stand at the end, so the cache holds all before them.
            alone: the answer goes by the question alone, not by what was said before.
            calling: functions that the model may ask for; takes up those that it does ask for.

        Raises:
            EngineError: the model is out of reach, refused or too slow.
        """
        language = self.persona.speaks(language)
        character = Character.asked(self.persona, question)
        asked = user_message(question, self._quotes(grounding, language, character), language, grounding.lore)
        self._asked = (question, asked)
        history = [] if alone else self._history
        if note:
            asked = f"{asked}\n{instruction(note)}".strip()
        spoken, broken, tone = "", None, Tone(question)
        for attempt in range(RESTARTS + 1):
            guard = Guard(character, language, spoken=spoken)
            messages = self._messages(history, asked, language, spoken, broken)
            stream = self._written(guard, tone, self._pieces(messages, max_tokens, attempt, calling), max_tokens)
            async with aclosing(stream) as clauses:
                async for clause in clauses:
                    spoken += clause
                    yield Phrase(clause, tone.of(clause))
            broken = guard.broken
            if broken is None or guard.may_end:
                break
            log.info("answer_broke_character", extra={"persona": self.persona.id, "reason": broken})
        if calling is not None and calling.calls:
            return
        if closing := self._closing(character, language, spoken, unfinished=broken is not None and not guard.may_end):
            blank = " " if language == "en" and spoken and not spoken[-1].isspace() else ""
            yield Phrase(blank + closing, "calm")

    def remember(
        self,
        question: str,
        heard_answer: str,
        *,
        parts: Mapping[str, str] | None = None,
        reply: str = "",
        calls: Sequence[FunctionCall] = (),
    ) -> None:
        """Keep an exchange. An answer of which nothing was heard is kept as a pause.

        Args:
            parts: what the question was put together from, by id, so that each can be forgotten.
            reply: the answer's id.
            calls: functions that the answer asked for.
        """
        asked = self._asked[1] if self._asked[0] == question and question else question
        if not asked and not self.continues:
            asked = UNASKED
        answered = heard_answer.strip() or ("" if calls else UNHEARD)
        self._history.append(Turn(asked, answered, tuple((parts or {}).items()), reply, tuple(calls)))
        self._history = trim(self._history, self._history_tokens)
        self._matched.update(self._called(question).keys())
        self._said = [*self._said, Said("user", question), Said("assistant", answered)][-SAID_AT_MOST:]
        self._last_question = self.knowledge.whole(question, self._last_question) if question else ""

    def revise(self, heard_answer: str, reply: str = "") -> None:
        """Put right what was heard of an answer: the player's own account comes after the interruption."""
        for index, turn in enumerate(self._history):
            if turn.reply == reply:
                self._history[index] = replace(turn, answered=heard_answer.strip() or UNHEARD)

    @property
    def continues(self) -> bool:
        """Whether functions gave results that the last answer waited for: the next one goes on from them."""
        return bool(self._history and self._history[-1].results)

    def returned(self, call_id: str, result: str) -> bool:
        """Take in what a function gave; False where none of that id was asked for."""
        for index, turn in enumerate(self._history):
            if any(call.id == call_id for call in turn.calls):
                results = {**dict(turn.results), call_id: result}
                self._history[index] = replace(turn, results=tuple(results.items()))
                return True
        return False

    def forget(self, key: str) -> None:
        """Forget a part of a question, or an answer, by its id. One that is not remembered is passed over."""
        kept = [turn.without(key) for turn in self._history]
        if kept != self._history:
            self._history = [turn for turn in kept if turn is not None]
            self._said, self._last_question = [], ""

    def reset(self) -> None:
        """Forget what was said."""
        self._history.clear()
        self._said, self._matched = [], Counter()
        self._last_question = ""
        self._asked = ("", "")

    def _called(self, question: str) -> dict[int, str]:
        """What the card's lorebook adds to this question, by the entries' numbers."""
        if self.knowledge.lore is None:
            return {}
        return self.knowledge.lore.called([*self._said, Said("user", question)], self._matched)

    def _quotes(self, grounding: Grounding, language: Language, character: Character) -> tuple[str, ...]:
        """What is put before the question: the passages; asked who it is, what the card says of that."""
        if character.probed != "no":
            return (self.persona.identity.of(language),)
        return choose_quotes(grounding.passages, language) or silence(grounding.question, language)

    def _closing(self, character: Character, language: Language, spoken: str, *, unfinished: bool) -> str:
        """What the card adds: to an answer that does not say who is speaking, though that was asked, or to none."""
        if not character.satisfied_by(spoken):
            return self.persona.identity.of(language)
        return self.persona.closing.of(language) if unfinished or not spoken else ""

    def _messages(
        self, history: list[Turn], asked: str, language: Language, spoken: str, broken: Break | None
    ) -> list[Message]:
        """The prompt; begun again, the hint stands at its very end, so the cache still holds all before it."""
        if broken is None:
            return build(self.prefix(language), history, asked)
        note = hint(broken, self.persona, language)
        if not spoken:
            return build(self.prefix(language), history, f"{asked}\n{note}".strip())
        return build(self.prefix(language), [*history, Turn(asked, spoken)], note)

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
            await _close(writing)

    async def _written(
        self, guard: Guard, tone: Tone, stream: AsyncGenerator[str, None], max_tokens: int
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
            await _close(stream)
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
        await _close(stream)


async def _close(stream: AsyncIterator[object]) -> None:
    """Stop the model: a generator's iterator ends its request when it is closed."""
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()
