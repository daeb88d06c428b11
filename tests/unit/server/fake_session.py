"""A session without engines: it says what a script tells it to, and notes what is asked of it.

For tests of whatever sits on the sockets. To look at a page against it:

    python -m tests.unit.server.fake_session --port 7860
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np

from avatar.dialog.persona import BUILT_IN, CARD, Persona, read_card
from avatar.errors import Language, ProtocolError, TextError
from avatar.live.events import (
    Citation,
    Cited,
    PresenceChanged,
    ReplyAudio,
    ReplyDone,
    ReplyStarted,
    ReplyText,
    SessionEvent,
    SpeechStarted,
    SpeechStopped,
    StageTimes,
    Understood,
    Video,
)
from avatar.live.options import ReplyWish, SessionOptions
from avatar.media import FPS, SAMPLES_PER_FRAME, SPEECH_RATE, Packet, Samples
from avatar.server.app import create_app, listen, serve
from avatar.settings import Settings

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
"""The beginning and the end of a picture: enough for whoever does not decode it."""

SPOKEN_S = 0.5
"""Seconds of sound after which the fake takes the user to have finished."""


def fake_persona(persona_id: str = "luxun", folder: Path = Path()) -> Persona:
    """A persona whose card is the one that comes with the project."""
    card = read_card(BUILT_IN / "luxun" / CARD)
    return card.model_copy(update={"id": persona_id, "voice": "luxun", "folder": folder})


def tone(seconds: float) -> Samples:
    """float32 [n] at SPEECH_RATE: a quiet A."""
    count = round(seconds * SPEECH_RATE)
    return (0.2 * np.sin(2 * np.pi * 440 * np.arange(count) / SPEECH_RATE)).astype(np.float32)


def spoken_turn(utterance_id: str = "item_user") -> list[SessionEvent]:
    """What a session tells while a question is heard and understood."""
    return [
        SpeechStarted(utterance_id, 120),
        PresenceChanged("listening"),
        SpeechStopped(utterance_id, 1_620),
        Understood(utterance_id, "孔乙己是谁?", "zh"),
        PresenceChanged("thinking"),
    ]


def spoken_reply(reply_id: str = "resp_1", generation: int = 1, *, video: bool = False) -> list[SessionEvent]:
    """What a session tells while it answers: two clauses, 0.2 s of sound each."""
    block = tone(0.2)
    pictures: list[SessionEvent] = [
        Video(generation, index * 1000 // FPS, Packet(JPEG, key=index == 0)) for index in range(10 if video else 0)
    ]
    return [
        ReplyStarted(reply_id, generation, "zh"),
        Cited(reply_id, (Citation("kong-1", "孔乙己", "第三段", "孔乙己是站着喝酒而穿长衫的唯一的人。"),)),
        PresenceChanged("speaking"),
        ReplyAudio(reply_id, generation, 0, block),
        ReplyText(reply_id, "他是个读书人,"),
        *pictures,
        ReplyAudio(reply_id, generation, block.size, block),
        ReplyText(reply_id, "穿长衫而站着喝酒。"),
        ReplyDone(
            reply_id,
            generation,
            "completed",
            "他是个读书人,穿长衫而站着喝酒。",
            2 * block.size,
            StageTimes(turn_end_s=0.2, transcript_s=0.4, first_audio_s=1.2),
        ),
        PresenceChanged("idle"),
    ]


class FakeSession:
    """Plays the script above whenever it was spoken to, or asked for a reply.

    Attributes:
        asked: what was asked of it, in order.
        heard: samples received.
        lagging: whether the machine is too slow for it.
    """

    lagging = False

    def __init__(self, persona: Persona, options: SessionOptions) -> None:
        self.id = "sess_fake"
        self.persona = persona
        self.options = options
        self.asked: list[tuple[object, ...]] = []
        self.heard = 0
        self.started = self.closed = False
        self._typed = 0
        self._replies = 0
        self._active: str | None = None
        self._events: asyncio.Queue[SessionEvent | None] = asyncio.Queue()

    async def start(self) -> None:
        self.started = True

    async def close(self) -> None:
        self.closed = True
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[SessionEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    def happen(self, *events: SessionEvent) -> None:
        """Let something happen."""
        for event in events:
            self._events.put_nowait(event)

    def configure(self, options: SessionOptions) -> None:
        self.asked.append(("configure",))
        self.options = options

    def hear(self, samples: Samples) -> None:
        before, self.heard = self.heard, self.heard + samples.size
        limit = int(SPOKEN_S * SPEECH_RATE)
        if self.options.turn_detection is not None and before < limit <= self.heard:
            self.happen(*spoken_turn())
            self.reply()

    def commit(self) -> str:
        if self.heard < SPEECH_RATE // 10:
            raise ProtocolError("Too little sound.", "声音太少。", code="input_audio_buffer_commit_empty")
        self.heard = 0
        self.happen(SpeechStopped("item_commit", 500), Understood("item_commit", "你好", "zh"))
        return "item_commit"

    def clear_input(self) -> None:
        self.heard = 0
        self.asked.append(("clear_input",))

    def type(self, text: str, item_id: str | None = None) -> str:
        return self._written("type", text, item_id)

    def recall(self, text: str, item_id: str | None = None) -> str:
        return self._written("recall", text, item_id)

    def note(self, text: str, item_id: str | None = None) -> str:
        return self._written("note", text, item_id)

    def _written(self, kind: str, text: str, item_id: str | None) -> str:
        if not text.strip():
            raise TextError("The message is empty.", "消息为空。", code="text_empty")
        self._typed += 1
        self.asked.append((kind, text))
        return item_id or f"item_typed_{self._typed}"

    def returned(self, call_id: str, result: str) -> None:
        if not call_id.startswith("call_"):
            raise ProtocolError("There is no such call.", "没有这个调用。", code="function_call_not_found")
        self.asked.append(("returned", call_id, result))

    def forget(self, item_id: str) -> None:
        self.asked.append(("forget", item_id))

    def reply(self, wish: ReplyWish | None = None) -> str:
        if wish not in (None, ReplyWish()):
            self.asked.append(("reply", wish))
        if self._active is not None:
            raise ProtocolError(
                "A response is in progress.", "已有回复。", code="conversation_already_has_active_response"
            )
        self._replies += 1
        self.answer(f"resp_{self._replies}", self._replies)
        return f"resp_{self._replies}"

    def answer(self, reply_id: str, generation: int) -> None:
        """Give the scripted reply."""
        self.happen(*spoken_reply(reply_id, generation, video=self.options.video))

    def greet(self, language: Language | None = None) -> bool:
        self.asked.append(("greet", language))
        return True

    def cancel(self, reply_id: str | None = None) -> bool:
        self.asked.append(("cancel", reply_id))
        active, self._active = self._active, None
        if active is None or reply_id not in (None, active):
            return False
        self.happen(ReplyDone(active, 1, "cancelled", "他是", 4800, StageTimes(), "client_cancelled"))
        return True

    def hold_reply(self, reply_id: str = "resp_held") -> None:
        """Begin a reply that only a cancellation ends."""
        self._active = reply_id
        self.happen(*spoken_reply(reply_id)[:5])

    def truncate(self, reply_id: str, audio_end_ms: int) -> None:
        if audio_end_ms > 400:
            raise ProtocolError("It is shorter.", "没有那么长。", code="item_truncate_invalid_audio_end_ms")
        self.asked.append(("truncate", reply_id, audio_end_ms))

    def played(self, reply_id: str, audio_end_ms: int) -> None:
        self.asked.append(("played", reply_id, audio_end_ms))

    def request_key_frame(self) -> None:
        self.asked.append(("request_key_frame",))

    def suspend(self) -> None:
        self.asked.append(("suspend",))
        self.cancel()

    def resume(self) -> None:
        self.asked.append(("resume",))


class LivelySession(FakeSession):
    """Replies in real time, with a generated face, for looking at a page."""

    async def start(self) -> None:
        await super().start()
        self._face = asyncio.create_task(self._show())

    async def close(self) -> None:
        self._face.cancel()
        await super().close()

    def answer(self, reply_id: str, generation: int) -> None:
        self._speaking = asyncio.create_task(self._speak(reply_id, generation))

    async def _speak(self, reply_id: str, generation: int) -> None:
        self.happen(ReplyStarted(reply_id, generation, "zh"), PresenceChanged("speaking"))
        self._generation, self._index = generation, 0
        block = tone(0.2)
        for index in range(15):
            self.happen(ReplyAudio(reply_id, generation, index * block.size, block), ReplyText(reply_id, "啊"))
            await asyncio.sleep(0.19)
        done = ReplyDone(reply_id, generation, "completed", "啊" * 15, 15 * block.size, StageTimes(first_audio_s=0.1))
        self.happen(done, PresenceChanged("idle"))

    async def _show(self) -> None:
        from avatar.face.encode import H264Encoder, JpegEncoder

        size = self.options.size
        encoder = H264Encoder(size) if self.options.codec == "h264" else JpegEncoder(size)
        self._generation, self._index = 0, 0
        while self.options.video:
            shade = np.full((size, size, 3), 60 + self._index * 3 % 120, dtype=np.uint8)
            shade[:: 16 + self._index % 16] = 200
            packet = encoder.encode(shade, key=self._index == 0)
            self.happen(Video(self._generation, self._index * 1000 // FPS, packet))
            self._index += 1
            await asyncio.sleep(SAMPLES_PER_FRAME / SPEECH_RATE)


class FakeHouse:
    """Opens fake sessions, and keeps them for the test to look at."""

    def __init__(self, make: Callable[[Persona, SessionOptions], FakeSession] = FakeSession) -> None:
        self.opened: list[FakeSession] = []
        self.known = [fake_persona(), fake_persona("bob")]
        self._make = make

    def open(self, persona_id: str, options: SessionOptions) -> FakeSession:
        persona = next(persona for persona in self.known if persona.id == persona_id)
        self.opened.append(self._make(persona, options))
        return self.opened[-1]

    def personas(self) -> list[Persona]:
        return self.known


def main() -> None:
    """Serve lively sessions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=7860)
    house = FakeHouse(LivelySession)
    listener = listen("127.0.0.1", parser.parse_args().port)
    serve(create_app(house.open, house.personas, Settings()), listener)


if __name__ == "__main__":
    main()
