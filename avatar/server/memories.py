"""`/v1/avatar/memories`: what a persona remembers of a user, for that user to see, to change and to delete.

Whoever has the token reads the memories, so it travels in a header, never in an address that somebody may log.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from avatar.dialog.memory.facts import MAX_CHARACTERS
from avatar.dialog.memory.store import MAX_FACTS, Memories, Remembered, user_of
from avatar.errors import InputError
from avatar.server.house import House

NO_STORE = {"Cache-Control": "no-store"}


class FactObject(BaseModel):
    """One memory."""

    id: str
    text: str
    learned: date


class MemoriesObject(BaseModel):
    """What is remembered, oldest first, and whether the user wishes it."""

    object: str = "list"
    persona: str
    remember: bool
    data: list[FactObject]

    @classmethod
    def of(cls, persona: str, now: Remembered) -> MemoriesObject:
        """As a user may see it."""
        facts = [FactObject(id=each.id, text=each.text, learned=each.learned) for each in now.facts]
        return cls(persona=persona, remember=now.remember, data=facts)


class FactWish(BaseModel):
    """A memory as the user wants it; without an id, a new one."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, Field(max_length=16)] = ""
    text: Annotated[str, Field(min_length=1, max_length=4 * MAX_CHARACTERS)]


class MemoriesWish(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="ignore")

    remember: bool | None = None
    data: Annotated[list[FactWish], Field(max_length=MAX_FACTS)] | None = None


def user(avatar_user: Annotated[str, Header()] = "") -> str:
    """Who asks, as the memories know them.

    Raises:
        InputError: there is no token, or it is none.
    """
    if not avatar_user:
        raise InputError(
            "Send the user's token in the header Avatar-User.",
            "请在请求头 Avatar-User 中发送用户标识。",
            code="invalid_user",
        )
    return user_of(avatar_user)


User = Annotated[str, Depends(user)]


def memory_routes(house: House) -> APIRouter:
    """The routes. Each needs the header `Avatar-User`."""
    router = APIRouter(prefix="/avatar/memories")
    memories = Memories(house.settings.data_dir)

    @router.get("/{persona_id}")
    def show(persona_id: str, known: User, response: Response) -> MemoriesObject:
        response.headers.update(NO_STORE)
        persona = house.persona(persona_id).id
        return MemoriesObject.of(persona, memories.read(persona, known))

    @router.put("/{persona_id}")
    async def change(persona_id: str, wish: MemoriesWish, known: User, response: Response) -> MemoriesObject:
        response.headers.update(NO_STORE)

        def put() -> MemoriesObject:
            persona = house.persona(persona_id).id
            if wish.data is not None:
                memories.replace(persona, known, [(each.id, each.text) for each in wish.data])
            if wish.remember is not None:
                memories.wish(persona, known, wish.remember)
            return MemoriesObject.of(persona, memories.read(persona, known))

        return await house.run(put)

    @router.delete("/{persona_id}", status_code=204)
    async def forget_all(persona_id: str, known: User) -> None:
        await house.run(lambda: memories.forget(house.persona(persona_id).id, known))

    @router.delete("/{persona_id}/{fact_id}", status_code=204)
    async def forget(persona_id: str, fact_id: str, known: User) -> None:
        await house.run(lambda: memories.forget(house.persona(persona_id).id, known, fact_id))

    return router
