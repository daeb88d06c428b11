"""`/v1/audio/voice_consents` (OpenAI) and `/v1/avatar/voices/{phrases,grounds}`: who agreed to be cloned, and to what.

See docs/voices.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from avatar.server.cloning import Voices, voice_form
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, while_wanted
from avatar.server.limits import Jobs
from avatar.server.uploads import only_file, text_of
from avatar.server.voice_cards import NewName, consent_card, listed
from avatar.voice.consent.record import Consent, GroundWish, PhraseWish

if TYPE_CHECKING:
    from avatar.voice.cloning import Cloning

MAX_RECORDING = 10 * 1024 * 1024
"""Bytes of a consent's recording (OpenAI)."""


def consent_routes(house: House, voices: Voices, uploads: Jobs) -> APIRouter:
    """The routes.

    Args:
        uploads: places for forms that are on their way.
    """
    router = APIRouter()
    _statement_routes(router, house, voices, uploads)
    _consent_routes(router, voices)
    return router


def _statement_routes(router: APIRouter, house: House, voices: Voices, uploads: Jobs) -> None:
    @router.post("/avatar/voices/phrases", response_class=Response)
    async def phrase(wish: PhraseWish) -> Response:
        made = await voices.run(lambda cloning: cloning.phrase(wish))
        told = made.model_dump(include={"id", "text", "words", "expires_at"})
        return JSONResponse({"object": "avatar.phrase", "language": wish.language, **told}, headers=NO_STORE)

    @router.post("/avatar/voices/grounds", response_class=Response)
    async def ground(wish: GroundWish) -> Response:
        made = await voices.run(lambda cloning: cloning.ground(wish))
        return JSONResponse(await _card(voices, made), headers=NO_STORE)

    @router.post("/audio/voice_consents", response_class=Response)
    async def give(request: Request) -> Response:
        async with voice_form(request, uploads) as form:
            recording = await only_file(form, "recording", MAX_RECORDING)
            fields = {name: text_of(form, name)[:200] for name in ("name", "language", "phrase")}
        name = "" if fields["phrase"] else fields["name"]
        work = voices.run(
            lambda cloning: cloning.consent(recording, fields["phrase"], name=name, language=fields["language"])
        )
        made = await while_wanted(request, house.jobs, work)
        return Response(status_code=204) if made is None else JSONResponse(await _card(voices, made), headers=NO_STORE)


def _consent_routes(router: APIRouter, voices: Voices) -> None:
    @router.get("/audio/voice_consents", response_class=Response)
    async def consents() -> Response:
        found = await voices.run(lambda cloning: cloning.consents.all())
        return listed([await _card(voices, each) for each in found])

    @router.get("/audio/voice_consents/{consent_id}", response_class=Response)
    async def consent(consent_id: str) -> Response:
        found = await voices.run(lambda cloning: cloning.consents.get(consent_id))
        return JSONResponse(await _card(voices, found), headers=NO_STORE)

    @router.post("/audio/voice_consents/{consent_id}", response_class=Response)
    async def rename(consent_id: str, wish: NewName) -> Response:
        found = await voices.run(lambda cloning: cloning.consents.rename(consent_id, wish.name))
        return JSONResponse(await _card(voices, found), headers=NO_STORE)

    @router.delete("/audio/voice_consents/{consent_id}", response_class=Response)
    async def revoke(consent_id: str) -> Response:
        def work(cloning: Cloning) -> list[str]:
            for each in cloning.own.all():
                if each.consent == consent_id:
                    voices.fittings.cancel(each.id)
            return cloning.revoke(consent_id)

        gone = await voices.run(work)
        told = {"id": consent_id, "object": "audio.voice_consent", "deleted": True, "voices": gone}
        return JSONResponse(told, headers=NO_STORE)


async def _card(voices: Voices, consent: Consent) -> dict[str, Any]:
    return await voices.run(lambda cloning: consent_card(consent, cloning))
