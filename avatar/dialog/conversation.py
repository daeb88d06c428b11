"""A conversation with a persona: what it knows, what was said, and the next answer. It knows nothing of sound.

The order of calls in one turn:

    grounding = conversation.ground(question, language)        blocking, a few milliseconds; in a worker thread
    async for clause in conversation.answer(question, language, grounding):
        …                                                      closing the iterator stops the writing
    conversation.remember(question, what_was_heard)            after a barge-in only the words that were heard
    await conversation.tidy()                                  between turns, where there is time

`ground`, `anticipate` and `answer` change nothing, so an answer may be prepared or begun before the user has finished,
and thrown away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from avatar.dialog.cards.lorebook import Message as Said
from avatar.dialog.character import Character
from avatar.dialog.following import Following
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.later import later, unheard_of
from avatar.dialog.memory.extracting import ANSWER_TOKENS, request
from avatar.dialog.memory.past import Folding, Past
from avatar.dialog.memory.recollection import Recollection, names_of, told_back
from avatar.dialog.memory.store import Memories
from avatar.dialog.memory.summary import summarize
from avatar.dialog.orders import lasting, parts_given
from avatar.dialog.passage import Found, Grounding
from avatar.dialog.persona import Persona
from avatar.dialog.prompt import (
    UNASKED,
    UNHEARD,
    Turn,
    build,
    choose_quotes,
    instruction,
    never_told,
    prefix,
    recalls,
    remembered,
    silence,
    unwritten,
    user_message,
)
from avatar.dialog.sources import about_the_last, asks_source, named_quotes, no_source
from avatar.dialog.style import Phrase
from avatar.dialog.writing import AnswerWriter, Calling, Wanted, stop
from avatar.errors import Language
from avatar.stages import FunctionCall, Generator, HearingHints, Message

log = logging.getLogger(__name__)

HISTORY_TOKENS = 1200
"""Tokens that the history may take in the prompt."""

SAID_AT_MOST = 40
"""Messages that the lorebook may look for its keys in."""

Elsewhere = Callable[[Callable[[], int]], Awaitable[object]]
"""Does what blocks where nothing waits for it, such as in a worker thread."""


class Conversation:
    """One person's conversation with one persona. Not shared between sessions; called from one task at a time.

    Attributes:
        instructions: a client's own, added to the persona's card; they do not replace it.
        recollection: what is remembered of the user from other conversations; None where nothing is.

    Args:
        persona: who answers.
        knowledge: what it knows; shared.
        generator: what writes; shared.
        seed: fixes the wording, for tests; None leaves it open.
        history_tokens: tokens that the history may take in the prompt.
        memories: of users who come again; None keeps and recalls nothing.
    """

    def __init__(
        self,
        persona: Persona,
        knowledge: Knowledge,
        generator: Generator,
        *,
        seed: int | None = None,
        history_tokens: int = HISTORY_TOKENS,
        memories: Memories | None = None,
    ) -> None:
        self.persona = persona
        self.instructions = ""
        self.knowledge = knowledge
        self._lore = None if knowledge.lore is None else knowledge.lore.of_card(persona)
        self._generator = generator
        self._writer = AnswerWriter(persona, generator, seed=seed)
        self._seed = seed
        self.recollection: Recollection | None = None
        self._memories = memories
        self._past = Past(history_tokens)
        self._folding: Folding | None = None
        self._language: Language = persona.languages[0]
        self._asked: tuple[str, str] = ("", "")
        self._rests: tuple[Found, ...] = ()
        self._rested: tuple[Found, ...] = ()
        self._said: list[Said] = []
        self._following = Following(knowledge, self._lore)

    @property
    def generator(self) -> Generator:
        """What writes the answers."""
        return self._generator

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
        following, said = self._following, self._said
        found: Sequence[Found] = ()
        if asks_source(question) and about_the_last(question):
            found = self._rested
        elif not recalls(question):
            found = self.knowledge.search(question, language, previous=following.previous())
        return Grounding(question, language, tuple(found), following.called(question, said))

    def prefix(self, language: Language) -> list[Message]:
        """The beginning of the prompt that stays the same through the conversation."""
        always, examples = self._lore.always if self._lore else "", self._writer.hand.examples
        return prefix(self.persona, self.persona.speaks(language), self.instructions, always, examples)

    async def warm(self, language: Language) -> None:
        """Let the model read the stable beginning and the history, so that the next answer starts sooner.

        Raises:
            EngineError: the model is out of reach.
        """
        language = self.persona.speaks(language)
        start = self._start(language)
        if not self.instructions:
            await self._generator.warm(build(self.prefix(language), (), "…"), keep=True)
        if self.instructions or self._past or start != self.prefix(language):
            await self._generator.warm(build(start, self._past.turns, "…"))

    def meet(self, user: str) -> None:
        """Recall what a user lets be remembered, and go on remembering it.

        Args:
            user: as `memory.store.user_of` gives it; empty is nobody.
        """
        memories = self._memories if user else None
        self.recollection = None if memories is None else Recollection(memories, self.persona.id, user)

    @property
    def summary(self) -> str:
        """Of the turns that no longer stand in the prompt; empty where all do."""
        return self._past.summary

    @property
    def untidy(self) -> bool:
        """Whether `tidy` has anything to do."""
        return self._past.due() is not None or bool(self.recollection and self.recollection.told)

    async def tidy(self, run: Elsewhere | None = None) -> None:
        """Sum up what was said first, where the window fills, and keep what the user told, where that is wished.

        For the time between two turns. It may be cancelled at any moment: what was done is kept, the rest is done when
        it is called again, and until then everything is as it was.

        Args:
            run: writes to the disk; None does it here.

        Raises:
            EngineError: the model is out of reach.
            StorageError: what was learned cannot be written.
        """
        await self._fold()
        await self.learn(run)

    async def learn(self, run: Elsewhere | None = None) -> None:
        """Keep what the user has told since the last time, where that is wished. May be cancelled, as `tidy` may.

        Raises:
            EngineError, StorageError: as for `tidy`.
        """
        recollection = self.recollection
        if recollection is not None and (told := recollection.told):
            written = await self._whole(request(" ".join(text for _, text in told)), ANSWER_TOKENS)
            found = recollection.found(told, written)
            keep = partial(recollection.keep, found)
            if found and run is not None:
                await asyncio.shield(run(keep))  # broken off meanwhile, it is written nevertheless
            elif found:
                keep()

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
        await self._generator.warm(build(self._start(language), self._past.turns, asked))

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
        self._language = language = self.persona.speaks(language)
        character = Character.asked(self.persona, question)
        asked = user_message(question, self._quotes(grounding, language, character), language, grounding.lore)
        self._asked, self._rests = (question, asked), grounding.passages
        plain = not note and calling is None and not self._writer.hand.feigns
        if plain and (told := self._by_the_card(grounding, language, character)):
            yield Phrase(told, "calm")
            return
        before = self.prefix(language) if alone else build(self._start(language), self._past.turns, "")
        if note:
            asked = f"{asked}\n{instruction(note)}".strip()
        sources = grounding.passages if asks_source(question) else ()
        dictated = frozenset[str]().union(*map(lasting, self._told()))
        wanted = Wanted(question, language, before, asked, self._facts, self._guest(), sources, dictated)
        async with aclosing(self._writer.write(wanted, max_tokens=max_tokens, calling=calling)) as phrases:
            async for phrase in phrases:
                yield phrase

    def remember(
        self,
        question: str,
        heard_answer: str,
        *,
        parts: Mapping[str, str] | None = None,
        reply: str = "",
        calls: Sequence[FunctionCall] = (),
    ) -> None:
        """Keep an exchange. An answer of which nothing was heard is kept as a pause. Takes no time to speak of.

        Args:
            parts: what the question was put together from, by id, so that each can be forgotten.
            reply: the answer's id.
            calls: functions that the answer asked for.
        """
        known = bool(question) and self._asked[0] == question
        asked, self._rested = (self._asked[1], self._rests) if known else (question, ())
        if not asked and not self.continues:
            asked = UNASKED
        answered = heard_answer.strip() or ("" if calls else UNHEARD)
        self._past.add(Turn(asked, answered, tuple((parts or {}).items()), reply, tuple(calls)))
        if self.recollection is not None:
            self.recollection.hear(question, parts or ())
        self._following.note(question, self._said)
        self._said = [*self._said, Said("user", question), Said("assistant", answered)][-SAID_AT_MOST:]

    def revise(self, heard_answer: str, reply: str = "") -> None:
        """Put right what was heard of an answer: the player's own account comes after the interruption."""
        self._past.revise(reply, heard_answer.strip())

    @property
    def continues(self) -> bool:
        """Whether functions gave results that the last answer waited for: the next one goes on from them."""
        return bool(self._past.turns and self._past.turns[-1].results)

    def returned(self, call_id: str, result: str) -> bool:
        """Take in what a function gave; False where none of that id was asked for."""
        return self._past.returned(call_id, result)

    def forget(self, key: str) -> None:
        """Forget a part of a question, or an answer, by its id. One that is not remembered is passed over."""
        if self.recollection is not None:
            self.recollection.forget(key)
        if self._past.forget(key):
            self._said, self._rested = [], ()
            self._following.turn_away()

    def reset(self) -> None:
        """Forget what was said."""
        self._past.clear()
        self._folding = None
        if self.recollection is not None:
            self.recollection.pass_over()
        self._said, self._following = [], Following(self.knowledge, self._lore)
        self._asked, self._rests, self._rested = ("", ""), (), ()

    def _start(self, language: Language, summary: str | None = None) -> list[Message]:
        """What stands before the history: the stable beginning, and what is remembered."""
        known = self.recollection.known if self.recollection is not None else ()
        summed = self._past.summary if summary is None else summary
        return [*self.prefix(language), *remembered(known, summed, language)]

    async def _fold(self) -> None:
        """Sum up the older part of the window, where it is full; it gives way once the new beginning has been read."""
        past, language = self._past, self._language
        if self._folding is not None and not past.matches(self._folding):
            self._folding = None
        folding = self._folding or past.due()
        if folding is None:
            return
        if not folding.summary:
            name = self.persona.name.of(language)
            summary = await summarize(self._generator, folding.before, folding.turns, name, language, seed=self._seed)
            folding = self._folding = replace(folding, summary=summary)
        summary, turns = past.after(folding)
        await self._generator.warm(build(self._start(language, summary), turns, "…"))
        if past.fold(folding):
            log.info("history_folded", extra={"persona": self.persona.id, "turns": len(folding.turns)})
        self._folding = None

    async def _whole(self, messages: list[Message], max_tokens: int) -> str:
        """All that the model writes."""
        stream = self._generator.stream(messages, max_tokens=max_tokens, seed=self._seed)
        try:
            return "".join([piece async for piece in stream])
        finally:
            await stop(stream)

    def _quotes(self, grounding: Grounding, language: Language, character: Character) -> tuple[str, ...]:
        """What is put before the question: the passages; asked who it is, what the card says of that."""
        if character.probed != "no":
            return (self.persona.identity.of(language),)
        if recalls(grounding.question):
            return self._recalled(grounding.question, language)
        passages, question = grounding.passages, grounding.question
        if asks_source(question):
            passages = named_quotes(passages, language)
            if not passages and about_the_last(question):
                return (no_source(language),)
        if unheard := self._unheard_of(grounding, language):
            return (unheard,)
        own = " ".join((*self.persona.names, self.persona.biography.zh, self.persona.biography.en))
        if foreign := unwritten(question, passages, own, language):
            return foreign
        return choose_quotes(passages, language) or silence(question, language)

    def _by_the_card(self, grounding: Grounding, language: Language, character: Character) -> str:
        """What is said without asking a small model, which would make it up; empty where it is asked.

        How it works, of which it invents figures, and what came after its persona's time, which it explains.
        """
        if character.probed == "workings":
            return self.persona.identity.of(language)
        return self._unheard_of(grounding, language) if character.probed == "no" else ""

    def _unheard_of(self, grounding: Grounding, language: Language) -> str:
        """That it has not heard of what a question names, where that came after its time and no text speaks of it."""
        year = self.persona.knows_until
        if year is None or grounding.passages or recalls(grounding.question):
            return ""
        thing = later(grounding.question, year)
        return unheard_of(thing, language) if thing else ""

    def _facts(self) -> tuple[str, ...]:
        """What is remembered of the user from other conversations."""
        return self.recollection.all if self.recollection is not None else ()

    def _guest(self) -> frozenset[str]:
        """The names that the user goes by, and those that they have given to the persona."""
        return names_of([*self._facts(), *self._told()]).union(*map(parts_given, self._told()))

    def _told(self) -> list[str]:
        """What the user said before."""
        return [said.text for said in self._said if said.role == "user"]

    def _recalled(self, question: str, language: Language) -> tuple[str, ...]:
        """What is put before a question about earlier talks: the facts, as one would say them to the user's face."""
        if facts := self._facts():
            return (told_back(facts, question, language),)
        return () if self._past else (never_told(language),)
