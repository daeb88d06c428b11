"""What is remembered of the replies: the words that were heard, put right by what the player reports.

What takes time, summing up and learning, is done at leisure: between two turns, or when the talk is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from avatar.dialog.conversation import Conversation
from avatar.errors import ProtocolError
from avatar.live.exchange import Exchange, Typed
from avatar.live.leisure import Leisure
from avatar.live.reply import Clock
from avatar.live.running import Runner
from avatar.media import SPEECH_RATE

KEPT_REPLIES = 16
"""Replies that may still be truncated or reported on."""


class Memory:
    """Remembers the replies of one session.

    Args:
        conversation: where the history stands.
        leisure: when what takes time is done.
        run: runs what blocks.
        now: the clock, in seconds.
    """

    def __init__(self, conversation: Conversation, leisure: Leisure, run: Runner, now: Clock) -> None:
        self._conversation = conversation
        self._leisure = leisure
        self._run = run
        self._tidying: asyncio.Task[None] | None = None
        self._now = now
        self._recent: dict[str, Exchange] = {}
        self._last: Exchange | None = None

    def keep(self, exchange: Exchange) -> None:
        """A reply has begun: it may be reported on from now on."""
        self._recent[exchange.reply.id] = exchange
        while len(self._recent) > KEPT_REPLIES:
            del self._recent[next(iter(self._recent))]

    def settle(self, exchange: Exchange) -> None:
        """A reply is over: remember of it what was heard."""
        if not exchange.memorable:
            return
        reply = exchange.reply
        heard = exchange.told if not reply.answering else reply.heard(self._now())
        self._conversation.remember(
            exchange.question, heard, parts=exchange.parts, reply=reply.id, calls=exchange.calls
        )
        for call_id, result in exchange.results.items():
            self._conversation.returned(call_id, result)
        self._last = exchange
        for key in exchange.forgotten:
            self._conversation.forget(key)
        self.tidy()

    def tidy(self) -> None:
        """Sum up and learn at leisure, where there is anything to do."""
        if self._conversation.untidy and (self._tidying is None or self._tidying.done()):
            self._tidying = self._leisure.later(partial(self._conversation.tidy, self._run))

    def close(self) -> None:
        """The talk is over: what it taught is kept when there is time; no summary is needed any more."""
        if self._tidying is not None:
            self._tidying.cancel()
        if self._conversation.untidy:
            self._leisure.later(partial(self._conversation.learn, self._run))

    def played(self, reply_id: str, audio_end_ms: int) -> None:
        """The player's report: how much of a reply was heard."""
        exchange = self._recent.get(reply_id)
        if exchange is not None:
            exchange.reply.played = min(exchange.reply.sent, max(0, audio_end_ms) * SPEECH_RATE // 1000)
            if exchange is self._last:
                self._conversation.revise(exchange.reply.heard(self._now()), reply_id)

    def truncate(self, reply_id: str, audio_end_ms: int) -> None:
        """Keep only the words of a reply that sounded before a time.

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

    def recall(self, questions: Sequence[Typed], text: str, key: str) -> None:
        """Remember an answer that the persona is to have given."""
        parts = {question.id: question.message for question in questions}
        self._conversation.remember("\n".join(parts.values()), text, parts=parts, reply=key)

    def returned(self, current: Exchange | None, call_id: str, result: str) -> None:
        """Take in what a function gave that a reply, perhaps the current one, asked for.

        Raises:
            ProtocolError: no reply asked for it.
        """
        if current is not None and any(call.id == call_id for call in current.calls):
            current.results[call_id] = result
        elif not self._conversation.returned(call_id, result):
            raise ProtocolError(
                "No reply that is remembered asked for this call.",
                "没有哪条记得的回复请求过这个调用。",
                code="function_call_not_found",
            )

    def forget(self, current: Exchange | None, key: str) -> None:
        """Forget a question or an answer by its id; also of the current reply, once that is over."""
        if current is not None:
            current.forgotten.add(key)
        self._conversation.forget(key)
