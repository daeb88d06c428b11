"""`…/studio`: a persona is changed, or made, by saying in words what should be otherwise. See docs/personas.md."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from avatar.dialog.folders import Personas
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.library import Library
from avatar.dialog.persona import Persona
from avatar.dialog.studio.making import propose_new
from avatar.dialog.studio.proposal import QUESTIONS, Complaint, Proposal, accept, propose
from avatar.dialog.studio.trying import Answered, Asked, Side, Step, trial
from avatar.errors import NotFoundError
from avatar.server.failures import language_of
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, Streamed, sse, told_of_failure, while_wanted
from avatar.server.personas import GroundWish, changed_answer, difference_objects
from avatar.server.protocol.base import Message, Text
from avatar.server.sessions import Stages
from avatar.stages import Generator

KEPT_S = 3600.0
"""How long a proposal waits, in seconds."""

PLACES = 64
"""Proposals that wait at once; the oldest makes room."""


class Wish(Message):
    """What should be otherwise; for a complaint also the answer that gave rise to it, and its question."""

    say: Text
    question: Text = ""
    answer: Text = ""
    proposal: Text = Field("", description="one that waits, to which the wish is added")


class NewWish(Message):
    """Who shall be."""

    say: Text
    id: Text = ""
    ground: GroundWish | None = None


class Trial(Message):
    """What both cards are asked; without, what the proposal asks."""

    questions: list[Annotated[Text, Field(min_length=1)]] = Field(default_factory=list, max_length=QUESTIONS)


@dataclass
class Proposals:
    """Those that wait. Used on one event loop.

    Attributes:
        now: the clock, in seconds.
    """

    now: Callable[[], float] = time.monotonic
    _waiting: dict[str, tuple[float, Proposal]] = field(default_factory=dict)

    def keep(self, proposal: Proposal) -> str:
        """Let one wait; its id."""
        self._forget_old()
        while len(self._waiting) >= PLACES:
            del self._waiting[next(iter(self._waiting))]
        proposal_id = f"proposal_{secrets.token_hex(16)}"
        self._waiting[proposal_id] = (self.now(), proposal)
        return proposal_id

    def get(self, persona_id: str, proposal_id: str) -> Proposal:
        """One that waits.

        Raises:
            NotFoundError: there is none of that id for that persona, or no longer.
        """
        self._forget_old()
        _, proposal = self._waiting.get(proposal_id, (0.0, None))
        if proposal is None or proposal.persona.id != persona_id:
            raise NotFoundError(
                "The proposal is not there any more. Say the wish again.",
                "这份修改建议已经不在了。请再说一次。",
                code="proposal_not_found",
            )
        return proposal

    def drop(self, proposal_id: str) -> None:
        """Let one go."""
        self._waiting.pop(proposal_id, None)

    def _forget_old(self) -> None:
        for proposal_id, (since, _) in list(self._waiting.items()):
            if self.now() - since > KEPT_S:
                del self._waiting[proposal_id]


def studio_routes(house: House, stages: Stages) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/avatar/personas")
    personas, proposals = Personas(house.settings.data_dir), Proposals()

    async def generator_of(persona_id: str | None) -> Generator:
        """The model that answers for a persona; None for one that is not there yet."""
        return await house.run(lambda: stages.conversation(house.persona_or_default(persona_id, None).id).generator)

    @router.post("/studio", response_class=Response)
    async def make(wish: NewWish, request: Request) -> Response:
        generator = await generator_of(None)
        ground = None if wish.ground is None else wish.ground.fields()
        folder = house.settings.data_dir / "personas"
        work = propose_new(wish.say, generator, personas, folder, persona_id=wish.id, ground=ground)
        return _answer(proposals, await while_wanted(request, house.jobs, work))

    @router.post("/{persona_id}/studio", response_class=Response)
    async def change(persona_id: str, wish: Wish, request: Request) -> Response:
        onto = proposals.get(persona_id, wish.proposal) if wish.proposal else None
        is_new = onto is not None and onto.base is None
        persona = onto.persona if onto is not None and is_new else await house.run(lambda: house.persona(persona_id))
        generator = await generator_of(None if is_new else persona_id)
        complaint = Complaint(wish.question, wish.answer) if wish.answer.strip() and wish.question.strip() else None
        work = propose(persona, wish.say, generator, complaint, onto=onto)
        return _answer(proposals, await while_wanted(request, house.jobs, work))

    @router.post("/{persona_id}/studio/{proposal_id}/try", response_class=Response)
    async def try_(persona_id: str, proposal_id: str, wish: Trial, request: Request) -> Response:
        proposal = proposals.get(persona_id, proposal_id)
        sides: list[tuple[Side, Persona]] = [("after", proposal.persona)]
        if proposal.base is not None:
            sides.insert(0, ("before", await house.run(lambda: house.persona(persona_id))))
        generator = await generator_of(None if proposal.base is None else persona_id)
        knowledge = await house.run(lambda: _knowledge(stages, house, proposal))
        questions = [" ".join(question.split())[:300] for question in wish.questions] or list(proposal.questions)
        steps = trial(sides, questions, knowledge, generator, max_tokens=house.settings.llm.max_tokens)
        events = told_of_failure(_events(steps), language_of(request))
        return await Streamed.begun(events, house.jobs, "text/event-stream")

    @router.post("/{persona_id}/studio/{proposal_id}/accept", response_class=Response)
    async def accept_(persona_id: str, proposal_id: str) -> Response:
        persona = await asyncio.to_thread(accept, proposals.get(persona_id, proposal_id), personas)
        proposals.drop(proposal_id)
        return changed_answer(personas, persona, stages)

    @router.delete("/{persona_id}/studio/{proposal_id}", status_code=204)
    async def drop(persona_id: str, proposal_id: str) -> None:
        proposals.get(persona_id, proposal_id)
        proposals.drop(proposal_id)

    return router


def _knowledge(stages: Stages, house: House, proposal: Proposal) -> Knowledge:
    if proposal.base is not None:
        return stages.knowledge(house.persona(proposal.persona.id))
    return Knowledge((), Library(house.settings.data_dir / "knowledge" / proposal.persona.id), None)


def _answer(proposals: Proposals, proposal: Proposal | None) -> Response:
    if proposal is None:
        return Response(status_code=204)
    told: dict[str, Any] = {
        "id": proposals.keep(proposal),
        "object": "avatar.persona.proposal",
        "persona": proposal.persona.id,
        "new": proposal.base is None,
        "by": proposal.by,
        "explanation": proposal.told,
        "diff": difference_objects(list(proposal.diff)),
        "questions": proposal.questions,
        "card": proposal.fields,
    }
    return JSONResponse(told, headers=NO_STORE)


async def _events(steps: AsyncGenerator[Step, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(steps):
        async for step in steps:
            yield sse(_event(step))
    yield sse({"type": "studio.done"})


def _event(step: Step) -> dict[str, object]:
    if isinstance(step, Asked):
        return {"type": "studio.question", "index": step.index, "question": step.question}
    kind, key = ("done", "text") if isinstance(step, Answered) else ("delta", "delta")
    return {"type": f"studio.answer.{kind}", "index": step.index, "side": step.side, key: step.text}
