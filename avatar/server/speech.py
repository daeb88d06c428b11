"""`POST /v1/audio/speech`: a text in a voice, as a file that is sent while it is spoken. See docs/protocol.md."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from avatar.dialog.persona import Persona
from avatar.errors import Language, TextError
from avatar.live.answering import language_of, pulled
from avatar.live.recording import unspeakable
from avatar.live.shared import SharedStages
from avatar.media import Samples
from avatar.server.choices import own_voice
from avatar.server.encoding import MEDIA_TYPES, FileFormat, file_encoder
from avatar.server.failures import language_of as language_of_request
from avatar.server.house import House
from avatar.server.jobs import Streamed, sse, told_of_failure
from avatar.server.protocol.base import Identifier, Message
from avatar.server.protocol.client import VoiceReference
from avatar.server.sessions import Stages
from avatar.stages import Synthesizer
from avatar.voice.speaking.delivery import DELIVERIES
from avatar.voice.speaking.marks import parse, plain, script_clauses

MAX_INPUT = 4096
"""Characters of one request (OpenAI)."""


class SpeechRequest(Message):
    """What is to be said, and how. `model` and `instructions` are taken and not looked at."""

    model: Identifier | None = None
    input: Annotated[str, StringConstraints(max_length=MAX_INPUT)]
    voice: Identifier | VoiceReference | None = None
    response_format: FileFormat = "mp3"
    speed: float = Field(1.0, ge=0.5, le=2.0)
    stream_format: Literal["audio", "sse"] = "audio"

    @property
    def streamed(self) -> bool:
        """Whether it is heard while it is made: raw PCM and events are; the other formats are files."""
        return self.response_format == "pcm" or self.stream_format == "sse"


def speech_routes(house: House, stages: Stages) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.post("/audio/speech", response_class=Response)
    async def speech(wish: SpeechRequest, request: Request) -> Response:
        if not wish.input.strip():
            raise TextError(
                "The input is empty; there is nothing to say.", "input 为空,没有可说的内容。", code="text_empty"
            )
        voice, persona = await house.run(lambda: _voice(wish, house))
        shared = await house.run(lambda: stages.stages(persona))
        sound = spoken(shared, wish.input, voice, wish.speed, checked=not wish.streamed)
        files = encoded(sound, wish.response_format)
        if wish.stream_format == "audio":
            return await Streamed.begun(files, house.jobs, MEDIA_TYPES[wish.response_format])
        events = told_of_failure(_events(files), language_of_request(request))
        return await Streamed.begun(events, house.jobs, "text/event-stream")

    return router


async def spoken(
    stages: SharedStages, text: str, voice: str, speed: float, *, checked: bool = False
) -> AsyncGenerator[Samples, None]:
    """A script's sound, its marks heeded: blocks of float32 [n] at SPEECH_RATE. Closing stops the synthesis.

    Args:
        checked: each clause is listened to before it is sent, unless the settings leave that out.

    Raises:
        NotFoundError: there is no such voice.
        TextError: nothing in the script can be spoken, nor does it ask for silence.
        EngineError: the synthesizer failed.
    """
    language: Language = language_of(plain(text), "zh")
    length = 0
    synthesizer: Synthesizer = stages.checked or stages.synthesizer if checked else stages.synthesizer
    for clause in script_clauses(text):
        pace = DELIVERIES[parse(clause).style or "calm"].pace(speed)
        speech = await stages.run(
            lambda clause=clause, pace=pace: synthesizer.speak(clause, voice, language=language, speed=pace)  # type: ignore[misc]
        )
        async with aclosing(pulled(speech.chunks, stages.run)) as blocks:
            async for block in blocks:
                length += block.size
                yield block
    if not length:
        raise unspeakable()


async def encoded(sound: AsyncGenerator[Samples, None], file_format: FileFormat) -> AsyncGenerator[bytes, None]:
    """The same sound as the bytes of a file."""
    encoder = file_encoder(file_format)
    async with aclosing(sound) as blocks:
        async for block in blocks:
            if data := encoder.push(block):
                yield data
    if data := encoder.finish():
        yield data


async def _events(files: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The file's bytes as server-sent events. Nothing is billed, so the usage is nought."""
    async with aclosing(files) as pieces:
        async for piece in pieces:
            yield sse({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode("ascii")})
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    yield sse({"type": "speech.audio.done", "usage": usage})


def _voice(wish: SpeechRequest, house: House) -> tuple[str, Persona | None]:
    """The voice asked for, and the persona whose words it says, where one is meant.

    A persona's id stands for its voice and its lexicon. Else, and for OpenAI's own, it is the first persona.
    """
    voice = wish.voice.id if isinstance(wish.voice, VoiceReference) else wish.voice
    if voice is not None and own_voice(voice) is not None:
        persona = next((each for each in house.personas() if each.id == voice), None)
        return (voice, None) if persona is None else (persona.voice, persona)
    persona = house.persona_or_default(None, wish.model)
    return persona.voice, persona
