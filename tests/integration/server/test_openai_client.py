"""A spoken turn on the real models, held by the official OpenAI client."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import numpy as np
import pytest
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeServerEvent, ResponseAudioDeltaEvent, ResponseDoneEvent

from avatar.media import SPEECH_RATE, from_pcm16, read_audio, to_pcm16
from tests.integration.server.conftest import PATIENCE_S, ClientOf

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

BLOCK = SPEECH_RATE // 10


async def speak(connection: AsyncRealtimeConnection, recording: Path) -> None:
    """Send a recording as a microphone would, and then silence until the turn is taken."""
    question = read_audio(recording, SPEECH_RATE)
    silence = np.zeros(4 * SPEECH_RATE, dtype=np.float32)
    sound = np.concatenate([question, silence])
    for start in range(0, sound.size, BLOCK):
        data = to_pcm16(sound[start : start + BLOCK])
        await connection.input_audio_buffer.append(audio=base64.b64encode(data).decode())
        await asyncio.sleep(BLOCK / SPEECH_RATE)


async def until_done(connection: AsyncRealtimeConnection) -> list[RealtimeServerEvent]:
    """Everything up to the end of the reply."""
    events: list[RealtimeServerEvent] = []
    async for event in connection:
        events.append(event)
        if event.type == "response.done":
            return events
    raise AssertionError("the socket closed before the reply was done")


async def test_a_spoken_turn(client_of: ClientOf, shared_data: Path) -> None:
    async with client_of() as client, client.realtime.connect(model="luxun", extra_query={"avatar": "1"}) as connection:
        speaking = asyncio.create_task(speak(connection, shared_data / "speech" / "zh_question_03.wav"))
        events = await asyncio.wait_for(until_done(connection), PATIENCE_S)
        await speaking
    assert [event for event in events if event.type == "error"] == []
    transcripts = [event for event in events if event.type == "conversation.item.input_audio_transcription.completed"]
    assert len(transcripts) == 1
    assert "孔乙己" in transcripts[0].transcript
    sound = b"".join(base64.b64decode(event.delta) for event in events if isinstance(event, ResponseAudioDeltaEvent))
    samples = from_pcm16(sound)
    assert samples.size > SPEECH_RATE
    assert float(np.sqrt(np.mean(samples**2))) > 0.01
    done = events[-1]
    assert isinstance(done, ResponseDoneEvent)
    assert done.response.status == "completed"
    kinds = [str(event.type) for event in events]
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("input_audio_buffer.committed")
    assert kinds.index("input_audio_buffer.committed") < kinds.index("response.created")
    assert "avatar.citations" in kinds
