"""The HTTP routes: health, models, personas and portraits; speech, transcription and chat have files of their own."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from avatar.dialog.folders import Personas, is_built_in
from avatar.dialog.persona import Both, Name, Persona
from avatar.errors import Language, NotFoundError
from avatar.live.studio import Studio
from avatar.server.animating import animation_routes
from avatar.server.chatting import chat_routes
from avatar.server.door import check_key
from avatar.server.house import House
from avatar.server.knowledge import Embedding, knowledge_routes
from avatar.server.memories import memory_routes
from avatar.server.persona_files import persona_file_routes
from avatar.server.personas import persona_routes, portrait_address
from avatar.server.photos import photo_routes
from avatar.server.sessions import Stages
from avatar.server.shelf import Shelf
from avatar.server.speech import speech_routes
from avatar.server.studio import studio_routes
from avatar.server.transcribing import transcription_routes

PICTURE_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
"""Media types by a file's first bytes; the name of a file is not trusted."""

MAX_PORTRAIT = 64 * 1024 * 1024
"""Bytes of a portrait that are sent at most."""


class Health(BaseModel):
    """That the server answers, and how full it is."""

    status: str = "ok"
    sessions: int
    max_sessions: int


class ModelCard(BaseModel):
    """A persona, as OpenAI's clients list models."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "avatar"


class ModelList(BaseModel):
    object: str = "list"
    data: list[ModelCard]


class PersonaCard(BaseModel):
    """What a page shows of a persona."""

    id: str
    name: Name
    languages: tuple[Language, ...]
    voice: str
    greeting: Both
    portrait: str
    own: bool
    built_in: bool
    ground: str

    @classmethod
    def of(cls, persona: Persona, *, own: bool) -> PersonaCard:
        """The public part of a card."""
        return cls(
            id=persona.id,
            name=persona.name,
            languages=persona.languages,
            voice=persona.voice,
            greeting=persona.greeting,
            portrait=portrait_address(persona) or f"/v1/avatar/personas/{persona.id}/portrait",
            own=own,
            built_in=is_built_in(persona.id),
            ground=persona.ground.kind,
        )


class PersonaList(BaseModel):
    object: str = "list"
    data: list[PersonaCard]


def rest_routes(
    house: House, stages: Stages | None, studio: Studio | None, shelf: Shelf, embedding: Embedding
) -> APIRouter:
    """All HTTP routes; those under /v1 ask for the key."""
    router = APIRouter()

    @router.get("/healthz")
    async def health() -> Health:
        admission = house.lobby.admission
        return Health(sessions=admission.taken, max_sessions=admission.places)

    router.include_router(_keyed_routes(house, stages, studio, shelf, embedding))
    return router


def _keyed_routes(
    house: House, stages: Stages | None, studio: Studio | None, shelf: Shelf, embedding: Embedding
) -> APIRouter:
    def key(request: Request) -> None:
        check_key(request, house.settings.server.api_key)

    router = APIRouter(prefix="/v1", dependencies=[Depends(key)])

    @router.get("/models")
    def models() -> ModelList:
        return ModelList(data=[ModelCard(id=persona.id) for persona in house.personas()])

    @router.get("/models/{persona_id}")
    def model(persona_id: str) -> ModelCard:
        return ModelCard(id=house.persona(persona_id).id)

    @router.get("/avatar/personas")
    def personas() -> PersonaList:
        mine = Personas(house.settings.data_dir)
        return PersonaList(data=[PersonaCard.of(each, own=mine.owns(each.id)) for each in house.personas()])

    @router.get("/avatar/personas/{persona_id}/portrait", response_class=Response)
    def portrait(persona_id: str) -> Response:
        return _picture(house.persona(persona_id))

    router.include_router(memory_routes(house))
    router.include_router(persona_file_routes(house, studio, shelf, stages))
    router.include_router(persona_routes(house, studio, stages))
    if stages is not None:
        for routes in (speech_routes, transcription_routes, chat_routes):
            router.include_router(routes(house, stages))
        router.include_router(knowledge_routes(house, stages, embedding))
        router.include_router(studio_routes(house, stages))
    if studio is not None:
        for made in (photo_routes, animation_routes):
            router.include_router(made(house, studio, shelf))
    return router


def _picture(persona: Persona) -> Response:
    """A persona's portrait.

    Raises:
        NotFoundError: the file is absent, too large, or no picture.
    """
    try:
        with persona.portrait_file.open("rb") as file:
            data = file.read(MAX_PORTRAIT + 1)
    except OSError:
        data = b""
    media_type = next((kind for magic, kind in PICTURE_TYPES.items() if data.startswith(magic)), None)
    if media_type is None or len(data) > MAX_PORTRAIT:
        raise NotFoundError(
            f"The persona {persona.id} has no portrait.", f"人物 {persona.id} 没有肖像。", code="portrait_not_found"
        )
    return Response(data, media_type=media_type, headers={"Cache-Control": "private, max-age=300"})
