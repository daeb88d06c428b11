"""`/v1/audio/voice_consents`, `/v1/audio/voices` (OpenAI) and `/v1/avatar/voices/…`: voices of the user's own.

See docs/voices.md. What computes runs in worker threads and holds one of the server's slots; a client that goes breaks
its work off, and nothing half made stays behind.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.datastructures import FormData, UploadFile
from starlette.responses import FileResponse, JSONResponse, Response

from avatar.errors import InputError, Language, NotFoundError
from avatar.server.door import check_key
from avatar.server.edits import edit_routes
from avatar.server.failures import language_of
from avatar.server.fittings import Fitting, Fittings
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, Streamed, sse, told_of_failure, while_wanted
from avatar.server.limits import Jobs
from avatar.server.protocol.parsing import EventError
from avatar.server.stepping import Step, Steps, outcome, stepped
from avatar.server.uploads import UploadedForm
from avatar.server.voice_cards import (
    check_card,
    consent_card,
    fitting_card,
    listed,
    profile_card,
    recording_cards,
    voice_card,
)
from avatar.voice.consent.record import Consent, GroundWish, PhraseWish
from avatar.voice.enrolment.reading import MAX_FILES
from avatar.voice.portable import MAX_FILE

if TYPE_CHECKING:
    from avatar.voice.cloning import Cloning
    from avatar.voice.editing.desk import EditingDesk
    from avatar.voice.profiles import VoiceProfile

T = TypeVar("T")

MAX_RECORDING = 10 * 1024 * 1024
"""Bytes of a consent's recording (OpenAI)."""

MAX_SAMPLES = 64 * 1024 * 1024
"""Bytes of all samples together."""

MAX_UPLOADS = 4
"""Uploads that may be on their way at once."""


class NewName(BaseModel):
    """A renaming."""

    name: str = Field(max_length=200)


class Voices:
    """The cloning and editing of this process, loaded when they are first needed, and its fittings.

    Args:
        cloning, editing: load them; called in a worker thread. Without `editing` there is no route for it.
    """

    def __init__(self, cloning: Callable[[], Cloning], editing: Callable[[], EditingDesk] | None = None) -> None:
        self._lock = threading.Lock()
        self._cloning = cache(cloning)
        self._editing = None if editing is None else cache(editing)
        self.fittings = Fittings(self._fit)

    def cloning(self) -> Cloning:
        """Blocks while engines load."""
        with self._lock:
            return self._cloning()

    @property
    def edits(self) -> bool:
        """Whether recordings can be edited."""
        return self._editing is not None

    def editing(self) -> EditingDesk:
        """Blocks while engines load; there is one where `edits` says so."""
        assert self._editing is not None  # noqa: S101 - for the type checker
        with self._lock:
            return self._editing()

    def close(self) -> None:
        """Stop what runs in the background."""
        self.fittings.close()

    def _fit(self, voice: str, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> bool:
        cloning = self.cloning()
        before = cloning.own.get(voice).revision
        return cloning.fit(voice, progress, cancelled).revision != before


def voice_routes(house: House, voices: Voices) -> APIRouter:
    """All routes of voices and consents; they ask for the key."""

    def key(request: Request) -> None:
        check_key(request, house.settings.server.api_key)

    router = APIRouter(prefix="/v1", dependencies=[Depends(key)])
    uploads = Jobs(MAX_UPLOADS)
    _statement_routes(router, house, voices, uploads)
    _consent_routes(router, voices)
    _openai_voice_routes(router, house, voices, uploads)
    _clone_routes(router, house, voices, uploads)
    _own_voice_routes(router, voices)
    _kept_routes(router, voices)
    _fitting_routes(router, voices)
    if voices.edits:
        router.include_router(edit_routes(house, voices.editing, uploads))
    return router


def _statement_routes(router: APIRouter, house: House, voices: Voices, uploads: Jobs) -> None:
    @router.post("/avatar/voices/phrases", response_class=Response)
    async def phrase(wish: PhraseWish) -> Response:
        made = await _call(voices, lambda cloning: cloning.phrase(wish))
        told = made.model_dump(include={"id", "text", "words", "expires_at"})
        return JSONResponse({"object": "avatar.phrase", "language": wish.language, **told}, headers=NO_STORE)

    @router.post("/avatar/voices/grounds", response_class=Response)
    async def ground(wish: GroundWish) -> Response:
        made = await _call(voices, lambda cloning: cloning.ground(wish))
        return JSONResponse(await _told(voices, made), headers=NO_STORE)

    @router.post("/audio/voice_consents", response_class=Response)
    async def give(request: Request) -> Response:
        async with _form(request, uploads) as form:
            recording = await _only_file(form, "recording", MAX_RECORDING)
            fields = {name: _text(form, name) for name in ("name", "language", "phrase")}
        work = _call(
            voices,
            lambda cloning: cloning.consent(
                recording,
                fields["phrase"],
                name="" if fields["phrase"] else fields["name"],
                language=fields["language"],
            ),
        )
        made = await while_wanted(request, house.jobs, work)
        return Response(status_code=204) if made is None else JSONResponse(await _told(voices, made), headers=NO_STORE)


def _consent_routes(router: APIRouter, voices: Voices) -> None:
    @router.get("/audio/voice_consents", response_class=Response)
    async def consents() -> Response:
        found = await _call(voices, lambda cloning: cloning.consents.all())
        return listed([await _told(voices, each) for each in found])

    @router.get("/audio/voice_consents/{consent_id}", response_class=Response)
    async def consent(consent_id: str) -> Response:
        found = await _call(voices, lambda cloning: cloning.consents.get(consent_id))
        return JSONResponse(await _told(voices, found), headers=NO_STORE)

    @router.post("/audio/voice_consents/{consent_id}", response_class=Response)
    async def rename(consent_id: str, wish: NewName) -> Response:
        found = await _call(voices, lambda cloning: cloning.consents.rename(consent_id, wish.name))
        return JSONResponse(await _told(voices, found), headers=NO_STORE)

    @router.delete("/audio/voice_consents/{consent_id}", response_class=Response)
    async def revoke(consent_id: str) -> Response:
        def work(cloning: Cloning) -> list[str]:
            for each in cloning.own.all():
                if each.consent == consent_id:
                    voices.fittings.cancel(each.id)
            return cloning.revoke(consent_id)

        gone = await _call(voices, work)
        told = {"id": consent_id, "object": "audio.voice_consent", "deleted": True, "voices": gone}
        return JSONResponse(told, headers=NO_STORE)


def _openai_voice_routes(router: APIRouter, house: House, voices: Voices, uploads: Jobs) -> None:
    @router.post("/audio/voices", response_class=Response)
    async def create(request: Request) -> Response:
        async with _form(request, uploads) as form:
            samples = await _files(form, ("audio_sample", "audio_sample[]"), MAX_SAMPLES)
            name, consent = _text(form, "name"), _text(form, "consent")
        if not consent:
            raise _missing(
                "consent", "A voice needs a consent: see docs/voices.md.", "克隆需要同意书:见 docs/voices.md。"
            )
        steps = _made(voices, name, samples, consent)
        if "text/event-stream" in request.headers.get("accept", ""):
            return await Streamed.begun(
                told_of_failure(_as_events(steps), language_of(request)), house.jobs, "text/event-stream"
            )
        made = await while_wanted(request, house.jobs, outcome(steps, _stopped))
        return Response(status_code=204) if made is None else JSONResponse(voice_card(made), headers=NO_STORE)

    @router.get("/audio/voices", response_class=Response)
    async def own() -> Response:
        return listed([voice_card(each) for each in await _call(voices, lambda cloning: cloning.own.all())])

    @router.get("/audio/voices/{voice_id}", response_class=Response)
    async def voice(voice_id: str) -> Response:
        return JSONResponse(
            voice_card(await _call(voices, lambda cloning: cloning.own.get(voice_id))), headers=NO_STORE
        )

    @router.delete("/audio/voices/{voice_id}", response_class=Response)
    async def delete(voice_id: str) -> Response:
        def work(cloning: Cloning) -> None:
            cloning.own.get(voice_id)
            voices.fittings.cancel(voice_id)
            cloning.delete(voice_id)

        await _call(voices, work)
        return JSONResponse({"id": voice_id, "object": "audio.voice", "deleted": True}, headers=NO_STORE)


def _clone_routes(router: APIRouter, house: House, voices: Voices, uploads: Jobs) -> None:
    @router.post("/avatar/voices/check", response_class=Response)
    async def check(request: Request) -> Response:
        async with _form(request, uploads) as form:
            samples = await _files(form, ("audio_sample", "audio_sample[]"), MAX_SAMPLES)
            consent = _text(form, "consent")
        looked = await while_wanted(request, house.jobs, _call(voices, lambda cloning: cloning.check(samples, consent)))
        return Response(status_code=204) if looked is None else JSONResponse(check_card(looked), headers=NO_STORE)

    @router.post("/avatar/voices/import", response_class=Response)
    async def take_in(request: Request) -> Response:
        async with _form(request, uploads) as form:
            data = await _only_file(form, "file", MAX_FILE)
        made = await while_wanted(request, house.jobs, _call(voices, lambda cloning: cloning.take_in(data)))
        return Response(status_code=204) if made is None else JSONResponse(voice_card(made), headers=NO_STORE)


def _own_voice_routes(router: APIRouter, voices: Voices) -> None:
    @router.get("/avatar/voices/{voice_id}", response_class=Response)
    async def card(voice_id: str) -> Response:
        def work(cloning: Cloning) -> dict[str, Any]:
            profile = cloning.own.get(voice_id)
            return profile_card(profile, cloning, voices.fittings.get(voice_id))

        return JSONResponse(await _call(voices, work), headers=NO_STORE)

    @router.post("/avatar/voices/{voice_id}", response_class=Response)
    async def rename(voice_id: str, wish: NewName) -> Response:
        def work(cloning: Cloning) -> dict[str, Any]:
            return profile_card(cloning.rename(voice_id, wish.name), cloning, voices.fittings.get(voice_id))

        return JSONResponse(await _call(voices, work), headers=NO_STORE)


def _kept_routes(router: APIRouter, voices: Voices) -> None:
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

        return listed(await _call(voices, work))

    @router.get("/avatar/voices/{voice_id}/recordings/{number}", response_class=Response)
    async def recording(voice_id: str, number: int) -> Response:
        return await _sound(voices, voice_id, f"reference/{number:02}.wav")

    @router.get("/avatar/voices/{voice_id}/export", response_class=Response)
    async def export(voice_id: str) -> Response:
        data = await _call(voices, lambda cloning: cloning.export(voice_id))
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

        return JSONResponse(await _call(voices, work), status_code=202, headers=NO_STORE)

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


async def _as_events(steps: Steps[VoiceProfile]) -> AsyncGenerator[bytes, None]:
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, Step):
                yield sse({"type": "voice.progress", "step": step.name, "share": round(step.share, 3)})
            else:
                yield sse({"type": "voice.done", "voice": voice_card(step.value)})


def _stopped() -> InputError:
    return InputError("The cloning was cancelled.", "克隆已取消。", code="cancelled")


async def _told(voices: Voices, consent: Consent) -> dict[str, Any]:
    return await _call(voices, lambda cloning: consent_card(consent, cloning))


async def _call(voices: Voices, work: Callable[[Cloning], T]) -> T:
    return await asyncio.to_thread(lambda: work(voices.cloning()))


def _form(request: Request, uploads: Jobs) -> UploadedForm:
    return UploadedForm(request, uploads, files=MAX_FILES, fields=16, field_bytes=64 * 1024)


async def _files(form: FormData, names: Sequence[str], most: int) -> list[bytes]:
    """The files of a field, at least one.

    Raises:
        EventError: there is none, or they are too large.
    """
    found = [await each.read(most + 1) for name in names for each in form.getlist(name) if isinstance(each, UploadFile)]
    if not found:
        raise _missing(names[0], f"Send the recording in the field `{names[0]}`.", f"请把文件放在 `{names[0]}` 字段。")
    if sum(map(len, found)) > most:
        raise EventError(
            f"The files are larger than {most >> 20} MB together.",
            f"文件一共超过 {most >> 20} MB。",
            code="file_too_large",
            param=names[0],
        )
    return found


async def _only_file(form: FormData, name: str, most: int) -> bytes:
    """The file of a field that has one.

    Raises:
        EventError: there is none, there are several, or it is too large.
    """
    found = await _files(form, (name,), most)
    if len(found) > 1:
        raise EventError(
            f"Send one file in the field `{name}`.", f"`{name}` 字段只能放一个文件。", code="invalid_value", param=name
        )
    return found[0]


def _missing(field: str, en: str, zh: str) -> EventError:
    return EventError(en, zh, code="missing_field", param=field)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value[:200] if isinstance(value, str) else ""


async def _sound(voices: Voices, voice_id: str, name: str) -> Response:
    """A voice's recording, as long as the voice may speak."""

    def work(cloning: Cloning) -> Path | None:
        cloning.consents.valid(cloning.own.get(voice_id).consent)
        return cloning.own.file(voice_id, name)

    path = await _call(voices, work)
    if path is None:
        raise NotFoundError("This recording was not kept.", "没有保留这段录音。")
    return FileResponse(path, media_type="audio/wav", headers=NO_STORE)
