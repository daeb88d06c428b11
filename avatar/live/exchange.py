"""A question and its reply: what was said, perhaps still being understood, and how far the answer has come."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from avatar.dialog.writing import Calling
from avatar.errors import AvatarError
from avatar.live.listening import Heard
from avatar.live.options import ReplyWish
from avatar.live.reply import Reply
from avatar.media import ClauseSpeech
from avatar.stages import FunctionCall, Style


class Question(Protocol):
    """Something the user said or typed, perhaps still being understood."""

    @property
    def id(self) -> str:
        """By which it can be forgotten."""

    async def text(self) -> str:
        """The words; empty where nothing was understood."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed question."""

    message: str
    id: str

    async def text(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Spoken:
    """A spoken question. A reply that is broken off while it waits does not break off the recognition."""

    heard: Heard

    @property
    def id(self) -> str:
        return self.heard.id

    async def text(self) -> str:
        return (await asyncio.shield(self.heard.transcript)).text


class Exchange:
    """A question, its reply, and how far the telling has come."""

    def __init__(self, reply: Reply, questions: list[Question], wish: ReplyWish) -> None:
        self.reply = reply
        self.questions = questions
        self.wish = wish
        self.question = ""
        self.error: AvatarError | None = None
        self.parts: dict[str, str] = {}
        self.forgotten: set[str] = set()
        self.calling: Calling | None = None
        self.results: dict[str, str] = {}
        self.continues = False
        self.kept = True
        self.task: asyncio.Task[None] | None = None
        self.announced = False
        self.holding = False
        self.done = False
        self.told = ""
        self.clause: ClauseSpeech | None = None
        self.clause_start = 0
        self.phones_told = 0
        self.style: Style = "calm"
        self.told_style: Style = "calm"

    @property
    def memorable(self) -> bool:
        """Whether it belongs into the history: it is part of the conversation, and it is more than a greeting."""
        return self.kept and not self.wish.apart and bool(self.question or self.wish.instructions or self.continues)

    @property
    def unheard(self) -> bool:
        """Whether nothing of the answer was sent yet, and more is to come."""
        return self.reply.status is None and not self.told and not self.reply.answering

    @property
    def calls(self) -> tuple[FunctionCall, ...]:
        """Functions that the reply asked for."""
        return tuple(self.calling.calls) if self.calling is not None else ()
