"""`/v1/avatar/photos`: a photograph is sent, looked at, restored. See docs/protocol.md."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import FileResponse, JSONResponse, Response

from avatar.errors import InputError, PhotoError
from avatar.face.photo import MAX_BYTES, Photograph, read_photo
from avatar.face.quality import Examination, places, rivals
from avatar.face.restore.work import Damage, Repairs
from avatar.live.studio import Studio
from avatar.media import Pixels
from avatar.server.failures import language_of
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, while_wanted
from avatar.server.limits import Jobs
from avatar.server.protocol.base import Message
from avatar.server.shelf import Shelf, Thing
from avatar.server.uploads import UploadedForm, file_of
from avatar.stages import FaceChoice

MAX_UPLOADS = 4
"""Photographs that may be on their way at once."""

Version = Literal["original", "restored"]

Mark = Annotated[list[float], Field(min_length=2, max_length=2)]
"""A point as fractions of the picture's width and height."""


class Choice(Message):
    """Which face is meant; see `FaceChoice`."""

    version: Version = "original"
    face: int | None = Field(None, ge=1, le=999)
    marks: list[Mark] | None = Field(None, max_length=6)

    def choice(self) -> FaceChoice:
        """As the engines take it."""
        marks = None if self.marks is None else tuple((x, y) for x, y in self.marks)
        return FaceChoice(self.face, marks)


class Wishes(Message):
    """Which repairs are wished; see `Repairs`."""

    straighten: bool = False
    scratches: bool = False
    noise: bool = False
    fading: bool = False
    enlarge: bool = False
    tint: bool = False

    def repairs(self) -> Repairs:
        """As the engines take them."""
        return Repairs(**self.model_dump(include=set(Repairs.__dataclass_fields__)))


def photo_routes(house: House, studio: Studio, shelf: Shelf) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/avatar/photos")
    uploads = Jobs(MAX_UPLOADS)

    async def looked_at(request: Request, thing: Thing, wish: Choice) -> Response:
        work = asyncio.to_thread(_card, studio, thing, wish)
        card = await while_wanted(request, house.jobs, work)
        return Response(status_code=204) if card is None else JSONResponse(card, headers=NO_STORE)

    @router.post("", response_class=Response)
    async def send(request: Request) -> Response:
        async with UploadedForm(request, uploads, files=1, fields=4, field_bytes=1024) as form:
            data = await file_of(form).read(MAX_BYTES + 1)
        thing = shelf.new("photo", language_of(request))
        try:
            await asyncio.to_thread(_keep, data, thing.folder)
            return await looked_at(request, thing, Choice())
        except BaseException:
            shelf.drop(thing)
            raise

    @router.post("/{photo_id}/examination", response_class=Response)
    async def examination(photo_id: str, wish: Choice, request: Request) -> Response:
        return await looked_at(request, shelf.get("photo", photo_id), wish)

    @router.post("/{photo_id}/restoration", response_class=Response)
    async def restoration(photo_id: str, wish: Wishes, request: Request) -> Response:
        thing = shelf.get("photo", photo_id)
        stop = asyncio.Event()
        work = asyncio.to_thread(_restore, studio, thing, wish.repairs(), stop)
        try:
            card = await while_wanted(request, house.jobs, work)
        finally:
            stop.set()
        return Response(status_code=204) if card is None else JSONResponse(card, headers=NO_STORE)

    @router.get("/{photo_id}/{version}", response_class=Response)
    async def picture(photo_id: str, version: Version) -> Response:
        path = picture_of(shelf.get("photo", photo_id), version)
        return FileResponse(path, media_type="image/png", headers=NO_STORE)

    @router.delete("/{photo_id}", status_code=204)
    async def forget(photo_id: str) -> None:
        shelf.drop(shelf.get("photo", photo_id))

    return router


def picture_of(thing: Thing, version: Version) -> Path:
    """The file of a photograph as it came (upright, scaled), or restored.

    Raises:
        PhotoError: it was not restored yet.
    """
    path = thing.folder / f"{version}.png"
    if not path.is_file():
        raise PhotoError("The photograph was not restored yet.", "照片还没有修复过。", code="not_restored")
    return path


def _keep(data: bytes, folder: Path) -> None:
    """Read a photograph and keep its pixels; what was sent is not kept, nor what its file tells of places and times."""
    photo = read_photo(data)
    _write(photo.pixels, folder / "original.png")
    about = {"width": photo.width, "height": photo.height, "pictures": photo.pictures, "two": photo.black_and_white}
    (folder / "about.json").write_text(json.dumps(about), encoding="ascii")


def _photograph(thing: Thing, version: Version) -> Photograph:
    pixels = read_photo(picture_of(thing, version)).pixels
    about = json.loads((thing.folder / "about.json").read_bytes())
    if version == "restored":
        return Photograph(pixels, pixels.shape[1], pixels.shape[0], 1, black_and_white=False)
    return Photograph(pixels, about["width"], about["height"], about["pictures"], about["two"])


def _write(pixels: Pixels, path: Path) -> None:
    encoded = cv2.imencode(
        ".png", np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)), [cv2.IMWRITE_PNG_COMPRESSION, 3]
    )
    path.write_bytes(encoded[1].tobytes())


def _restore(studio: Studio, thing: Thing, repairs: Repairs, stop: asyncio.Event) -> dict[str, Any]:
    """Restore from the original, and look at the result."""

    def check(share: float) -> None:
        if stop.is_set():
            raise InputError("The work was broken off.", "已取消。", code="cancelled")

    photo = read_photo(picture_of(thing, "original")).pixels
    _write(studio.restore(photo, repairs, check), thing.folder / "restored.png")
    return _card(studio, thing, Choice(version="restored"))


def _card(studio: Studio, thing: Thing, wish: Choice) -> dict[str, Any]:
    """What a page shows of a photograph."""
    photo = _photograph(thing, wish.version)
    examination = studio.examine(photo, wish.choice())
    damage = studio.assess(photo.pixels, examination)
    height, width = photo.pixels.shape[:2]
    return {
        "id": thing.id,
        "object": "avatar.photo",
        "version": wish.version,
        "picture": f"/v1/avatar/photos/{thing.id}/{wish.version}",
        "width": width,
        "height": height,
        "sent": {"width": photo.width, "height": photo.height},
        "usable": examination.usable,
        "face": examination.number,
        "choose": examination.points is None and bool(examination.faces) and rivals(examination) > 1,
        "faces": _faces(examination, photo),
        "findings": [
            {"code": each.code, "weight": each.weight, "text": {"zh": each.zh, "en": each.en}}
            for each in examination.findings
        ],
        "damage": _damage(damage, width, height),
    }


def _faces(examination: Examination, photo: Photograph) -> list[dict[str, Any]]:
    height, width = photo.pixels.shape[:2]
    return [
        {
            "number": number,
            "box": [
                round(float(edge), 4)
                for edge in (face.left / width, face.top / height, face.right / width, face.bottom / height)
            ],
            "place": {"en": en, "zh": zh},
        }
        for number, (face, (en, zh)) in enumerate(zip(examination.faces, places(examination, photo), strict=True), 1)
    ]


def _damage(damage: Damage, width: int, height: int) -> dict[str, Any]:
    return {
        "lines": damage.lines,
        "spots": damage.spots,
        "scratched": round(damage.scratched, 5),
        "noise": round(damage.noise, 2),
        "span": round(damage.span),
        "monochrome": damage.monochrome,
        "print": None if damage.corners is None else (damage.corners / [width, height]).round(4).tolist(),
        "proposed": {name: bool(getattr(damage.proposed, name)) for name in Repairs.__dataclass_fields__},
    }
