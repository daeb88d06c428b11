"""`POST /v1/avatar/voices/{voice_id}/edits`: a recording in, the same with other words out. See docs/voices.md."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from avatar.errors import InputError, Language
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, while_wanted
from avatar.server.limits import Jobs
from avatar.server.protocol.parsing import EventError
from avatar.server.uploads import UploadedForm
from avatar.voice.editing import Edited, Wish
from avatar.voice.editing.recording import encoded

if TYPE_CHECKING:
    from avatar.voice.editing.desk import EditingDesk

MAX_FILE = 64 * 1024 * 1024
"""Bytes of a recording."""

MAX_TEXT = 8000
"""Characters of a text."""

_FIELDS = ("from", "to", "text", "transcript", "language")


def edit_routes(house: House, desk: Callable[[], EditingDesk], uploads: Jobs) -> APIRouter:
    """The route.

    Args:
        desk: loads what edits; called in a worker thread.
        uploads: places for forms that are on their way.
    """
    router = APIRouter()

    @router.post("/avatar/voices/{voice_id}/edits", response_class=Response)
    async def edit(voice_id: str, request: Request) -> Response:
        async with UploadedForm(request, uploads, files=1, fields=len(_FIELDS), field_bytes=4 * MAX_TEXT) as form:
            recording, wish = await _file(form), _wish(form)
        stop = threading.Event()

        def progress(step: str, share: float) -> None:
            if stop.is_set():
                raise InputError("The editing was cancelled.", "编辑已取消。", code="cancelled")

        def work() -> tuple[bytes, Edited]:
            edited = desk().edit(recording, voice_id, wish, progress)
            return encoded(edited.recording), edited

        try:
            made = await while_wanted(request, house.jobs, asyncio.to_thread(work))
        finally:
            stop.set()
        if made is None:
            return Response(status_code=204)
        return Response(made[0], media_type="audio/wav", headers={**NO_STORE, "Avatar-Edited": _spans(made[1])})

    return router


def _spans(edited: Edited) -> str:
    """Where the new recording differs from the old, in seconds: `1.620-2.310, 4.100-4.140`."""
    rate = edited.recording.rate
    return ", ".join(f"{part.start / rate:.3f}-{part.end / rate:.3f}" for part in edited.parts)


async def _file(form: FormData) -> bytes:
    """The recording.

    Raises:
        EventError: there is none, or it is too large.
    """
    given = form.get("file")
    if not isinstance(given, UploadFile):
        raise EventError(
            "Send the recording in the field `file`.", "请把录音放在 `file` 字段。", code="missing_field", param="file"
        )
    data = await given.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise EventError(
            f"The file is larger than {MAX_FILE >> 20} MB.",
            f"文件超过 {MAX_FILE >> 20} MB。",
            code="file_too_large",
            param="file",
        )
    return data


def _wish(form: FormData) -> Wish:
    """What is asked for.

    Raises:
        EventError: it is not one thing, or a field is too long or unknown.
    """
    told = {name: value for name in _FIELDS if isinstance(value := form.get(name), str)}
    for name, value in told.items():
        if len(value) > MAX_TEXT:
            raise EventError(
                f"`{name}` is longer than {MAX_TEXT} characters.",
                f"`{name}` 超过 {MAX_TEXT} 个字。",
                code="invalid_value",
                param=name,
            )
    if ("text" in told) == ("from" in told) or ("from" in told) != ("to" in told):
        raise EventError(
            "Send either `from` and `to`, or `text`.", "请提供 `from` 和 `to`,或提供 `text`。",
            code="missing_field", param="from",
        )  # fmt: skip
    language = told.get("language", "")
    if language not in ("", "zh", "en"):
        raise EventError("`language` is zh or en.", "`language` 是 zh 或 en。", code="invalid_value", param="language")
    return Wish(
        wanted=told.get("from", ""),
        by=told.get("to", ""),
        text=told.get("text", ""),
        transcript=told.get("transcript", ""),
        language=cast(Language, language) if language else None,
    )
