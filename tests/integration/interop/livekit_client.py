"""Runs in livekit-agents' own environment: one spoken turn through its OpenAI Realtime model. Told by JSON on stdout.

python livekit_client.py http://127.0.0.1:PORT/v1 RECORDING
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import Any

from livekit import rtc
from livekit.agents import llm, utils
from livekit.plugins import openai

RATE = 24000
BLOCK = RATE // 50 * 2
"""Bytes of 20 ms."""


class Note(logging.Handler):
    """Notes what the session tells, and what livekit warns of."""

    def __init__(self, session: Any) -> None:
        super().__init__(logging.WARNING)
        self.warnings: list[str] = []
        logging.getLogger("livekit").addHandler(self)
        self.transcripts: list[str] = []
        self.errors: list[str] = []
        self.replies: asyncio.Queue[Any] = asyncio.Queue()
        session.on("generation_created", self.replies.put_nowait)
        session.on("input_audio_transcription_completed", self._transcribed)
        session.on("error", lambda error: self.errors.append(str(error)))

    def emit(self, record: logging.LogRecord) -> None:
        self.warnings.append(record.getMessage())

    def _transcribed(self, event: Any) -> None:
        if event.is_final:
            self.transcripts.append(event.transcript)

    async def reply(self) -> tuple[str, float]:
        """The words of the next reply, and the seconds of its sound."""
        generation = await asyncio.wait_for(self.replies.get(), 30)
        async for message in generation.message_stream:
            text, seconds = await asyncio.gather(_text(message), _seconds(message))
            return text, seconds
        return "", 0.0


async def _text(message: Any) -> str:
    return "".join([str(piece) async for piece in message.text_stream])


async def _seconds(message: Any) -> float:
    return sum([float(frame.duration) async for frame in message.audio_stream])


async def main(url: str, recording: str) -> dict[str, Any]:
    """Let the persona greet, ask the question of the recording, hear the answer."""
    with open(recording, "rb") as file:  # noqa: PTH123, ASYNC230 - a small file, once
        sound = file.read()
    async with utils.http_context.open():
        model = openai.realtime.RealtimeModel(base_url=url, api_key="none", model="luxun")
        session = model.session()
        note = Note(session)
        await session.update_instructions("Answer in one sentence.")
        context = llm.ChatContext.empty()
        context.add_message(role="user", content="你好")
        context.add_message(role="assistant", content="你好。")
        await session.update_chat_ctx(context)
        session.generate_reply()
        greeting, _ = await note.reply()
        asking = asyncio.create_task(_ask(session, sound))
        answer, seconds = await note.reply()
        asking.cancel()
        await session.aclose()
        await model.aclose()
    return {
        "greeting": greeting,
        "transcripts": note.transcripts,
        "answer": answer,
        "seconds": seconds,
        "errors": note.errors,
        "warnings": note.warnings,
    }


async def _ask(session: Any, sound: bytes) -> None:
    for start in range(0, len(sound), BLOCK):
        data = sound[start : start + BLOCK]
        session.push_audio(rtc.AudioFrame(data, RATE, 1, len(data) // 2))
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2]))))  # noqa: T201 - read by the test
