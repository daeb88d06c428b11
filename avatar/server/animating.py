"""`/v1/avatar/animations` and `/v1/avatar/voices`: a photograph speaks, as a film. See docs/protocol.md.

The answer to the request that begins a film is a stream of events that tells how far it is; closing it cancels the
work, and nothing of it stays behind.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.responses import FileResponse, JSONResponse, Response

from avatar.errors import InputError, NotFoundError
from avatar.face.background import background_of
from avatar.face.film import film_kind
from avatar.face.photo import MAX_BYTES, read_photo
from avatar.live.answering import language_of as language_of_text
from avatar.live.filming import (
    GROUNDS,
    LONGEST_S,
    LONGEST_TEXT,
    Ground,
    Narration,
    film,
    narrate,
    opening,
    spoken,
)
from avatar.live.studio import Studio
from avatar.live.subtitles import segments_of, segments_of_lines, srt, vtt
from avatar.media import HEARING_RATE, SPEECH_RATE, read_audio, resample
from avatar.server.failures import language_of, wrong_field
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, Streamed, sse, told_of_failure
from avatar.server.photos import Choice, picture_of
from avatar.server.protocol.parsing import EventError
from avatar.server.shelf import Shelf, Thing
from avatar.server.stepping import Steps, Tell, as_events, stepped
from avatar.server.uploads import text_of
from avatar.stages import STYLES, Background, Style

MAX_SPEECH = 25 * 1024 * 1024
"""Bytes of one recording."""

PREVIEW_S = 4.0
"""Seconds of a preview."""

PREVIEW_SIZE = 256
"""Its width and height in pixels."""

SIZES = (256, 384, 512, 768, 1024)

FilmKind = Literal["mp4", "webm", "gif"]

MEDIA_TYPES: dict[FilmKind, str] = {"mp4": "video/mp4", "webm": "video/webm", "gif": "image/gif"}


@dataclass(frozen=True, slots=True)
class FilmWish:
    """What was asked for, checked."""

    photo: Thing
    choice: Choice
    ground: Ground
    text: str
    speech: bytes
    voice: str
    kind: FilmKind
    size: int
    preview: bool
    background: Background
    style: Style | None


def animation_routes(house: House, studio: Studio, shelf: Shelf) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/avatar")

    @router.get("/voices", response_class=Response)
    async def voices() -> Response:
        found = await asyncio.to_thread(studio.voices)
        data = [
            {
                "id": each.id,
                "object": "avatar.voice",
                "name": {"zh": each.zh, "en": each.en},
                "languages": each.languages,
            }
            for each in found
        ]
        return JSONResponse({"object": "list", "data": data})

    @router.post("/animations", response_class=Response)
    async def animate(request: Request) -> Response:
        async with request.form(max_files=2, max_fields=16, max_part_size=64 * 1024) as form:
            wish = await _wish(form, shelf)
        thing = shelf.new("film", language_of(request))

        def ended(done: bool, heard: bool) -> None:
            if not (done and heard):
                shelf.drop(thing)

        steps = stepped(lambda tell: _make(studio, wish, thing, tell), _stopped, ended)
        events = told_of_failure(_events(thing, steps), language_of(request))
        try:
            return await Streamed.begun(events, house.jobs, "text/event-stream")
        except BaseException:
            shelf.drop(thing)
            raise

    @router.get("/animations/{film_id}/{name}", response_class=Response)
    async def fetch(film_id: str, name: str) -> Response:
        path = shelf.get("film", film_id).folder / name
        if name not in ("film.mp4", "film.webm", "film.gif", "film.srt", "film.vtt") or not path.is_file():
            raise NotFoundError("There is no such file of this film.", "这段视频没有这个文件。", code="film_not_found")
        kind = path.suffix[1:]
        media_type = MEDIA_TYPES.get(cast(FilmKind, kind), "text/vtt" if kind == "vtt" else "text/plain")
        return FileResponse(path, media_type=media_type, filename=name, headers=NO_STORE)

    @router.delete("/animations/{film_id}", status_code=204)
    async def forget(film_id: str) -> None:
        shelf.drop(shelf.get("film", film_id))

    return router


async def _events(thing: Thing, steps: Steps[dict[str, object]]) -> AsyncGenerator[bytes, None]:
    """Which film it is, how far it is, and at last where it lies."""
    events = as_events(steps, "animation", lambda made: [{"type": "animation.done", **made}])
    async with aclosing(events):
        first = await anext(events)
        yield sse({"type": "animation.started", "id": thing.id})
        yield first
        async for event in events:
            yield event


def _stopped() -> InputError:
    return InputError("The film was cancelled.", "视频已取消。", code="cancelled")


def _make(studio: Studio, wish: FilmWish, thing: Thing, progress: Tell) -> dict[str, object]:
    """Speak, draw and write; what there is to tell."""
    progress("speaking", 0.0)
    size = PREVIEW_SIZE if wish.preview else wish.size
    animator = studio.animator(picture_of(wish.photo, wish.choice.version), size, wish.choice.choice(), wish.background)
    if wish.speech:
        narration = spoken(read_audio(wish.speech, SPEECH_RATE), wish.style)
    else:
        language, longest = language_of_text(wish.text, "zh"), PREVIEW_S if wish.preview else LONGEST_S
        say = studio.voice(wish.voice, checked=not wish.preview)
        narration = narrate(wish.text, language, say, progress, seconds=longest, style=wish.style)
    if wish.preview:
        narration = opening(narration, PREVIEW_S)
    name = f"film.{wish.kind}"
    count = film(narration, animator, thing.folder / name, progress, comment=GROUNDS[wish.ground])
    base = f"/v1/avatar/animations/{thing.id}"
    told: dict[str, object] = {
        "id": thing.id,
        "film": f"{base}/{name}",
        "frames": count,
        "seconds": round(narration.seconds, 3),
        "size": size,
    }
    if not wish.preview:
        _write_subtitles(studio, wish, narration, thing)
        told |= {"srt": f"{base}/film.srt", "vtt": f"{base}/film.vtt"}
    return told


def _write_subtitles(studio: Studio, wish: FilmWish, narration: Narration, thing: Thing) -> None:
    """Beside the film, in both forms; of a recording, as it is understood."""
    if wish.speech:
        heard = studio.transcribe(resample(narration.sound, SPEECH_RATE, HEARING_RATE))
        segments = segments_of(heard, narration.seconds)
    else:
        segments = segments_of_lines(narration.lines)
    for suffix, text in (("srt", srt(segments)), ("vtt", vtt(segments))):
        (thing.folder / f"film.{suffix}").write_text(text, encoding="utf-8")


async def _wish(form: FormData, shelf: Shelf) -> FilmWish:
    """The form's fields.

    Raises:
        EventError: a field is missing, or has a value that there is not.
        NotFoundError: the photograph is not there any more.
    """
    file = form.get("speech")
    speech = await file.read(MAX_SPEECH + 1) if isinstance(file, UploadFile) else b""
    text = text_of(form, "text").strip()
    if bool(speech) == bool(text):
        raise _wrong(
            "text", "Send either `text` or a recording in `speech`.", "请发送 `text` 或录音 `speech`,二者选一。"
        )
    if len(speech) > MAX_SPEECH or len(text) > LONGEST_TEXT:
        raise _wrong("text", "The text or the recording is too long.", "文字或录音过长。")
    ground = text_of(form, "ground")
    if ground not in GROUNDS:
        known = ", ".join(GROUNDS)
        raise _wrong(
            "ground",
            f"Say on what ground this face is used: `ground` is one of {known}.",
            f"请说明使用这张脸的依据:`ground` 须为 {known} 之一。",
        )
    kind, size = text_of(form, "format") or "mp4", text_of(form, "size") or "512"
    if kind not in get_args(FilmKind) or size not in [str(known) for known in SIZES]:
        raise _wrong(
            "format",
            f"`format` is mp4, webm or gif; `size` one of {SIZES}.",
            f"`format` 为 mp4、webm 或 gif;`size` 为 {SIZES} 之一。",
        )
    background = await _background(form)
    film_kind(Path(f"film.{kind}"), transparent=background.kind == "transparent")
    return FilmWish(
        photo=shelf.get("photo", text_of(form, "photo")),
        choice=_choice(form),
        ground=ground,
        text=text,
        speech=speech,
        voice=text_of(form, "voice")[:64],
        kind=cast(FilmKind, kind),
        size=int(size),
        preview=text_of(form, "preview") == "true",
        background=background,
        style=_style(text_of(form, "emotion")),
    )


async def _background(form: FormData) -> Background:
    """What stands behind the person: a word or a colour, or a picture in `backdrop`; never a file of this machine."""
    name, file = text_of(form, "background") or "keep", form.get("backdrop")
    if name == "picture" and isinstance(file, UploadFile):
        data = await file.read(MAX_BYTES + 1)
        await asyncio.to_thread(read_photo, data)
        return Background("picture", picture=data)
    if name == "picture":
        raise _wrong("backdrop", "Send the picture in `backdrop`.", "请用 `backdrop` 发送背景图片。")
    if name in ("keep", "blur", "transparent") or name.startswith("#"):
        return background_of(name)
    raise _wrong(
        "background",
        "`background` is keep, blur, transparent, picture or a colour such as #1e3a5f.",
        "`background` 须为 keep、blur、transparent、picture 或 #1e3a5f 这样的颜色。",
    )


def _style(emotion: str) -> Style | None:
    """How all of it is meant; None where the words tell."""
    if emotion in ("", "auto"):
        return None
    if emotion not in STYLES:
        known = ", ".join(("auto", *STYLES))
        raise _wrong("emotion", f"`emotion` is one of {known}.", f"`emotion` 须为 {known} 之一。")
    return emotion


def _choice(form: FormData) -> Choice:
    """Which face of which version is meant; the field `choice` is JSON."""
    try:
        return Choice.model_validate(json.loads(text_of(form, "choice") or "{}"))
    except ValidationError as error:
        raise wrong_field(error.errors()[0]) from error
    except (ValueError, RecursionError) as error:
        raise _wrong("choice", "`choice` is not JSON.", "`choice` 不是 JSON。") from error


def _wrong(param: str, en: str, zh: str) -> EventError:
    return EventError(en, zh, code="invalid_value", param=param)
