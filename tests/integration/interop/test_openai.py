"""The official client through a whole spoken conversation, with an interruption in its middle."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

import pytest
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import (
    RealtimeErrorEvent,
    RealtimeServerEvent,
    ResponseAudioDeltaEvent,
    ResponseDoneEvent,
)

from avatar.media import SPEECH_RATE, Samples, to_pcm16
from tests.browser.scripted import ANSWERS, QUESTION, ScriptedServer, voice

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

BLOCK = SPEECH_RATE // 50


class Talk:
    """A microphone that never stops, and what came back."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self._connection = connection
        self._to_say: list[Samples] = []
        self.events: list[RealtimeServerEvent] = []
        self._arrived = asyncio.Event()

    async def microphone(self) -> None:
        """Send what is to be said, and silence in between, at the pace of speech."""
        while True:
            block = self._to_say.pop(0) if self._to_say else voice(0.02) * 0
            await self._connection.input_audio_buffer.append(audio=base64.b64encode(to_pcm16(block)).decode())
            await asyncio.sleep(0.02)

    async def ears(self) -> None:
        """Gather what comes."""
        async for event in self._connection:
            self.events.append(event)
            self._arrived.set()

    def say(self, seconds: float) -> None:
        """Speak for a while."""
        sound = voice(seconds)
        self._to_say += [sound[at : at + BLOCK] for at in range(0, sound.size, BLOCK)]

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something."""
        while not happened():
            self._arrived.clear()
            await asyncio.wait_for(self._arrived.wait(), 30)

    def of(self, kind: str) -> list[RealtimeServerEvent]:
        """The events of a type."""
        return [event for event in self.events if event.type == kind]

    @property
    def done(self) -> list[ResponseDoneEvent]:
        """The replies that are over."""
        return [event for event in self.events if isinstance(event, ResponseDoneEvent)]

    def heard(self, response_id: str | None) -> float:
        """Seconds of sound received of a reply."""
        deltas = [e for e in self.events if isinstance(e, ResponseAudioDeltaEvent) and e.response_id == response_id]
        return sum(len(base64.b64decode(event.delta)) for event in deltas) / 2 / SPEECH_RATE


async def converse(talk: Talk, connection: AsyncRealtimeConnection) -> None:
    """A question, an interruption after a second, another question, and its answer to the end."""
    talk.say(1.5)
    await talk.until(lambda: bool(talk.of("response.output_audio.delta")))
    await asyncio.sleep(1.0)
    talk.say(1.5)
    await talk.until(lambda: len(talk.done) == 1)
    item_id = (talk.done[0].response.output or [])[0].id
    assert item_id is not None
    await connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=900)
    await talk.until(lambda: len(talk.done) == 2)


async def test_a_spoken_and_interrupted_conversation(server: ScriptedServer) -> None:
    async with (
        AsyncOpenAI(api_key="none", base_url=f"{server.address}/v1") as client,
        client.realtime.connect(model="luxun") as connection,
    ):
        talk = Talk(connection)
        tasks = [asyncio.create_task(talk.microphone()), asyncio.create_task(talk.ears())]
        await converse(talk, connection)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert [event for event in talk.events if isinstance(event, RealtimeErrorEvent)] == []
    first, second = (event.response for event in talk.done)
    assert (first.status, second.status) == ("cancelled", "completed")
    assert first.status_details is not None
    assert first.status_details.reason == "turn_detected"
    assert 1.0 < talk.heard(first.id) < 7.0
    assert talk.heard(second.id) == pytest.approx(0.2 * len(ANSWERS["zh"]), abs=0.1)
    transcripts = talk.of("conversation.item.input_audio_transcription.completed")
    assert {getattr(event, "transcript", "") for event in transcripts} == {QUESTION}
    assert len(talk.of("conversation.item.truncated")) == 1
    kinds = [event.type for event in talk.events]
    assert kinds.index("response.done") > kinds.index("response.output_audio.delta")
