"""One live conversation: it hears, understands, answers, speaks, shows a face, and can be interrupted at any moment.

The session joins the stages and computes nothing itself. It lives on one event loop; what computes runs in worker
threads. What it has to tell leaves through `events`; the sockets translate.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from types import TracebackType
from uuid import uuid4

from avatar.dialog.conversation import Conversation
from avatar.dialog.persona import Persona
from avatar.errors import AvatarError, Language, whence
from avatar.live.events import Failed, PartlyUnderstood, SessionEvent, SpeechStarted, SpeechStopped, Understood
from avatar.live.inbox import Inbox, new_id, words
from avatar.live.listening import Ears, Heard
from avatar.live.options import ReplyWish, SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import FaceLoop
from avatar.live.reply import Clock
from avatar.live.replying import Replies
from avatar.live.shared import SharedStages
from avatar.live.telling import internal_error
from avatar.media import Samples
from avatar.stages import HearingHints, Transcript

log = logging.getLogger(__name__)

FaceMaker = Callable[[Outlet, SessionOptions], FaceLoop]
"""Makes the face's loop for one session; blocks while the portrait is prepared."""


class Session:
    """A conversation between one person and one persona.

    Args:
        conversation: the persona, its knowledge and what was said.
        stages: the shared engines.
        options: what the client chose.
        make_face: makes the face, where pictures are wanted.
        now: the clock, in seconds.
        seed: of what is left to chance.
    """

    def __init__(
        self,
        conversation: Conversation,
        stages: SharedStages,
        options: SessionOptions,
        make_face: FaceMaker,
        now: Clock = time.monotonic,
        seed: int = 0,
    ) -> None:
        self.id = f"sess_{uuid4().hex[:16]}"
        self.options = options
        self._conversation = conversation
        self._stages = stages
        self._make_face = make_face
        self._now = now
        self._outlet = Outlet()
        self._replies = Replies(conversation, stages, self._outlet, lambda: self.options, now, seed)
        self._ears = Ears(stages, self, self._hints, lambda: self._replies.floor, now)
        self._ears.configure(options.turn_detection)
        conversation.instructions = options.instructions
        conversation.meet(options.user)
        self._tasks: set[asyncio.Task[None]] = set()
        self._inbox = Inbox()
        self._away = False
        self._owed = False
        self._untouched = True
        self._replies.on_over = self._answer_owed

    @property
    def persona(self) -> Persona:
        """Who is talked to."""
        return self._conversation.persona

    @property
    def lagging(self) -> bool:
        """Whether the machine is too slow for it: its pictures, which give way first, come too late."""
        return self._replies.lagging

    async def start(self) -> None:
        """Begin to listen and to show the face.

        Raises:
            PhotoError: the persona's portrait cannot be used.
        """
        if self.options.video:
            face = await self._stages.run(lambda: self._make_face(self._outlet, self.options))
            self._replies.show(face)
            self._spawn(face.run())
        self._spawn(self._ears.listen())
        self._spawn(self._warm())

    async def close(self) -> None:
        """Break off everything; the events end."""
        await self._replies.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._ears.close()
        self._outlet.close()

    async def __aenter__(self) -> Session:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def events(self) -> AsyncIterator[SessionEvent]:
        """What happens, in order, until the session closes. For one reader."""
        return self._outlet.read()

    def configure(self, options: SessionOptions) -> None:
        """Change what the client chose. Whether there are pictures, and their size, stay as they were at the start."""
        kept = self.options
        self.options = replace(options, video=kept.video, size=kept.size, codec=kept.codec)
        self._ears.configure(options.turn_detection)
        self._instruct()
        if options.user != kept.user:
            self._conversation.meet(options.user)
            self._spawn(self._read())
        if options.filler and not kept.filler:
            self._spawn(self._prepare())

    def hear(self, samples: Samples) -> None:
        """Take in the microphone's sound: float32 [n] at SPEECH_RATE.

        Raises:
            AudioError: more than ten minutes wait for a commit.
        """
        self._ears.hear(samples)

    def commit(self) -> str:
        """End the user's utterance now; returns its id. It is answered by the next reply.

        Raises:
            ProtocolError: less than 100 ms were heard.
        """
        heard = self._ears.commit()
        self._untouched = False
        self._inbox.speak(heard)
        self._spawn(self._report(heard))
        return heard.id

    def clear_input(self) -> None:
        """Throw away the sound that was heard and not yet committed."""
        self._ears.clear()

    def type(self, text: str, item_id: str | None = None) -> str:
        """Add a typed message; returns its id. It is answered by the next reply.

        Args:
            item_id: chosen by the client.

        Raises:
            TextError: the text is empty or too long, or too much waits for an answer.
        """
        item_id = self._inbox.type(text, item_id)
        self._untouched = False
        return item_id

    def recall(self, text: str, item_id: str | None = None) -> str:
        """Add what the persona is to have answered to the messages typed since its last answer; returns its id.

        Raises:
            TextError: the text is empty or too long.
        """
        text, item_id = words(text), item_id or new_id()
        self._untouched = False
        self._replies.recall(self._inbox.take_typed(), text, item_id)
        return item_id

    def note(self, text: str, item_id: str | None = None) -> str:
        """Add to the instructions; returns the note's id.

        Raises:
            TextError: the text is empty or too long, or there are too many notes.
        """
        item_id = self._inbox.note(text, item_id)
        self._instruct()
        return item_id

    def returned(self, call_id: str, result: str) -> None:
        """Take in what a function gave that a reply asked for; the next reply goes on from it.

        Raises:
            ProtocolError: no reply asked for it.
        """
        self._replies.returned(call_id, result)

    def forget(self, item_id: str) -> None:
        """Forget a message, an utterance, a note, or a reply, by its id. One that is not known is passed over."""
        if self._inbox.forget(item_id):
            self._instruct()
        self._replies.forget(item_id)

    def reply(self, wish: ReplyWish | None = None) -> str:
        """Answer what was said since the last reply, or greet; returns the reply's id.

        Args:
            wish: what the client wishes of this reply.

        Raises:
            ProtocolError: a reply is being given already.
        """
        return self._begin(self._now(), asked=True, wish=wish)

    def greet(self, language: Language | None = None) -> bool:
        """Greet whoever has come: once, and only while nothing was said yet; False where it is too late for that.

        Args:
            language: to greet in, unless the options fix one.
        """
        if not self._untouched or self._away:
            return False
        if wanted := self.options.language or language:
            self._replies.follow(self.persona.speaks(wanted))
        self._begin(self._now(), asked=True)
        return True

    def cancel(self, reply_id: str | None = None) -> bool:
        """Break off the current reply at once; False where there is none (of that id)."""
        self._owed = False
        return self._replies.cancel("client_cancelled", reply_id)

    def truncate(self, reply_id: str, audio_end_ms: int) -> None:
        """Keep only the words of a reply that sounded before a time.

        Raises:
            ProtocolError: there is no such reply, or it is shorter than that.
        """
        self._replies.truncate(reply_id, audio_end_ms)

    def played(self, reply_id: str, audio_end_ms: int) -> None:
        """The player's report: how much of a reply was heard."""
        self._replies.played(reply_id, audio_end_ms)

    def request_key_frame(self) -> None:
        """The next picture shall be one that can be decoded by itself."""
        self._outlet.key_frame_wanted = True

    def suspend(self) -> None:
        """The client is gone, perhaps for a moment: break off the reply, forget sound that is no turn yet, rest."""
        self._away = True
        self._owed = self._owed or self._replies.unheard
        self._replies.cancel("disconnected")
        self._ears.clear()
        if self._replies.face is not None:
            self._replies.face.rest()

    def resume(self) -> None:
        """The client is back. A reply of which it heard nothing is begun again."""
        self._away = False
        if self._replies.face is not None:
            self._replies.face.wake()
        owed, self._owed = self._owed, False
        if owed and not self._replies.active:
            self._begin(self._now(), asked=True)

    # what the ears tell

    def on_speech(self, utterance_id: str, at_ms: int) -> None:
        self._untouched = False
        self._stages.leisure.disturb()
        self._outlet.put(SpeechStarted(utterance_id, at_ms))
        if not self._replies.active:
            self._replies.attend("listening")

    def on_hold(self) -> None:
        self._replies.hold()

    def on_release(self) -> None:
        self._replies.go_on()

    def on_interruption(self) -> None:
        self._replies.attend("listening")
        self._replies.cancel("turn_detected")

    def on_stop(self, heard: Heard, start_ms: int, end_ms: int) -> None:
        self.on_speech(heard.id, start_ms)
        self.on_interruption()
        self._outlet.put(SpeechStopped(heard.id, end_ms))
        self._spawn(self._report(heard))

    def curious(self) -> bool:
        return not self._replies.preparing

    def on_partial(self, utterance_id: str, transcript: Transcript) -> None:
        if transcript.text:
            self._outlet.put(PartlyUnderstood(utterance_id, transcript.text, transcript.language))
            self._replies.expect(transcript.text)

    def on_utterance(self, heard: Heard, at_ms: int) -> None:
        self._outlet.put(SpeechStopped(heard.id, at_ms))
        self._inbox.speak(heard)
        self._spawn(self._report(heard))
        detection = self.options.turn_detection
        if detection is None or not detection.create_response:
            return
        if self._away or self._replies.active:
            self._owed = True
        else:
            self._begin(heard.ended, asked=False)

    def on_failure(self, error: AvatarError) -> None:
        self._outlet.put(Failed(error))

    async def _report(self, heard: Heard) -> None:
        """Tell what was understood, as soon as it is."""
        try:
            transcript = await asyncio.shield(heard.transcript)
        except AvatarError as error:
            self.on_failure(error)
        else:
            self._outlet.put(Understood(heard.id, transcript.text, transcript.language))

    async def _warm(self) -> None:
        """Let the model read the persona's card, so that the first answer starts sooner."""
        await self._read()
        await self._prepare()

    async def _read(self) -> None:
        try:
            await self._conversation.warm(self._replies.language)
        except AvatarError as error:
            self.on_failure(error)

    async def _prepare(self) -> None:
        """Make the fillers. Where that fails there are none; a voice that fails is told when it is to speak."""
        try:
            await self._replies.prepare()
        except AvatarError as error:
            log.info("fillers_failed", extra={"session_id": self.id, "code": error.code})

    def _begin(self, zero: float, *, asked: bool, wish: ReplyWish | None = None) -> str:
        reply = self._replies.begin(self._inbox.questions, zero, asked=asked, wish=wish)
        reply.watch.mark("turn_end_s")
        self._untouched = False
        if wish is None or not wish.apart:
            self._inbox.questions = []
        self._owed = False
        return reply.id

    def _answer_owed(self) -> None:
        """A reply is over: answer what was asked while it was not to be interrupted."""
        if self._owed and not self._away:
            self._begin(self._now(), asked=False)

    def _instruct(self) -> None:
        """Put the client's instructions and its notes before the persona."""
        self._conversation.instructions = "\n".join(filter(None, [self.options.instructions, *self._inbox.notes]))

    def _hints(self) -> HearingHints:
        hints = self._conversation.hints
        return replace(hints, language=self.options.language or hints.language)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run something for as long as the session lives."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("session_task_failed error=%s", whence(error), extra={"session_id": self.id})
            self.on_failure(internal_error())
