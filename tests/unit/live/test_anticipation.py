"""What is read while a question is still being asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar, cast

from avatar.dialog.conversation import Conversation
from avatar.dialog.passage import Grounding
from avatar.errors import EngineError, Language
from avatar.live.anticipation import Anticipation

T = TypeVar("T")


class ScriptedConversation:
    """Finds the quotation that a question names with its first letter; reads until it is let go."""

    def __init__(self, *, fails: bool = False, silent: bool = False) -> None:
        self.fails = fails
        self.silent = silent
        self.read: list[str] = []
        self.given_up: list[str] = []
        self.go = asyncio.Event()

    def ground(self, question: str, language: Language) -> Grounding:
        return Grounding(question, language, ())

    def quotes(self, grounding: Grounding) -> tuple[str, ...]:
        return () if self.silent else (grounding.question[0],)

    async def anticipate(self, grounding: Grounding) -> None:
        if self.fails:
            raise EngineError("No.", "不。")
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.given_up.append(grounding.question)
            raise
        self.read.append(grounding.question)


async def run(work: Callable[[], T]) -> T:
    await asyncio.sleep(0)
    return work()


def anticipation(talk: ScriptedConversation) -> Anticipation:
    return Anticipation(cast(Conversation, talk), run)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_same_quotations_are_read_once() -> None:
    talk = ScriptedConversation()
    ahead = anticipation(talk)
    ahead.expect("a", "en")
    await settle()
    assert ahead.reading
    ahead.expect("a b", "en")
    ahead.expect("a b c", "en")
    talk.go.set()
    await settle()
    ahead.expect("a b c d", "en")
    await settle()
    assert talk.read == ["a"]


async def test_quotations_that_fit_better_take_the_place_of_those_being_read() -> None:
    talk = ScriptedConversation()
    ahead = anticipation(talk)
    ahead.expect("a", "en")
    await settle()
    ahead.expect("b a", "en")
    await settle()
    assert talk.given_up == ["a"]
    talk.go.set()
    await settle()
    assert talk.read == ["b a"]


async def test_where_nothing_is_quoted_nothing_is_read() -> None:
    talk = ScriptedConversation(silent=True)
    ahead = anticipation(talk)
    talk.go.set()
    ahead.expect("a", "en")
    await settle()
    assert talk.read == []


async def test_a_question_waits_for_its_own_quotations() -> None:
    talk = ScriptedConversation()
    ahead = anticipation(talk)
    ahead.expect("a b", "en")
    await settle()
    arrived = asyncio.create_task(ahead.arrive(Grounding("a b c", "en", ())))
    await settle()
    assert not arrived.done()
    talk.go.set()
    await arrived
    assert talk.read == ["a b"]


async def test_other_quotations_are_given_up() -> None:
    talk = ScriptedConversation()
    ahead = anticipation(talk)
    ahead.expect("a", "en")
    await settle()
    ahead.expect("a b", "en")
    await ahead.arrive(Grounding("x", "en", ()))
    assert talk.given_up == ["a"]
    talk.go.set()
    await settle()
    assert talk.read == [], "what was expected before the question was whole is not read after it"


async def test_what_is_still_looked_up_when_the_question_is_whole_is_not_read() -> None:
    talk = ScriptedConversation()
    ahead = anticipation(talk)
    ahead.expect("a", "en")
    await settle()
    ahead.expect("b", "en")
    await asyncio.sleep(0)
    await ahead.arrive(Grounding("x", "en", ()))
    talk.go.set()
    await settle()
    assert talk.given_up == ["a"] and talk.read == [] and not ahead.reading


async def test_the_same_quotations_are_read_again_for_the_next_question() -> None:
    talk = ScriptedConversation()
    talk.go.set()
    ahead = anticipation(talk)
    for question in ("a", "a again"):
        ahead.expect(question, "en")
        await settle()
        await ahead.arrive(Grounding(question, "en", ()))
    assert talk.read == ["a", "a again"]


async def test_nothing_expected_nothing_awaited() -> None:
    talk = ScriptedConversation()
    ahead = anticipation(talk)
    ahead.expect("", "en")
    await ahead.arrive(Grounding("a", "en", ()))
    ahead.expect("a", "en")
    ahead.forget()
    await settle()
    assert talk.read == []


async def test_a_model_out_of_reach_is_the_answers_affair() -> None:
    ahead = anticipation(ScriptedConversation(fails=True))
    ahead.expect("a", "en")
    await settle()
    await ahead.arrive(Grounding("a", "en", ()))
