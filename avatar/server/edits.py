"""`POST /v1/avatar/voices/{voice_id}/edits`: a recording in, the same with other words out. See docs/voices.md."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from avatar.errors import InputError, Language
from avatar.server.failures import language_of
from avatar.server.house import House
from avatar.server.jobs import NO_STORE, Streamed, told_of_failure, while_wanted
from avatar.server.limits import Jobs
from avatar.server.protocol.parsing import EventError
from avatar.server.stepping import Tell, as_events, outcome, stepped
from avatar.server.uploads import UploadedForm, only_file
from avatar.voice.editing import Edited, Wish
from avatar.voice.editing.recording import encoded

if TYPE_CHECKING:
    from avatar.voice.editing.desk import EditingDesk

MAX_FILE = 64 * 1024 * 1024
"""Bytes of a recording."""

MAX_TEXT = 8000
"""Characters of a text."""

PIECE = 96 * 1024
"""Bytes of the file that one event carries."""

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
            recording, wish = await only_file(form, "file", MAX_FILE), _wish(form)

        def work(tell: Tell) -> Made:
            edited = desk().edit(recording, voice_id, wish, tell)
            return Made(edited, encoded(edited.recording, comment=edited.comment))

        steps = stepped(work, _stopped)
        if "text/event-stream" in request.headers.get("accept", ""):
            events = told_of_failure(as_events(steps, "edit", _events), language_of(request))
            return await Streamed.begun(events, house.jobs, "text/event-stream")
        made = await while_wanted(request, house.jobs, outcome(steps, _stopped))
        if made is None:
            return Response(status_code=204)
        return Response(made.file, media_type="audio/wav", headers={**NO_STORE, "Avatar-Edited": _spans(made.edited)})

    return router


@dataclass(frozen=True, slots=True)
class Made:
    """An edited recording, and its file."""

    edited: Edited
    file: bytes


def _events(made: Made) -> Iterator[dict[str, object]]:
    """The file in pieces, and at last what was changed."""
    for at in range(0, len(made.file), PIECE):
        yield {"type": "edit.audio.delta", "audio": base64.b64encode(made.file[at : at + PIECE]).decode("ascii")}
    yield {"type": "edit.done", **_told(made.edited)}


def _told(edited: Edited) -> dict[str, object]:
    """What was changed; times are in seconds."""
    rate = edited.recording.rate
    return {
        "object": "avatar.edit",
        "old": edited.old,
        "new": edited.new,
        "language": edited.language,
        "likeness": round(edited.likeness, 3),
        "parts": [
            {
                "start": round(part.start / rate, 3),
                "end": round(part.end / rate, 3),
                "old_start": round(part.old_start / rate, 3),
                "old_end": round(part.old_end / rate, 3),
                "old": part.old,
                "new": part.new,
                "made": part.made,
                "words": part.words.total,
                "understood": part.words.found,
            }
            for part in edited.parts
        ],
    }


def _stopped() -> InputError:
    return InputError("The editing was cancelled.", "编辑已取消。", code="cancelled")


def _spans(edited: Edited) -> str:
    """Where the new recording differs from the old, in seconds: `1.620-2.310, 4.100-4.140`."""
    rate = edited.recording.rate
    return ", ".join(f"{part.start / rate:.3f}-{part.end / rate:.3f}" for part in edited.parts)


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
