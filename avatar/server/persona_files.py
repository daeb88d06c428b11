"""What comes to a persona as a file, and leaves as one: its portrait, bundles and character cards. See
docs/personas.md.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

from fastapi import APIRouter, Request
from PIL import Image
from starlette.datastructures import FormData
from starlette.responses import Response

from avatar.dialog.cards.convert import plain
from avatar.dialog.folders import Personas, mark, portrait_file
from avatar.dialog.persona import Persona
from avatar.dialog.transfer import FORMS, Form, bring_in, give_out, ground_of
from avatar.errors import InputError, PhotoError
from avatar.face.landmarks import Face
from avatar.face.photo import Photograph, read_photo
from avatar.face.quality import rivals
from avatar.live.studio import Studio
from avatar.media import Pixels
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, while_wanted
from avatar.server.limits import Jobs
from avatar.server.personas import changed_answer, newly
from avatar.server.photos import Version, picture_of
from avatar.server.protocol.parsing import EventError
from avatar.server.sessions import Stages
from avatar.server.shelf import Shelf
from avatar.server.uploads import UploadedForm, file_of
from avatar.stages import ONLY_FACE, FaceChoice

MAX_FILE = 64 * 1024 * 1024
"""Bytes of a bundle, a card or a photograph."""

MAX_UPLOADS = 2
"""Files that may be on their way at once."""

CUTS = (3.2, 2.4, 1.8)
"""How many times as high as the face a picture of one of several is cut, widest first."""

MEDIA_TYPES: dict[Form, str] = {
    "persona": "application/zip",
    "json": "application/json",
    "png": "image/png",
    "charx": "application/zip",
}


def persona_file_routes(house: House, studio: Studio | None, shelf: Shelf, stages: Stages | None) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/avatar/personas")
    personas, uploads = Personas(house.settings.data_dir), Jobs(MAX_UPLOADS)

    async def changed(request: Request, work: Callable[[], Persona], status: int = 200) -> Response:
        """A persona, once the work on it is done; work on one that nobody waits for any more is done all the same."""
        persona = await while_wanted(request, house.jobs, asyncio.to_thread(work))
        return Response(status_code=204) if persona is None else changed_answer(personas, persona, stages, status)

    @router.post("/import", response_class=Response)
    async def import_(request: Request) -> Response:
        async with _form(request, uploads) as form:
            name, data = await _file(form)
            said = {key: str(form.get(key) or "") for key in ("id", "ground", "basis", "person", "given")}
        ground = ground_of(*(said[key] for key in ("ground", "basis", "person", "given"))) if said["ground"] else None

        def work() -> Persona:
            kept = bring_in(data, name, said["id"], ground, house.settings.data_dir, house.luggage)
            return newly(kept, stages)

        return await changed(request, work, 201)

    @router.get("/{persona_id}/export", response_class=Response)
    async def export(persona_id: str, request: Request, format: str = "persona") -> Response:  # noqa: A002 - of the query
        return await _given_out(persona_id, format, house, request)

    if studio is not None:
        seeing = studio

        @router.post("/{persona_id}/portrait", response_class=Response)
        async def portrait(persona_id: str, request: Request) -> Response:
            await house.run(lambda: house.persona(persona_id))
            async with _form(request, uploads) as form:
                face = _face(form)
                if form.get("photo"):
                    version: Version = "restored" if form.get("version") == "restored" else "original"
                    data = picture_of(shelf.get("photo", str(form["photo"])), version).read_bytes()
                else:
                    _, data = await _file(form)

            def hang() -> Persona:
                before = house.persona(persona_id)
                path, picture = portrait_file(portrait_of(seeing, data, face), "portrait.png")
                fields = {**plain(before), "portrait": path}
                return personas.change(persona_id, fields, {path: picture}, expected=mark(before))

            return await changed(request, hang)

    return router


async def _given_out(persona_id: str, form: str, house: House, request: Request) -> Response:
    """A persona as a file; its texts may be large, so it takes a slot.

    Raises:
        InputError: it cannot be given in that form.
        CapacityError: no slot is free.
    """
    if form not in FORMS:
        raise InputError(
            "format is persona, json, png or charx.",
            "format 须为 persona、json、png 或 charx。",
            code="invalid_value",
        )
    persona = await house.run(lambda: house.persona(persona_id))
    work = asyncio.to_thread(give_out, persona, form, house.settings.data_dir, house.luggage)
    data = await while_wanted(request, house.jobs, work)
    if data is None:
        return Response(status_code=204)
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{persona.id}.{form}"'}
    return Response(data, media_type=MEDIA_TYPES[form], headers=headers)


def portrait_of(studio: Studio, data: bytes, face: int | None) -> bytes:
    """A photograph as a persona's portrait: its pixels as a PNG, without what its file tells of places and times.

    Args:
        studio: looks at it.
        data: as it was sent.
        face: which of several, from 1; the picture is then cut around it.

    Raises:
        PhotoError: it is no picture, or no face in it can be used.
    """
    photo = read_photo(data)
    examination = studio.examine(photo, FaceChoice(face) if face is not None else ONLY_FACE)
    if not examination.usable:
        worst = examination.findings[0]
        raise PhotoError(worst.en, worst.zh, code=worst.code)
    if face is None or rivals(examination) < 2:
        return _png(photo.pixels)
    for share in CUTS:
        pixels = _around(photo.pixels, examination.faces[face - 1], share)
        cut = Photograph(pixels, pixels.shape[1], pixels.shape[0], 1, black_and_white=photo.black_and_white)
        if studio.examine(cut, ONLY_FACE).usable:
            return _png(pixels)
    raise PhotoError(
        "The faces are too close together to cut one out. Cut the picture yourself, and send that.",
        "几张脸靠得太近,无法单独截取。请自行裁剪后再上传。",
        code="faces_too_close",
    )


def _around(pixels: Pixels, face: Face, share: float) -> Pixels:
    """A square around a face, as far as the picture goes; the face stands a little above its middle."""
    height, width = pixels.shape[:2]
    side = share * (face.bottom - face.top)
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2 + 0.1 * side
    left, top = max(0, round(x - side / 2)), max(0, round(y - side / 2))
    return pixels[top : min(height, round(y + side / 2)), left : min(width, round(x + side / 2))].copy()


def _png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _form(request: Request, uploads: Jobs) -> UploadedForm:
    return UploadedForm(request, uploads, files=1, fields=8, field_bytes=16 * 1024)


async def _file(form: FormData) -> tuple[str, bytes]:
    """The name and the bytes of a form's file."""
    file = file_of(form)
    data = await file.read(MAX_FILE + 1)
    name = "".join(c for c in (file.filename or "upload")[-80:] if c.isprintable())
    if len(data) > MAX_FILE:
        raise InputError(f"{name} is larger than 64 MB.", f"{name} 超过 64 MB。", code="file_too_large")
    return name, data


def _face(form: FormData) -> int | None:
    text = str(form.get("face") or "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) > 0):
        raise EventError("face is a number from 1 on.", "face 须为从 1 起的序号。", code="invalid_value", param="face")
    return int(text)
