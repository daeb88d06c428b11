"""The session's ears: from the microphone's sound to utterances that are understood.

Sound is taken in order by one task. While somebody speaks, what was said so far is recognized now and then, so that the
answer can be prepared. At the first short silence the utterance so far is recognized while the turn
detector is asked; if the speaker goes on, that work is void; if not, it is used as it is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import uuid4

from avatar.errors import AudioError, AvatarError, ProtocolError
from avatar.live.reply import Clock
from avatar.live.shared import SharedStages
from avatar.live.sound import HeardSound
from avatar.live.stopping import asks_to_stop
from avatar.live.turns import (
    Closed,
    Dismissed,
    Floor,
    Held,
    Interrupted,
    Opened,
    Paused,
    Released,
    Resumed,
    TurnAction,
    TurnDetection,
    TurnTaker,
)
from avatar.media import HEARING_RATE, MAX_UPLOAD_SECONDS, SPEECH_RATE, Samples
from avatar.stages import HearingHints, Transcript

log = logging.getLogger(__name__)

OVERHEAR_AFTER_S = 1.2
"""Sound of an utterance from which its beginning is worth understanding."""

OVERHEAR_EVERY_S = 1.4
"""New sound from which it is worth understanding again."""

OVERHEAR_UNTIL_S = 20.0
"""A longer utterance is understood at its end only: each time costs more, and tells less that is new."""

LEAST_UTTERANCE_S = 0.1
"""A shorter commit is refused, as OpenAI Realtime does."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance that is over.

    Attributes:
        id: the utterance's.
        ended: the time at which the voice fell silent.
        transcript: what was said, as soon as it is understood.
    """

    id: str
    ended: float
    transcript: asyncio.Future[Transcript]


class TurnListener(Protocol):
    """Who is told of what is heard."""

    def on_speech(self, utterance_id: str, at_ms: int) -> None:
        """The user began to speak."""

    def on_hold(self) -> None:
        """A voice over the reply, of which it is not known yet what it means."""

    def on_release(self) -> None:
        """It meant nothing."""

    def on_interruption(self) -> None:
        """The user speaks over the reply and means it."""

    def on_stop(self, heard: Heard, start_ms: int, end_ms: int) -> None:
        """What seemed to mean nothing was a request to stop."""

    def curious(self) -> bool:
        """Whether it helps to know now what is being said; asked while somebody speaks."""

    def on_partial(self, utterance_id: str, transcript: Transcript) -> None:
        """What was understood so far of an utterance that goes on."""

    def on_utterance(self, heard: Heard, at_ms: int) -> None:
        """The user's turn is over."""

    def on_failure(self, error: AvatarError) -> None:
        """A stage failed; listening goes on."""


@dataclass(frozen=True, slots=True)
class _Commit:
    heard: Heard


class _Clear:
    """Throw away what was gathered."""


class Ears:
    """Hears one microphone until it is cancelled.

    Args:
        stages: the shared engines.
        listener: is told what is heard.
        hints: asked for before each recognition, since they may change.
        floor: who has it.
    """

    def __init__(
        self,
        stages: SharedStages,
        listener: TurnListener,
        hints: Callable[[], HearingHints],
        floor: Callable[[], Floor],
        now: Clock = time.monotonic,
    ) -> None:
        self._stages = stages
        self._voice = stages.vad.open()
        self._hints = hints
        self._listener = listener
        self._floor = floor
        self._now = now
        self._sound = HeardSound()
        self._turns = TurnTaker()
        self._automatic = True
        self._inbox: asyncio.Queue[Samples | _Commit | _Clear] = asyncio.Queue()
        self._waiting = 0
        self._uncommitted = 0
        self._gathered_from = 0
        self._utterance_id = ""
        self._prepared: asyncio.Future[Transcript] | None = None
        self._scoring: asyncio.Task[None] | None = None
        self._weighing: asyncio.Task[None] | None = None
        self._in_work: set[asyncio.Future[Transcript]] = set()
        self._failing: set[str] = set()
        self._overhearing: asyncio.Task[None] | None = None
        self._overheard_until = 0

    def configure(self, detection: TurnDetection | None) -> None:
        """How turns are found from now on; None leaves it to commits."""
        self._automatic = detection is not None
        if detection is None:
            self._forget()
        self._turns.detection = detection or TurnDetection()

    def hear(self, samples: Samples) -> None:
        """Take in sound: float32 [n] at SPEECH_RATE.

        Raises:
            AudioError: more than ten minutes wait for a commit, or to be heard at all.
        """
        if self._waiting > MAX_UPLOAD_SECONDS * SPEECH_RATE:
            raise AudioError(
                "Ten minutes of sound wait to be heard. Send it no faster than it was spoken.",
                "已有十分钟的音频在等待处理。请按说话的速度发送。",
                code="input_audio_buffer_full",
            )
        self._uncommitted += samples.size
        if not self._automatic and self._uncommitted > MAX_UPLOAD_SECONDS * SPEECH_RATE:
            raise AudioError(
                "More than ten minutes of sound wait for a commit. Commit or clear the buffer.",
                "未提交的音频超过十分钟。请提交或清空缓冲区。",
                code="input_audio_buffer_full",
            )
        self._waiting += samples.size
        self._inbox.put_nowait(samples)

    def commit(self) -> Heard:
        """End the utterance now. It is at hand at once, before the sound that waits was taken in.

        Raises:
            ProtocolError: less than 100 ms were heard since the last one.
        """
        if self._uncommitted < LEAST_UTTERANCE_S * SPEECH_RATE:
            raise ProtocolError(
                "The input audio buffer holds less than 100 ms of sound; append some before the commit.",
                "输入音频不足 100 毫秒;请先追加音频再提交。",
                code="input_audio_buffer_commit_empty",
            )
        self._uncommitted = 0
        heard = Heard(_new_id(), self._now(), asyncio.get_running_loop().create_future())
        self._inbox.put_nowait(_Commit(heard))
        return heard

    def clear(self) -> None:
        """Throw away what was heard and not yet committed."""
        self._uncommitted = 0
        self._inbox.put_nowait(_Clear())

    def close(self) -> None:
        """Give up what is still being understood; what waits for a worker is not begun any more."""
        self._forget_preparation()
        for future in list(self._in_work):
            future.cancel()

    async def listen(self) -> None:
        """Take in what comes, in order, until cancelled."""
        while True:
            item = await self._inbox.get()
            try:
                await self._take(item)
            except AvatarError as error:
                self._tell_failure("voice activity", error)
            else:
                self._failing.discard("voice activity")

    async def _take(self, item: Samples | _Commit | _Clear) -> None:
        if isinstance(item, _Commit):
            self._commit(item.heard)
        elif isinstance(item, _Clear):
            self._forget()
            self._gathered_from = self._sound.end
        else:
            await self._take_sound(item)

    async def _take_sound(self, samples: Samples) -> None:
        self._waiting -= samples.size
        fresh = self._sound.append(samples)
        if not self._automatic:
            return
        for probability in await self._stages.run(lambda: self._voice.push(fresh)):
            self._act(self._turns.push(probability, self._floor()))
        self._overhear()
        self._sound.forget_before(min(self._turns.earliest_needed, self._sound.end))
        self._gathered_from = max(self._gathered_from, self._turns.earliest_needed)

    def _act(self, actions: list[TurnAction]) -> None:
        for action in actions:
            match action:
                case Held():
                    self._listener.on_hold()
                case Released():
                    self._listener.on_release()
                case Dismissed():
                    self._weigh(action)
                case Opened():
                    self._utterance_id = _new_id()
                    self._listener.on_speech(self._utterance_id, _ms(action.at))
                case Interrupted():
                    self._listener.on_interruption()
                case Paused():
                    self._pause(action)
                case Resumed():
                    self._forget_preparation()
                case Closed():
                    self._close(action)

    def _weigh(self, voice: Dismissed) -> None:
        if self._weighing is None or self._weighing.done():
            heard = Heard(_new_id(), self._now(), self._understand(voice.start, voice.end))
            self._weighing = asyncio.create_task(self._heed(voice, heard))

    async def _heed(self, voice: Dismissed, heard: Heard) -> None:
        """Understand what was too short for an interruption: "stop" is one nevertheless."""
        try:
            transcript = await heard.transcript
        except AvatarError as error:
            log.info("backchannel_failed", extra={"code": error.code})
            return
        if asks_to_stop(transcript.text) and self._floor() == "sounding":
            self._listener.on_stop(heard, _ms(voice.at), _ms(voice.end))

    def _pause(self, pause: Paused) -> None:
        if self._prepared is None and self._floor() == "free":
            self._prepared = self._understand(pause.start, pause.end)
        if pause.ask_detector and (self._scoring is None or self._scoring.done()):
            self._scoring = asyncio.create_task(self._score(pause))

    def _overhear(self) -> None:
        """Understand the utterance so far, if there is enough of it that is new and the speaker is not pausing."""
        start, end = self._turns.earliest_needed, self._turns.position
        fresh = (end - max(start, self._overheard_until)) / HEARING_RATE
        enough = OVERHEAR_AFTER_S if self._overheard_until <= start else OVERHEAR_EVERY_S
        if self._turns.state != "speaking" or self._turns.silent or self._floor() != "free":
            return
        if fresh < enough or end - start > OVERHEAR_UNTIL_S * HEARING_RATE:
            return
        if (self._overhearing is None or self._overhearing.done()) and self._listener.curious():
            self._overheard_until = end
            self._overhearing = asyncio.create_task(self._tell_partial(self._utterance_id, start, end))

    async def _tell_partial(self, utterance_id: str, start: int, end: int) -> None:
        try:
            transcript = await self._understand(start, end, rough=True)
        except AvatarError as error:
            log.info("partial_failed", extra={"code": error.code})
            return
        if utterance_id == self._utterance_id and self._turns.state != "quiet":
            self._listener.on_partial(utterance_id, transcript)

    async def _score(self, pause: Paused) -> None:
        """Ask the turn detector; the answer counts if the silence lasts."""
        sound = self._sound.part(max(pause.start, pause.end - 8 * HEARING_RATE), pause.end)
        try:
            probability = await self._stages.run(lambda: self._stages.turn_detector.finished(sound))
        except AvatarError as error:
            self._tell_failure("turn detector", error)
            return
        self._failing.discard("turn detector")
        self._act(self._turns.score(probability))

    def _close(self, closed: Closed) -> None:
        prepared, self._prepared = self._prepared, None
        self._forget_preparation()
        self._uncommitted = 0
        self._gathered_from = self._sound.end
        transcript = prepared or self._understand(closed.start, closed.end)
        heard = Heard(self._utterance_id, self._now() - closed.silence / HEARING_RATE, transcript)
        self._listener.on_utterance(heard, _ms(closed.end))

    def _commit(self, heard: Heard) -> None:
        start, end = self._gathered_from, self._sound.end
        self._forget()
        self._gathered_from = end
        self._understand(start, end).add_done_callback(lambda done: _hand_on(done, heard.transcript))
        self._sound.forget_before(end)

    def _understand(self, start: int, end: int, *, rough: bool = False) -> asyncio.Future[Transcript]:
        """Begin to recognize a stretch of sound; the sound itself may then be forgotten."""
        sound, hints = self._sound.part(start, end), replace(self._hints(), rough=rough)
        future = asyncio.ensure_future(self._stages.run(lambda: self._stages.recognizer.transcribe(sound, hints)))
        self._in_work.add(future)
        future.add_done_callback(self._in_work.discard)
        return future

    def _tell_failure(self, stage: str, error: AvatarError) -> None:
        """Tell that a stage fails: once, until it has worked again."""
        if stage not in self._failing:
            self._failing.add(stage)
            self._listener.on_failure(error)

    def _forget(self) -> None:
        self._forget_preparation()
        self._act(self._turns.reset())

    def _forget_preparation(self) -> None:
        if self._prepared is not None:
            self._prepared.cancel()
            self._prepared = None
        if self._scoring is not None:
            self._scoring.cancel()
            self._scoring = None


def _hand_on(done: asyncio.Future[Transcript], waiting: asyncio.Future[Transcript]) -> None:
    """Give the outcome of one future to another."""
    if done.cancelled() or waiting.done():
        waiting.cancel()
    elif (error := done.exception()) is not None:
        waiting.set_exception(error)
    else:
        waiting.set_result(done.result())


def _new_id() -> str:
    return f"item_{uuid4().hex[:16]}"


def _ms(position: int) -> int:
    return round(position * 1000 / HEARING_RATE)
