"""`/v1/avatar/animations` and `/v1/avatar/voices`: a photograph speaks, as a film. See docs/protocol.md.

The answer to the request that begins a film is a stream of events that tells how far it is; closing it cancels the
work, and nothing of it stays behind.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

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
    Step,
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


class _StoppedError(InputError):
    """The client has gone."""

    code = "cancelled"


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
        events = told_of_failure(_events(studio, shelf, wish, thing), language_of(request))
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


async def _events(studio: Studio, shelf: Shelf, wish: FilmWish, thing: Thing) -> AsyncGenerator[bytes, None]:
    """How far the film is, and at last where it lies. Closing stops the work and takes away what there is of it."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[tuple[Step, float] | None] = asyncio.Queue()
    stop = threading.Event()
    last: list[tuple[Step, float]] = [("speaking", -1.0)]

    def progress(step: Step, share: float) -> None:
        if stop.is_set():
            raise _StoppedError("The film was cancelled.", "视频已取消。")
        if step != last[0][0] or share - last[0][1] >= 0.01:
            last[0] = (step, share)
            loop.call_soon_threadsafe(told.put_nowait, (step, share))

    work = asyncio.ensure_future(asyncio.to_thread(_make, studio, wish, thing, progress))

    def over(work: asyncio.Future[dict[str, object]]) -> None:
        told.put_nowait(None)
        if work.cancelled() or work.exception() is not None or stop.is_set():
            shelf.drop(thing)

    work.add_done_callback(over)  # a client that leaves cancels whatever awaits, so nothing that must happen does
    try:
        yield sse({"type": "animation.started", "id": thing.id})
        while (step := await told.get()) is not None:
            yield sse({"type": "animation.progress", "step": step[0], "share": round(step[1], 3)})
        yield sse({"type": "animation.done", **await work})
    finally:
        stop.set()


def _make(studio: Studio, wish: FilmWish, thing: Thing, progress: Any) -> dict[str, object]:
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
    text = _text(form, "text").strip()
    if bool(speech) == bool(text):
        raise _wrong(
            "text", "Send either `text` or a recording in `speech`.", "请发送 `text` 或录音 `speech`,二者选一。"
        )
    if len(speech) > MAX_SPEECH or len(text) > LONGEST_TEXT:
        raise _wrong("text", "The text or the recording is too long.", "文字或录音过长。")
    ground = _text(form, "ground")
    if ground not in GROUNDS:
        known = ", ".join(GROUNDS)
        raise _wrong(
            "ground",
            f"Say on what ground this face is used: `ground` is one of {known}.",
            f"请说明使用这张脸的依据:`ground` 须为 {known} 之一。",
        )
    kind, size = _text(form, "format") or "mp4", _text(form, "size") or "512"
    if kind not in get_args(FilmKind) or size not in [str(known) for known in SIZES]:
        raise _wrong(
            "format",
            f"`format` is mp4, webm or gif; `size` one of {SIZES}.",
            f"`format` 为 mp4、webm 或 gif;`size` 为 {SIZES} 之一。",
        )
    background = await _background(form)
    film_kind(Path(f"film.{kind}"), transparent=background.kind == "transparent")
    return FilmWish(
        photo=shelf.get("photo", _text(form, "photo")),
        choice=_choice(form),
        ground=ground,
        text=text,
        speech=speech,
        voice=_text(form, "voice")[:64],
        kind=cast(FilmKind, kind),
        size=int(size),
        preview=_text(form, "preview") == "true",
        background=background,
        style=_style(_text(form, "emotion")),
    )


async def _background(form: FormData) -> Background:
    """What stands behind the person: a word or a colour, or a picture in `backdrop`; never a file of this machine."""
    name, file = _text(form, "background") or "keep", form.get("backdrop")
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
        return Choice.model_validate(json.loads(_text(form, "choice") or "{}"))
    except ValidationError as error:
        raise wrong_field(error.errors()[0]) from error
    except (ValueError, RecursionError) as error:
        raise _wrong("choice", "`choice` is not JSON.", "`choice` 不是 JSON。") from error


def _wrong(param: str, en: str, zh: str) -> EventError:
    return EventError(en, zh, code="invalid_value", param=param)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
