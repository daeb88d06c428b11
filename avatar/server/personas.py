"""`/v1/avatar/personas`: personas are made, looked at, changed, brought back and deleted. See docs/personas.md."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from avatar.dialog.cards.convert import plain
from avatar.dialog.folders import Personas, Version, is_built_in, mark
from avatar.dialog.persona import Persona
from avatar.dialog.studio.difference import Difference, differences
from avatar.dialog.transfer import ground_of, new_fields
from avatar.errors import NotFoundError
from avatar.live.studio import Studio
from avatar.server.house import House
from avatar.server.jobs import NO_STORE
from avatar.server.protocol.base import Identifier, Message, Text
from avatar.server.protocol.parsing import EventError
from avatar.server.sessions import Stages
from avatar.voice.speaking.lexicon import Lexicon

T = TypeVar("T")


class GroundWish(Message):
    """With what right there is such a persona; see `ground_of`."""

    kind: Identifier
    basis: Text = ""
    person: Text = ""
    given: Text = ""

    def fields(self) -> dict[str, Any]:
        """As a card has it.

        Raises:
            InputError: something is missing.
        """
        return ground_of(self.kind, self.basis, self.person, self.given)


class NewPersona(Message):
    """A persona of which a little is said, or the whole card."""

    card: dict[str, Any] | None = None
    id: Text = ""
    name: Text = ""
    about: Text = ""
    manner: Text = ""
    greeting: Text = ""
    voice: Text = ""
    ground: GroundWish | None = None


class ChangedPersona(Message):
    """A card in place of the one whose `etag` is given."""

    card: dict[str, Any]
    etag: Text = ""


class VoiceWish(Message):
    voice: Identifier = Field(description="the id of a voice profile")


def persona_routes(house: House, studio: Studio | None, stages: Stages | None) -> APIRouter:
    """The routes of whole personas."""
    router = APIRouter(prefix="/avatar/personas")
    personas = Personas(house.settings.data_dir)

    async def answered(work: Callable[[], Persona], status: int = 200) -> Response:
        return persona_answer(personas, await asyncio.to_thread(work), status)

    async def saved(work: Callable[[], Persona], status: int = 200) -> Response:
        return changed_answer(personas, await asyncio.to_thread(work), stages, status)

    @router.post("", response_class=Response)
    async def create(wish: NewPersona) -> Response:
        return await saved(lambda: newly(personas.create(_readable(_new_fields(wish, personas))), stages), 201)

    @router.get("/{persona_id}", response_class=Response)
    async def show(persona_id: str) -> Response:
        return await answered(lambda: house.persona(persona_id))

    @router.put("/{persona_id}", response_class=Response)
    async def change(persona_id: str, wish: ChangedPersona, request: Request) -> Response:
        expected = wish.etag or request.headers.get("if-match", "").removeprefix("W/").strip('"')
        if not expected:
            raise EventError(
                "Give the etag of the card that is changed, as `etag` or in the header If-Match.",
                "请给出所改人物卡的 etag(字段 `etag` 或请求头 If-Match)。",
                code="missing_field",
                param="etag",
            )
        return await saved(lambda: personas.change(persona_id, _readable(wish.card), expected=expected))

    @router.delete("/{persona_id}", status_code=204)
    async def delete(persona_id: str) -> None:
        await asyncio.to_thread(_delete, personas, stages, persona_id)

    @router.post("/{persona_id}/voice", response_class=Response)
    async def voice(persona_id: str, wish: VoiceWish) -> Response:
        def choose() -> Persona:
            before = house.persona(persona_id)
            check_voice(studio, wish.voice)
            return personas.change(persona_id, {**plain(before), "voice": wish.voice}, expected=mark(before))

        return await answered(choose)

    _version_routes(router, house, personas, stages)
    return router


def _version_routes(router: APIRouter, house: House, personas: Personas, stages: Stages | None) -> None:
    @router.get("/{persona_id}/versions", response_class=Response)
    async def versions(persona_id: str) -> Response:
        def work() -> list[dict[str, Any]]:
            house.persona(persona_id)
            return _history(personas.history(persona_id))

        return JSONResponse({"object": "list", "data": await house.run(work)}, headers=NO_STORE)

    @router.get("/{persona_id}/versions/{number}", response_class=Response)
    async def version(persona_id: str, number: int) -> Response:
        def work() -> dict[str, Any]:
            now, then = plain(house.persona(persona_id)), plain(personas.version(persona_id, number).persona)
            return {"version": number, "card": then, "diff": difference_objects(differences(now, then))}

        return JSONResponse(await house.run(work), headers=NO_STORE)

    @router.post("/{persona_id}/versions/{number}/restore", response_class=Response)
    async def restore(persona_id: str, number: int) -> Response:
        def work() -> Persona:
            house.persona(persona_id)
            return personas.restore(persona_id, number)

        return changed_answer(personas, await house.run(work), stages)


def newly(persona: Persona, stages: Stages | None) -> Persona:
    """A persona that has just come: where one that comes with the project has its id, that one's notes are let go."""
    if stages is not None and is_built_in(persona.id):
        stages.forget(persona.id)
    return persona


def changed_answer(personas: Personas, persona: Persona, stages: Stages | None, status: int = 200) -> Response:
    """The answer of a route that made or changed a persona; its card is read before anybody asks it anything."""
    if stages is not None:
        stages.read_card(persona.id)
    return persona_answer(personas, persona, status)


def persona_answer(personas: Personas, persona: Persona, status: int = 200) -> Response:
    """A persona as these routes answer with it."""
    headers = {**NO_STORE, "ETag": f'"{mark(persona)}"'}
    return JSONResponse(persona_object(personas, persona), status_code=status, headers=headers)


def persona_object(personas: Personas, persona: Persona) -> dict[str, Any]:
    """A persona, whole."""
    return {
        "id": persona.id,
        "object": "avatar.persona",
        "version": personas.number(persona.id),
        "etag": mark(persona),
        "own": personas.owns(persona.id),
        "built_in": is_built_in(persona.id),
        "portrait": portrait_address(persona),
        "card": plain(persona),
    }


def portrait_address(persona: Persona) -> str | None:
    """Where a persona's picture is; another address when the picture is another."""
    try:
        changed = persona.portrait_file.stat()
    except OSError:
        return None
    version = f"{changed.st_mtime_ns ^ changed.st_size:x}"[-8:]
    return f"/v1/avatar/personas/{persona.id}/portrait?v={version}"


def difference_objects(found: list[Difference]) -> list[dict[str, Any]]:
    """Differences as the wire has them."""
    return [{"field": each.field, "old": each.old, "new": each.new} for each in found]


def _delete(personas: Personas, stages: Stages | None, persona_id: str) -> None:
    """Delete a persona. What is added or embedded meanwhile would make its folder anew, so that is stopped first."""
    if stages is not None and personas.owns(persona_id):
        stages.forget(persona_id)
    personas.delete(persona_id)
    if stages is not None:
        stages.forget(persona_id)  # somebody may have asked for it in between


def check_voice(studio: Studio | None, voice: str) -> None:
    """Whether there is a voice.

    Raises:
        NotFoundError: there is none of that id.
    """
    known = [each.id for each in studio.voices()] if studio is not None else [voice]
    if voice not in known:
        raise NotFoundError(
            f"There is no voice {voice[:64]!r}. `GET /v1/avatar/voices` lists those there are.",
            f"没有音色 {voice[:64]!r}。`GET /v1/avatar/voices` 列出现有的音色。",
            code="voice_not_found",
        )


def _history(history: list[Version]) -> list[dict[str, Any]]:
    """Versions, newest first, and what each changed in the one before."""
    told: list[dict[str, Any]] = []
    before: Mapping[str, Any] | None = None
    for each in history:
        fields = plain(each.persona)
        changed = [] if before is None else [one.field for one in differences(before, fields)]
        told.append(
            {
                "version": each.number,
                "changed_at": int(each.made_at),
                "current": each.current,
                "fields": changed,
            }
        )
        before = fields
    return told[::-1]


def _readable(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a card whose lexicon the voice can read.

    Raises:
        InputError: it cannot; no conversation could be opened.
    """
    lexicon = fields.get("lexicon")
    if isinstance(lexicon, dict):
        Lexicon({str(word): str(reading) for word, reading in lexicon.items()})
    return fields


def _new_fields(wish: NewPersona, personas: Personas) -> dict[str, Any]:
    if wish.card is not None:
        return {**wish.card, "id": wish.id} if wish.id else wish.card
    ground = (wish.ground or GroundWish(kind="none")).fields()
    about = wish.model_dump(include={"name", "about", "manner", "greeting", "voice"})
    return new_fields(wish.id, about, ground, personas=personas)
