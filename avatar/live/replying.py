"""The replies of one session: one at a time, begun, spoken, played out or broken off, and remembered as heard."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import uuid4

from avatar.dialog.conversation import Calling, Conversation
from avatar.dialog.passage import Found, Grounding
from avatar.errors import AvatarError, EngineError, Language, ProtocolError
from avatar.live.answering import clauses_of, language_of, speak
from avatar.live.anticipation import Anticipation
from avatar.live.events import (
    Called,
    CancelReason,
    Citation,
    Cited,
    Failed,
    PresenceChanged,
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyResumed,
    ReplyStarted,
    ReplyText,
)
from avatar.live.exchange import Exchange, Question, Typed
from avatar.live.options import ReplyWish, SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import PLAYER_BUFFER_S, FaceLoop
from avatar.live.reply import Clock, Reply, Stopwatch
from avatar.live.shared import SharedStages
from avatar.live.turns import Floor
from avatar.media import SPEECH_RATE, ClauseSpeech, Samples
from avatar.stages import Presence

log = logging.getLogger(__name__)

KEPT_REPLIES = 16
"""Replies that may still be truncated or reported on."""


class Replies:
    """Gives the replies of one session.

    Args:
        conversation: the persona and what was said so far.
        stages: the shared engines.
        outlet: where the session's events go.
        options: asked for at each reply, since they may change.
    """

    def __init__(
        self,
        conversation: Conversation,
        stages: SharedStages,
        outlet: Outlet,
        options: Callable[[], SessionOptions],
        now: Clock = time.monotonic,
    ) -> None:
        self._conversation = conversation
        self._stages = stages
        self._outlet = outlet
        self._options = options
        self._now = now
        self.face: FaceLoop | None = None
        self.on_over: Callable[[], None] = lambda: None
        self.presence: Presence = "idle"
        self.language: Language = options().language or conversation.persona.languages[0]
        self._anticipation = Anticipation(conversation, stages.run)
        self._generation = 0
        self._current: Exchange | None = None
        self._unheard: list[Question] = []
        self._recent: dict[str, Exchange] = {}
        self._remembered: Exchange | None = None

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
        """Whether a reply is being prepared of which nothing was sent yet."""
        exchange = self._current
        return exchange is not None and exchange.reply.status is None and not exchange.told and not exchange.reply.sent

    def attend(self, presence: Presence) -> None:
        """What the persona does from now on; told to the face and to the client."""
        if presence == self.presence:
            return
        self.presence = presence
        self._outlet.put(PresenceChanged(presence))
        if self.face is not None:
            self.face.attend(presence)

    def expect(self, question: str) -> None:
        """The beginning of a question was understood; prepare to answer it."""
        self._anticipation.expect(question, self._language_of(question))

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
        watch = Stopwatch(zero, self._now)
        reply = Reply(f"resp_{uuid4().hex[:16]}", self._generation, self.language, watch)
        exchange = Exchange(reply, [*self._unheard, *questions], wish or ReplyWish())
        if exchange.wish.apart:
            exchange.questions = []
        else:
            self._unheard = []
        self._current = exchange
        self._keep(exchange)
        if self.face is not None:
            self.face.on_first = reply.first_picture
        if asked:
            self._announce(exchange)
        self.attend("thinking")
        exchange.task = asyncio.create_task(self._give(exchange))
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
            self._tell_done(exchange)
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
            exchange.holding = True
            self._outlet.put(ReplyHeld(exchange.reply.id))
            if self.face is not None and waits:
                self.face.hold()

    def go_on(self) -> None:
        """The voice meant nothing: go on from where the reply was held."""
        exchange = self._current
        if exchange is None or not exchange.reply.held:
            return
        exchange.reply.go_on()
        if self.face is not None:
            self.face.go_on()
        if exchange.holding:
            exchange.holding = False
            self._outlet.put(ReplyResumed(exchange.reply.id))

    def played(self, reply_id: str, audio_end_ms: int) -> None:
        """The player's report: how much of a reply was heard."""
        exchange = self._recent.get(reply_id)
        if exchange is not None:
            exchange.reply.played = min(exchange.reply.sent, max(0, audio_end_ms) * SPEECH_RATE // 1000)
            if exchange is self._remembered:
                self._conversation.revise(exchange.reply.heard(self._now()), reply_id)

    def truncate(self, reply_id: str, audio_end_ms: int) -> None:
        """Keep only the words of a reply that sounded before a time. A reply that is still given is broken off there.

        Raises:
            ProtocolError: there is no such reply, or it is shorter than that.
        """
        exchange = self._recent.get(reply_id)
        if exchange is None:
            raise ProtocolError(
                "There is no such reply to truncate.", "没有可截断的这条回复。", code="item_truncate_invalid_item_id"
            )
        length_ms = exchange.reply.sent * 1000 // SPEECH_RATE
        if not 0 <= audio_end_ms <= length_ms + 1:
            raise ProtocolError(
                f"audio_end_ms is {audio_end_ms}, but the reply is {length_ms} ms long.",
                f"audio_end_ms 为 {audio_end_ms},但回复只有 {length_ms} 毫秒。",
                code="item_truncate_invalid_audio_end_ms",
            )
        self.played(reply_id, audio_end_ms)
        self.cancel("client_cancelled", reply_id)

    def recall(self, questions: Sequence[Typed], text: str, key: str) -> None:
        """Remember an answer that the persona is to have given."""
        parts = {question.id: question.message for question in questions}
        self._conversation.remember("\n".join(parts.values()), text, parts=parts, reply=key)

    def forget(self, key: str) -> None:
        """Forget a question or an answer by its id, wherever it stands."""
        self._unheard = [question for question in self._unheard if question.id != key]
        if self._current is not None:
            self._current.forgotten.add(key)
        self._conversation.forget(key)

    async def close(self) -> None:
        """Break off what runs and wait for it."""
        task = self._current.task if self._current is not None else None
        self._anticipation.forget()
        self.cancel("disconnected")
        if task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _give(self, exchange: Exchange) -> None:
        """The life of one reply, from question to silence."""
        reply = exchange.reply
        try:
            if await self._understand(exchange):
                await self._answer(exchange)
                self._tell_calls(exchange)
            reply.finish("completed")
        except AvatarError as error:
            self._fail(exchange, error)
        except Exception:
            log.exception("reply_failed", extra={"response_id": reply.id})
            self._fail(exchange, internal_error())
        self._tell_done(exchange)
        if self.face is not None:
            self.face.sound_complete()
        await self._play_out(reply)
        if self._current is exchange:
            self.go_on()
            self._settle()
            self.on_over()

    async def _understand(self, exchange: Exchange) -> bool:
        """Wait for the words; False where there are none to answer and nobody asked for a reply."""
        exchange.parts = {question.id: await question.text() for question in exchange.questions}
        exchange.reply.watch.mark("transcript_s")
        exchange.question = "\n".join(text for text in exchange.parts.values() if text) or exchange.wish.question
        if not exchange.question and not exchange.announced:
            return False
        exchange.reply.language = self.language = self._language_of(exchange.question)
        return True

    def _language_of(self, question: str) -> Language:
        """The language to answer in."""
        language = self._options().language or language_of(question, self.language)
        return self._conversation.persona.speaks(language)

    async def _answer(self, exchange: Exchange) -> None:
        reply, options = exchange.reply, self._options()
        clauses = clauses_of(await self._pieces(exchange), reply)
        if not (options.sound if exchange.wish.sound is None else exchange.wish.sound):
            async with contextlib.aclosing(clauses):
                async for clause in clauses:
                    self._tell_text(exchange, clause)
            return
        voice = options.voice or self._conversation.persona.voice

        def synthesize(clause: str) -> ClauseSpeech:
            return self._stages.synthesizer.speak(clause, voice, language=reply.language, speed=options.speed)

        await speak(clauses, synthesize, self._stages.run, reply, _Telling(self, exchange))
        self._tell_words(exchange, reply.text)

    async def _pieces(self, exchange: Exchange) -> AsyncIterator[str]:
        """The words of the answer as they are written; the greeting, where nothing was asked."""
        question, language, wish = exchange.question, exchange.reply.language, exchange.wish
        exchange.continues = not question and not wish.apart and self._conversation.continues
        if not question and not wish.instructions and not exchange.continues:
            self._announce(exchange)
            return _once(self._conversation.persona.greeting.of(language))
        grounding = Grounding(question, language, ())
        if question:
            grounding = await self._stages.run(lambda: self._conversation.ground(question, language))
        self._announce(exchange)
        if grounding.passages:
            citations = tuple(citation(found) for found in grounding.passages)
            self._outlet.put(Cited(exchange.reply.id, citations))
        await self._anticipation.arrive(grounding)
        max_tokens = wish.max_tokens or self._options().max_tokens or self._stages.max_tokens
        return self._conversation.answer(
            question,
            language,
            grounding,
            max_tokens=max_tokens,
            note=wish.instructions,
            alone=bool(wish.question),
            calling=self._calling(exchange),
        )

    def _calling(self, exchange: Exchange) -> Calling | None:
        """The functions that are offered for a reply; None where there are none."""
        wished = exchange.wish.functions
        functions = self._options().functions if wished is None else wished
        if functions.known and functions.choice != "none" and not exchange.wish.apart:
            exchange.calling = Calling(functions)
        return exchange.calling

    def _tell_calls(self, exchange: Exchange) -> None:
        if exchange.calls and exchange.reply.status is None:
            self._outlet.put(Called(exchange.reply.id, exchange.calls))

    def returned(self, call_id: str, result: str) -> None:
        """Take in what a function gave.

        Raises:
            ProtocolError: no reply asked for it.
        """
        exchange = self._current
        if exchange is not None and any(call.id == call_id for call in exchange.calls):
            exchange.results[call_id] = result
        elif not self._conversation.returned(call_id, result):
            raise ProtocolError(
                "No reply that is remembered asked for this call.",
                "没有哪条记得的回复请求过这个调用。",
                code="function_call_not_found",
            )

    def tell_clause(self, exchange: Exchange, speech: ClauseSpeech) -> None:
        """The next clause's timeline is known; its sound counts from what was sent so far."""
        exchange.reply.place(speech)
        exchange.clause_start = exchange.reply.sent
        exchange.clause = speech

    def tell_sound(self, exchange: Exchange, samples: Samples) -> None:
        """Send the clause's next sound, and the words that begin within it."""
        reply = exchange.reply
        if reply.status is not None or samples.size == 0:
            return
        start = reply.sent
        reply.watch.mark("first_audio_s")
        self.attend("speaking")
        if self.face is not None:
            phones = exchange.clause.phones if exchange.clause and start == exchange.clause_start else ()
            self.face.sound(reply.generation, samples, phones, exchange.clause_start)
        reply.playhead.send(samples.size, self._now())
        self._outlet.put(ReplyAudio(reply.id, reply.generation, start, samples))
        self._tell_words(exchange, reply.text_until(reply.sent))

    def _tell_words(self, exchange: Exchange, text: str) -> None:
        """Send what is new in a growing text."""
        new = text[len(exchange.told) :]
        if new and exchange.reply.status is None:
            exchange.told = text
            self._outlet.put(ReplyText(exchange.reply.id, new))

    def _tell_text(self, exchange: Exchange, clause: str) -> None:
        exchange.reply.watch.mark("first_clause_s")
        exchange.reply.write(clause)
        self._tell_words(exchange, exchange.reply.text)

    def _announce(self, exchange: Exchange) -> None:
        if not exchange.announced:
            exchange.announced = True
            reply = exchange.reply
            self._outlet.put(ReplyStarted(reply.id, reply.generation, reply.language))

    def _tell_done(self, exchange: Exchange) -> None:
        reply = exchange.reply
        if exchange.announced and not exchange.done and reply.status is not None:
            exchange.done = True
            done = ReplyDone(
                reply.id, reply.generation, reply.status, exchange.told, reply.sent, reply.watch.times, reply.reason
            )
            self._outlet.put(done)

    def _fail(self, exchange: Exchange, error: AvatarError) -> None:
        self._announce(exchange)
        exchange.reply.finish("failed")
        self._outlet.put(Failed(error, exchange.reply.id))

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
        """The current exchange is over: remember of it what was heard."""
        exchange, self._current = self._current, None
        if exchange is not None and exchange.memorable:
            heard = exchange.told if exchange.reply.sent == 0 else exchange.reply.heard(self._now())
            self._conversation.remember(
                exchange.question, heard, parts=exchange.parts, reply=exchange.reply.id, calls=exchange.calls
            )
            for call_id, result in exchange.results.items():
                self._conversation.returned(call_id, result)
            self._remembered = exchange
            for key in exchange.forgotten:
                self._conversation.forget(key)
        if self.presence in ("speaking", "thinking"):
            self.attend("idle")

    def _keep(self, exchange: Exchange) -> None:
        self._recent[exchange.reply.id] = exchange
        while len(self._recent) > KEPT_REPLIES:
            del self._recent[next(iter(self._recent))]


class _Telling:
    """Passes the speech of one exchange on."""

    def __init__(self, replies: Replies, exchange: Exchange) -> None:
        self._replies = replies
        self._exchange = exchange

    def on_clause(self, speech: ClauseSpeech) -> None:
        self._replies.tell_clause(self._exchange, speech)

    def on_sound(self, samples: Samples) -> None:
        self._replies.tell_sound(self._exchange, samples)


async def _once(text: str) -> AsyncIterator[str]:
    yield text


def citation(found: Found) -> Citation:
    """A passage as it is cited."""
    return Citation(found.id, found.work, found.place, found.quote)


def internal_error() -> EngineError:
    """What is told of an error that nobody foresaw."""
    return EngineError(
        "The reply could not be given because of an error in the server; its log says more.",
        "服务器出错,无法给出回复;详情见服务器日志。",
    )
