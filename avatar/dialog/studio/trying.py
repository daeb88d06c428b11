"""A proposed card beside the one there is: the same questions, both answers, as they are written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from avatar.dialog.conversation import Conversation
from avatar.dialog.cutting import language_of
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import Persona
from avatar.stages import Generator

Side = Literal["before", "after"]

SEED = 7
"""The same for both, so that what differs comes from the card."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question is put."""

    index: int
    question: str


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer."""

    index: int
    side: Side
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer."""

    index: int
    side: Side
    text: str


Step = Asked | Delta | Answered


async def trial(
    sides: Sequence[tuple[Side, Persona]],
    questions: Sequence[str],
    knowledge: Knowledge,
    generator: Generator,
    *,
    max_tokens: int = 120,
) -> AsyncGenerator[Step, None]:
    """Ask the same of each card, question by question. Closing stops the writing.

    Args:
        sides: the cards.
        questions: each is asked as the first of a conversation.
        knowledge: what the persona knows; the same for both.
        generator: writes the answers.
        max_tokens: of one answer.

    Raises:
        EngineError: the model is out of reach, refused or too slow.
    """
    for index, question in enumerate(questions):
        yield Asked(index, question)
        for side, persona in sides:
            answer = ""
            conversation = Conversation(persona, knowledge, generator, seed=SEED)
            language = persona.speaks(language_of(question))
            grounding = await asyncio.to_thread(conversation.ground, question, language)
            async with aclosing(conversation.answer(question, language, grounding, max_tokens=max_tokens)) as phrases:
                async for phrase in phrases:
                    answer += phrase.text
                    yield Delta(index, side, phrase.text)
            yield Answered(index, side, answer)
