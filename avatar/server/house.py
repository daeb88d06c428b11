"""What every route shares, and who the personas are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from avatar.dialog.persona import Persona
from avatar.dialog.transfer import Luggage
from avatar.errors import NotFoundError
from avatar.server.limits import Jobs
from avatar.server.lobby import Lobby
from avatar.server.sessions import Personas, SessionFactory
from avatar.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class House:
    """The server's parts.

    Attributes:
        sessions: opens a session; blocks while engines load.
        personas: lists the personas, the default first.
        lobby: the conversations.
        jobs: how many HTTP requests compute at once.
        luggage: carries the user's own voices with their personas; None leaves them behind.
    """

    sessions: SessionFactory
    personas: Personas
    settings: Settings
    lobby: Lobby
    jobs: Jobs
    luggage: Luggage | None = None

    def run(self, work: Callable[[], T]) -> Awaitable[T]:
        """Do in a worker thread what may block while something loads."""
        return asyncio.to_thread(work)

    def persona(self, persona_id: str) -> Persona:
        """The persona of an id.

        Raises:
            NotFoundError: there is none; the sentence names those there are.
        """
        personas = self.personas()
        for persona in personas:
            if persona.id == persona_id:
                return persona
        known = ", ".join(persona.id for persona in personas)
        raise NotFoundError(
            f"There is no persona {persona_id[:64]!r}. There are: {known}.",
            f"没有名为 {persona_id[:64]!r} 的人物。现有:{known}。",
            code="persona_not_found",
        )

    def persona_or_default(self, persona_id: str | None, model: str | None) -> Persona:
        """The persona that is asked for; else the one that the model is named after; else the first.

        Raises:
            NotFoundError: there is none of the id asked for, or none at all.
        """
        if persona_id:
            return self.persona(persona_id)
        personas = self.personas()
        if not personas:
            raise NotFoundError("There is no persona yet.", "还没有任何人物。", code="persona_not_found")
        return next((persona for persona in personas if persona.id == model), personas[0])
