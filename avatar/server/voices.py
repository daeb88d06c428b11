"""`/v1/audio/voices` (OpenAI) and `/v1/avatar/voices/…`: voices of the user's own.

See docs/voices.md. What computes runs in worker threads and holds one of the server's slots; a client that goes breaks
its work off, and nothing half made stays behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import FileResponse, JSONResponse, Response

from avatar.errors import InputError, Language, NotFoundError
from avatar.server.cloning import Voices, voice_form
from avatar.server.consents import consent_routes
from avatar.server.door import check_key
from avatar.server.edits import edit_routes
from avatar.server.failures import language_of
from avatar.server.fittings import Fitting
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, Streamed, told_of_failure, while_wanted
from avatar.server.limits import Jobs
from avatar.server.protocol.parsing import EventError
from avatar.server.stepping import Steps, as_events, outcome, stepped
from avatar.server.uploads import all_files, only_file, text_of
from avatar.server.voice_cards import (
    NewName,
    check_card,
    fitting_card,
    listed,
    profile_card,
    recording_cards,
    voice_card,
)
from avatar.voice.portable import MAX_FILE

if TYPE_CHECKING:
    from avatar.voice.cloning import Cloning
    from avatar.voice.profiles import VoiceProfile

MAX_SAMPLES = 64 * 1024 * 1024
"""Bytes of all samples together."""

MAX_UPLOADS = 4
"""Uploads that may be on their way at once."""


def voice_routes(house: House, voices: Voices) -> APIRouter:
    """All routes of voices and consents; they ask for the key."""

    def key(request: Request) -> None:
        check_key(request, house.settings.server.api_key)

    router = APIRouter(prefix="/v1", dependencies=[Depends(key)])
    uploads = Jobs(MAX_UPLOADS)
    router.include_router(consent_routes(house, voices, uploads))
    _openai_voice_routes(router, house, voices, uploads)
    _clone_routes(router, house, voices, uploads)
    _own_voice_routes(router, voices)
    _kept_routes(router, house, voices)
    _fitting_routes(router, voices)
    if voices.edits:
        router.include_router(edit_routes(house, voices.editing, uploads))
    return router


def _openai_voice_routes(router: APIRouter, house: House, voices: Voices, uploads: Jobs) -> None:
    @router.post("/audio/voices", response_class=Response)
    async def create(request: Request) -> Response:
        async with voice_form(request, uploads) as form:
            samples = await all_files(form, ("audio_sample", "audio_sample[]"), MAX_SAMPLES)
            name, consent = text_of(form, "name")[:200], text_of(form, "consent")[:200]
        if not consent:
            en, zh = "A voice needs a consent: see docs/voices.md.", "克隆需要同意书:见 docs/voices.md。"
            raise EventError(en, zh, code="missing_field", param="consent")
        steps = _made(voices, name, samples, consent)
        if "text/event-stream" in request.headers.get("accept", ""):
            events = as_events(steps, "voice", lambda made: [{"type": "voice.done", "voice": voice_card(made)}])
            return await Streamed.begun(told_of_failure(events, language_of(request)), house.jobs, "text/event-stream")
        made = await while_wanted(request, house.jobs, outcome(steps, _stopped))
        return Response(status_code=204) if made is None else JSONResponse(voice_card(made), headers=NO_STORE)

    @router.get("/audio/voices", response_class=Response)
    async def own() -> Response:
        return listed([voice_card(each) for each in await voices.run(lambda cloning: cloning.own.all())])

    @router.get("/audio/voices/{voice_id}", response_class=Response)
    async def voice(voice_id: str) -> Response:
        found = await voices.run(lambda cloning: cloning.own.get(voice_id))
        return JSONResponse(voice_card(found), headers=NO_STORE)

    @router.delete("/audio/voices/{voice_id}", response_class=Response)
    async def delete(voice_id: str) -> Response:
        def work(cloning: Cloning) -> None:
            cloning.own.get(voice_id)
            voices.fittings.cancel(voice_id)
            cloning.delete(voice_id)

        await voices.run(work)
        return JSONResponse({"id": voice_id, "object": "audio.voice", "deleted": True}, headers=NO_STORE)


def _clone_routes(router: APIRouter, house: House, voices: Voices, uploads: Jobs) -> None:
    @router.post("/avatar/voices/check", response_class=Response)
    async def check(request: Request) -> Response:
        async with voice_form(request, uploads) as form:
            samples = await all_files(form, ("audio_sample", "audio_sample[]"), MAX_SAMPLES)
            consent = text_of(form, "consent")[:200]
        looked = await while_wanted(request, house.jobs, voices.run(lambda cloning: cloning.check(samples, consent)))
        return Response(status_code=204) if looked is None else JSONResponse(check_card(looked), headers=NO_STORE)

    @router.post("/avatar/voices/import", response_class=Response)
    async def take_in(request: Request) -> Response:
        async with voice_form(request, uploads) as form:
            data = await only_file(form, "file", MAX_FILE)
        made = await while_wanted(request, house.jobs, voices.run(lambda cloning: cloning.take_in(data)))
        return Response(status_code=204) if made is None else JSONResponse(voice_card(made), headers=NO_STORE)


def _own_voice_routes(router: APIRouter, voices: Voices) -> None:
    @router.get("/avatar/voices/{voice_id}", response_class=Response)
    async def card(voice_id: str) -> Response:
        def work(cloning: Cloning) -> dict[str, Any]:
            profile = cloning.own.get(voice_id)
            return profile_card(profile, cloning, voices.fittings.get(voice_id))

        return JSONResponse(await voices.run(work), headers=NO_STORE)

    @router.post("/avatar/voices/{voice_id}", response_class=Response)
    async def rename(voice_id: str, wish: NewName) -> Response:
        def work(cloning: Cloning) -> dict[str, Any]:
            return profile_card(cloning.rename(voice_id, wish.name), cloning, voices.fittings.get(voice_id))

        return JSONResponse(await voices.run(work), headers=NO_STORE)


def _kept_routes(router: APIRouter, house: House, voices: Voices) -> None:
    @router.get("/avatar/voices/{voice_id}/sample", response_class=Response)
    async def sample(voice_id: str) -> Response:
        return await _sound(voices, voice_id, "sample.wav")

    @router.get("/avatar/voices/{voice_id}/original", response_class=Response)
    async def original(voice_id: str) -> Response:
        return await _sound(voices, voice_id, "reference/00.wav")

    @router.get("/avatar/voices/{voice_id}/recordings", response_class=Response)
    async def recordings(voice_id: str) -> Response:
        def work(cloning: Cloning) -> list[dict[str, Any]]:
            profile = cloning.own.get(voice_id)
            cloning.consents.valid(profile.consent)
            return recording_cards(profile, cloning.own.texts(voice_id))

        return listed(await voices.run(work))

    @router.get("/avatar/voices/{voice_id}/recordings/{number}", response_class=Response)
    async def recording(voice_id: str, number: int) -> Response:
        return await _sound(voices, voice_id, f"reference/{number:02}.wav")

    @router.get("/avatar/voices/{voice_id}/export", response_class=Response)
    async def export(voice_id: str, request: Request) -> Response:
        data = await while_wanted(request, house.jobs, voices.run(lambda cloning: cloning.export(voice_id)))
        if data is None:
            return Response(status_code=204)
        headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{voice_id}.voice"'}
        return Response(data, media_type="application/zip", headers=headers)


def _fitting_routes(router: APIRouter, voices: Voices) -> None:
    path = "/avatar/voices/{voice_id}/fitting"

    def told(work: Callable[[str], Fitting], voice_id: str, language: Language) -> dict[str, Any]:
        profile = voices.cloning().own.get(voice_id)
        return fitting_card(work(voice_id), profile, language)

    @router.post(path, response_class=Response)
    async def start(voice_id: str, request: Request) -> Response:
        def work(cloning: Cloning) -> dict[str, Any]:
            cloning.consents.valid(cloning.own.get(voice_id).consent)
            return told(voices.fittings.start, voice_id, language_of(request))

        return JSONResponse(await voices.run(work), status_code=202, headers=NO_STORE)

    @router.get(path, response_class=Response)
    async def state(voice_id: str, request: Request) -> Response:
        found = await asyncio.to_thread(told, voices.fittings.get, voice_id, language_of(request))
        return JSONResponse(found, headers=NO_STORE)

    @router.delete(path, response_class=Response)
    async def cancel(voice_id: str, request: Request) -> Response:
        found = await asyncio.to_thread(told, voices.fittings.cancel, voice_id, language_of(request))
        return JSONResponse(found, headers=NO_STORE)


def _made(voices: Voices, name: str, samples: Sequence[bytes], consent: str) -> Steps[VoiceProfile]:
    """How far a clone is, and at last the voice. Closing stops the work and takes away what there is of it."""
    return stepped(lambda tell: voices.cloning().create(name, samples, consent, tell), _stopped)


def _stopped() -> InputError:
    return InputError("The cloning was cancelled.", "克隆已取消。", code="cancelled")


async def _sound(voices: Voices, voice_id: str, name: str) -> Response:
    """A voice's recording, as long as the voice may speak."""

    def work(cloning: Cloning) -> Path | None:
        cloning.consents.valid(cloning.own.get(voice_id).consent)
        return cloning.own.file(voice_id, name)

    path = await voices.run(work)
    if path is None:
        raise NotFoundError("This recording was not kept.", "没有保留这段录音。")
    return FileResponse(path, media_type="audio/wav", headers=NO_STORE)
