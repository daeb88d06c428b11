"""`POST /v1/audio/transcriptions`: a recording as text, with times or subtitles. See docs/protocol.md."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, cast, get_args

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, PlainTextResponse, Response

from avatar.errors import Language
from avatar.live.subtitles import segments_of, srt, vtt
from avatar.media import HEARING_RATE, read_audio, seconds
from avatar.server.choices import language_code
from avatar.server.failures import language_of as language_of_request
from avatar.server.house import House
from avatar.server.jobs import Streamed, sse, told_of_failure, while_wanted
from avatar.server.limits import Jobs
from avatar.server.protocol.parsing import EventError
from avatar.server.sessions import Stages
from avatar.server.uploads import UploadedForm, file_of, text_of
from avatar.stages import HearingHints, Transcript

MAX_UPLOAD = 25 * 1024 * 1024
"""Bytes of one recording (OpenAI)."""

MAX_UPLOADS = 8
"""Recordings that may be on their way at once; they lie on disk until they are whole."""

MAX_PROMPT = 1000
"""Characters of a prompt that are passed on."""

Form = Literal["json", "text", "srt", "verbose_json", "vtt"]

LANGUAGE_NAMES: dict[Language, str] = {"zh": "chinese", "en": "english"}


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """A recording and what is wanted of it."""

    data: bytes
    form: Form
    language: Language | None
    prompt: str
    words: bool
    stream: bool


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A transcript and how long the recording lasts, in seconds."""

    transcript: Transcript
    duration: float


def transcription_routes(house: House, stages: Stages) -> APIRouter:
    """The route."""
    router = APIRouter()
    uploads = Jobs(MAX_UPLOADS)

    @router.post("/audio/transcriptions", response_class=Response)
    async def transcriptions(request: Request) -> Response:
        async with UploadedForm(request, uploads, files=1, fields=32, field_bytes=64 * 1024) as form:
            wish = await _request(form)
        if wish.stream:
            events = told_of_failure(_events(stages, house, wish), language_of_request(request))
            return await Streamed.begun(events, house.jobs, "text/event-stream")
        heard = await while_wanted(request, house.jobs, transcribed(stages, house, wish))
        return Response(status_code=204) if heard is None else _answer(heard, wish)

    return router


async def transcribed(stages: Stages, house: House, wish: TranscriptionRequest) -> Transcribed:
    """What was said in a recording.

    Raises:
        AudioError: not a recording, damaged, empty, or longer than ten minutes.
        EngineError: the recognizer failed.
    """
    shared = await house.run(stages.stages)
    samples = await shared.run(lambda: read_audio(wish.data, HEARING_RATE))
    hints = HearingHints(topic_zh=wish.prompt, topic_en=wish.prompt, language=wish.language)
    transcript = await shared.run(lambda: shared.recognizer.transcribe(samples, hints))
    return Transcribed(transcript, seconds(samples.size, HEARING_RATE))


async def _events(stages: Stages, house: House, wish: TranscriptionRequest) -> AsyncGenerator[bytes, None]:
    heard = await transcribed(stages, house, wish)
    for segment in segments_of(heard.transcript, heard.duration):
        yield sse({"type": "transcript.text.delta", "delta": segment.text})
    yield sse({"type": "transcript.text.done", "text": heard.transcript.text, "usage": _usage(heard)})


def _answer(heard: Transcribed, wish: TranscriptionRequest) -> Response:
    transcript = heard.transcript
    if wish.form == "json":
        return JSONResponse({"text": transcript.text, "usage": _usage(heard)})
    if wish.form == "verbose_json":
        return JSONResponse(_verbose(heard, words=wish.words))
    segments = segments_of(transcript, heard.duration)
    texts = {"text": f"{transcript.text}\n", "srt": srt(segments), "vtt": vtt(segments)}
    media_type = "text/vtt" if wish.form == "vtt" else "text/plain"
    return PlainTextResponse(texts[wish.form], media_type=media_type)


def _verbose(heard: Transcribed, *, words: bool) -> dict[str, object]:
    transcript = heard.transcript
    segments = [
        {"id": index, "seek": 0, "start": each.start, "end": each.end, "text": each.text, "tokens": [],
         "temperature": 0.0, "avg_logprob": each.avg_logprob, "compression_ratio": 1.0, "no_speech_prob": 0.0}
        for index, each in enumerate(segments_of(transcript, heard.duration))
    ]  # fmt: skip
    told: dict[str, object] = {
        "task": "transcribe",
        "language": LANGUAGE_NAMES[transcript.language],
        "duration": round(heard.duration, 3),
        "text": transcript.text,
        "segments": segments,
        "usage": _usage(heard),
    }
    if words:
        told["words"] = [{"word": w.text, "start": round(w.start, 3), "end": round(w.end, 3)} for w in transcript.words]
    return told


def _usage(heard: Transcribed) -> dict[str, object]:
    return {"type": "duration", "seconds": round(heard.duration)}


async def _request(form: FormData) -> TranscriptionRequest:
    """The form's fields.

    Raises:
        EventError: a field is missing, or has a value that there is not.
    """
    file = file_of(form)
    wanted = text_of(form, "response_format") or "json"
    if wanted not in get_args(Form):
        raise EventError(
            f"response_format is one of {', '.join(get_args(Form))}.",
            f"response_format 须为 {'、'.join(get_args(Form))} 之一。",
            code="unsupported_value",
            param="response_format",
        )
    language = text_of(form, "language")
    return TranscriptionRequest(
        data=await file.read(MAX_UPLOAD),
        form=cast(Form, wanted),
        language=language_code(language, "language") if language else None,
        prompt=text_of(form, "prompt")[:MAX_PROMPT],
        words="word" in form.getlist("timestamp_granularities[]"),
        stream=text_of(form, "stream") == "true",
    )
