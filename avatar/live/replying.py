"""The replies of one session: one at a time, begun, held, played out or broken off.

What a reply says is worked out in `composing`, told in `telling` and remembered in `remembering`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from avatar.dialog.conversation import Conversation
from avatar.errors import AvatarError, Language, ProtocolError, whence
from avatar.live.composing import Composer
from avatar.live.events import CancelReason
from avatar.live.exchange import Exchange, Question, Typed
from avatar.live.options import ReplyWish, SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import PLAYER_BUFFER_S, FaceLoop
from avatar.live.remembering import Memory
from avatar.live.reply import Clock, Reply, Stopwatch
from avatar.live.shared import SharedStages
from avatar.live.telling import Teller, internal_error
from avatar.live.turns import Floor
from avatar.stages import Presence

log = logging.getLogger(__name__)


class Replies:
    """Gives the replies of one session.

    Args:
        conversation: the persona and what was said so far.
        stages: the shared engines.
        outlet: where the session's events go.
        options: asked for at each reply, since they may change.
        seed: of what is left to chance.

    Attributes:
        on_over: called when a reply has been heard to its end.
    """

    def __init__(
        self,
        conversation: Conversation,
        stages: SharedStages,
        outlet: Outlet,
        options: Callable[[], SessionOptions],
        now: Clock = time.monotonic,
        seed: int = 0,
    ) -> None:
        self._options = options
        self._now = now
        self._teller = Teller(outlet, now)
        self._composer = Composer(conversation, stages, self._teller, options, seed)
        self._leisure = stages.leisure
        self._memory = Memory(conversation, stages.leisure, stages.run, now)
        self.on_over: Callable[[], None] = lambda: None
        self._generation = 0
        self._current: Exchange | None = None
        self._unheard: list[Question] = []

    @property
    def face(self) -> FaceLoop | None:
        """What shows the replies, where there are pictures."""
        return self._teller.face

    @property
    def language(self) -> Language:
        """Of the last reply, and of the next one, where its question does not tell."""
        return self._composer.language

    @property
    def lagging(self) -> bool:
        """Whether the machine is too slow for the pictures."""
        face = self._teller.face
        return face is not None and face.lagging

    @property
    def active(self) -> bool:
        """Whether a reply is being prepared, sent or heard."""
        return self._current is not None

    @property
    def floor(self) -> Floor:
        """Who has the floor."""
        if self._current is None:
            return "free"
        return "answering" if self.unheard else "sounding"

    @property
    def unheard(self) -> bool:
        """Whether a reply is being prepared of which nothing was sent yet, but perhaps a filler."""
        exchange = self._current
        return exchange is not None and exchange.unheard

    def follow(self, language: Language) -> None:
        """The language to go on in, where neither the client nor a question tells another."""
        self._composer.language = language

    def show(self, face: FaceLoop) -> None:
        """Show the replies on a face from now on."""
        self._teller.face = face

    def attend(self, presence: Presence) -> None:
        """What the persona does from now on; told to the face and to the client."""
        self._teller.attend(presence)

    @property
    def preparing(self) -> bool:
        """Whether the answer to what was understood so far is being prepared: to understand more would delay it."""
        return self._composer.preparing

    def expect(self, question: str) -> None:
        """The beginning of a question was understood; prepare to answer it."""
        self._leisure.disturb()
        self._composer.expect(question)

    async def prepare(self) -> None:
        """Make the fillers that the options ask for.

        Raises:
            AvatarError: the voice is not there, or failed.
        """
        await self._composer.prepare()

    def begin(self, questions: Sequence[Question], zero: float, *, asked: bool, wish: ReplyWish | None = None) -> Reply:
        """Begin a reply to what was said.

        Args:
            questions: in order; may still be being understood. With none, the persona greets.
            zero: the time from which the stages are timed: the end of the user's speech.
            asked: the client asked for this reply, so it is announced even if nothing was understood.
            wish: what the client wishes of this reply.

        Raises:
            ProtocolError: a reply is being given already.
        """
        if self._current is not None and self._current.reply.status is None:
            raise ProtocolError(
                "A response is in progress; cancel it or wait for response.done.",
                "已有回复正在进行;请先取消,或等待 response.done。",
                code="conversation_already_has_active_response",
            )
        self._leave()
        self._generation = (self._generation + 1) % 65536
        reply = Reply(f"resp_{uuid4().hex[:16]}", self._generation, self.language, Stopwatch(zero, self._now))
        exchange = Exchange(reply, [*self._unheard, *questions], wish or ReplyWish())
        if exchange.wish.apart:
            exchange.questions = []
        else:
            self._unheard = []
        self._current = exchange
        self._memory.keep(exchange)
        if self.face is not None:
            self.face.on_first = reply.first_picture
        if asked:
            self._teller.announce(exchange)
        self.attend("thinking")
        self._leisure.begin(reply.id)
        exchange.task = asyncio.create_task(self._give(exchange))
        exchange.task.add_done_callback(lambda _: self._leisure.end(reply.id))
        return reply

    def cancel(self, reason: CancelReason, reply_id: str | None = None) -> bool:
        """Break off the current reply at once; False where there is none (of that id)."""
        exchange = self._current
        if exchange is None or (reply_id is not None and reply_id != exchange.reply.id):
            return False
        unsent, unheard = exchange.reply.status is None, self.unheard
        exchange.reply.cancel(reason)
        if self.face is not None:
            self.face.stop()
        if unsent:
            self._teller.done(exchange)
        if unheard and reason in ("turn_detected", "disconnected"):
            self._unheard = [*self._unheard, *exchange.questions]
            exchange.kept = False
        self._leave()
        return True

    def hold(self) -> None:
        """A voice over the reply: send no more of it until it is known what that means."""
        exchange = self._current
        if exchange is None or exchange.reply.held:
            return
        waits = self._options().waits
        exchange.reply.hold(player_waits=waits)
        if exchange.reply.sent > 0:
            self._teller.hold(exchange, player_waits=waits)

    def go_on(self) -> None:
        """The voice meant nothing: go on from where the reply was held."""
        exchange = self._current
        if exchange is not None and exchange.reply.held:
            exchange.reply.go_on()
            self._teller.go_on(exchange)

    def played(self, reply_id: str, audio_end_ms: int) -> None:
        """The player's report: how much of a reply was heard. The pictures follow it."""
        self._memory.played(reply_id, audio_end_ms)
        exchange, face = self._current, self._teller.face
        if face is not None and exchange is not None and exchange.reply.id == reply_id:
            face.heard(exchange.reply.generation, max(0, audio_end_ms) / 1000)

    def truncate(self, reply_id: str, audio_end_ms: int) -> None:
        """Keep only the words of a reply that sounded before a time. A reply that is still given is broken off there.

        Raises:
            ProtocolError: there is no such reply, or it is shorter than that.
        """
        self._memory.truncate(reply_id, audio_end_ms)
        self.cancel("client_cancelled", reply_id)

    def recall(self, questions: Sequence[Typed], text: str, key: str) -> None:
        """Remember an answer that the persona is to have given."""
        self._memory.recall(questions, text, key)

    def returned(self, call_id: str, result: str) -> None:
        """Take in what a function gave.

        Raises:
            ProtocolError: no reply asked for it.
        """
        self._memory.returned(self._current, call_id, result)

    def forget(self, key: str) -> None:
        """Forget a question or an answer by its id, wherever it stands."""
        self._unheard = [question for question in self._unheard if question.id != key]
        self._memory.forget(self._current, key)

    async def close(self) -> None:
        """Break off what runs and wait for it."""
        task = self._current.task if self._current is not None else None
        self._composer.forget()
        self.cancel("disconnected")
        if task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._memory.close()

    async def _give(self, exchange: Exchange) -> None:
        """The life of one reply, from question to silence."""
        reply = exchange.reply
        try:
            await self._composer.compose(exchange)
            reply.finish("completed")
        except AvatarError as error:
            self._teller.fail(exchange, error)
        except Exception as error:  # noqa: BLE001 - told as a failure of ours; the log has its place
            log.error("reply_failed error=%s", whence(error), extra={"response_id": reply.id})
            self._teller.fail(exchange, internal_error())
        self._teller.done(exchange)
        self._leisure.end(reply.id)
        self._memory.tidy()
        if self.face is not None:
            self.face.sound_complete()
        await self._play_out(reply)
        if self._current is exchange:
            self.go_on()
            self._settle()
            self.on_over()

    async def _play_out(self, reply: Reply) -> None:
        """Wait until what was sent has been heard, by the player's report or by the clock."""
        while (left := reply.left_to_play(self._now()) + PLAYER_BUFFER_S) > 0 and reply.sent:
            if reply.played is not None and reply.played >= reply.sent:
                return
            await asyncio.sleep(max(0.01, min(left, 0.1)))

    def _leave(self) -> None:
        """End the current exchange, wherever it stands."""
        exchange = self._current
        if exchange is not None and exchange.task is not None and exchange.task is not asyncio.current_task():
            exchange.task.cancel()
        if self.face is not None:
            self.face.go_on()
        self._settle()

    def _settle(self) -> None:
        """The current exchange is over."""
        exchange, self._current = self._current, None
        if exchange is not None:
            self._memory.settle(exchange)
        if self._teller.presence in ("speaking", "thinking"):
            self.attend("idle")
