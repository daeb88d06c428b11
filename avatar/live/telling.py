"""Tells the client of a reply as it comes to be, and shows it to the face."""

from __future__ import annotations

from avatar.dialog.passage import Found, Grounding
from avatar.errors import AvatarError, EngineError
from avatar.live.events import (
    Called,
    Citation,
    Cited,
    Failed,
    Filled,
    PresenceChanged,
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyResumed,
    ReplyStarted,
    ReplyText,
    Styled,
)
from avatar.live.exchange import Exchange
from avatar.live.outlet import Outlet
from avatar.live.picture import FaceLoop
from avatar.live.reply import Clock
from avatar.media import ClauseSpeech, Samples
from avatar.stages import Presence, Style


class Teller:
    """Tells of the replies of one session.

    Args:
        outlet: where the session's events go.
        now: the clock, in seconds.

    Attributes:
        face: shown what is said; None where there are no pictures.
        presence: what the persona does, as it was last told.
    """

    def __init__(self, outlet: Outlet, now: Clock) -> None:
        self._outlet = outlet
        self._now = now
        self.face: FaceLoop | None = None
        self.presence: Presence = "idle"

    def attend(self, presence: Presence) -> None:
        """What the persona does from now on."""
        if presence == self.presence:
            return
        self.presence = presence
        self._outlet.put(PresenceChanged(presence))
        if self.face is not None:
            self.face.attend(presence)

    def announce(self, exchange: Exchange) -> None:
        """The reply begins; told once."""
        if not exchange.announced:
            exchange.announced = True
            reply = exchange.reply
            self._outlet.put(ReplyStarted(reply.id, reply.generation, reply.language))

    def cite(self, exchange: Exchange, grounding: Grounding) -> None:
        """The passages that the reply rests on, where there are any."""
        if grounding.passages:
            citations = tuple(citation(found) for found in grounding.passages)
            self._outlet.put(Cited(exchange.reply.id, citations))

    def clause(self, exchange: Exchange, speech: ClauseSpeech, style: Style = "calm") -> None:
        """The next clause's timeline is known, and how it is meant; its sound counts from what was sent so far."""
        exchange.reply.place(speech)
        exchange.clause_start = exchange.reply.sent
        exchange.clause, exchange.phones_told = speech, 0
        exchange.style = style

    def fill(self, exchange: Exchange, speech: ClauseSpeech) -> None:
        """Begin the reply with a filler: all of its sound, and none of its words."""
        reply = exchange.reply
        self.announce(exchange)
        reply.watch.mark("filler_s")
        reply.filled = speech.length or 0
        self._outlet.put(Filled(reply.id, speech.text, reply.filled))
        exchange.clause_start, exchange.clause, exchange.phones_told = 0, speech, 0
        for samples in speech.chunks:
            self.sound(exchange, samples)

    def sound(self, exchange: Exchange, samples: Samples) -> None:
        """Send the clause's next sound, and the words that begin within it."""
        reply = exchange.reply
        if reply.status is not None or samples.size == 0:
            return
        start = reply.sent
        filler = start < reply.filled
        if not filler:
            reply.watch.mark("first_audio_s")
        self.attend("speaking")
        if start == exchange.clause_start and not filler:
            self._feel(exchange)
        if self.face is not None:
            phones = exchange.clause.phones[exchange.phones_told :] if exchange.clause else ()
            exchange.phones_told += len(phones)
            self.face.sound(reply.generation, samples, phones, exchange.clause_start, exchange.style)
        reply.playhead.send(samples.size, self._now())
        self._outlet.put(ReplyAudio(reply.id, reply.generation, start, samples, filler))
        self.words(exchange, reply.text_until(reply.sent))

    def _feel(self, exchange: Exchange) -> None:
        """Tell how the clause that begins is meant, where it is meant otherwise than what went before."""
        reply = exchange.reply
        if exchange.style != exchange.told_style:
            exchange.told_style = exchange.style
            self._outlet.put(Styled(reply.id, exchange.style, exchange.clause_start))

    def words(self, exchange: Exchange, text: str) -> None:
        """Send what is new in a growing text."""
        new = text[len(exchange.told) :]
        if new and exchange.reply.status is None:
            exchange.told = text
            self._outlet.put(ReplyText(exchange.reply.id, new))

    def text(self, exchange: Exchange, clause: str) -> None:
        """Send a clause of a reply that has no sound."""
        exchange.reply.watch.mark("first_clause_s")
        exchange.reply.write(clause)
        self.words(exchange, exchange.reply.text)

    def calls(self, exchange: Exchange) -> None:
        """The functions that the reply asks for, where it asks for any."""
        if exchange.calls and exchange.reply.status is None:
            self._outlet.put(Called(exchange.reply.id, exchange.calls))

    def hold(self, exchange: Exchange, *, player_waits: bool) -> None:
        """A reply that sounds is held."""
        exchange.holding = True
        self._outlet.put(ReplyHeld(exchange.reply.id))
        if self.face is not None and player_waits:
            self.face.hold()

    def go_on(self, exchange: Exchange) -> None:
        """The reply goes on, where it was told to be held."""
        if self.face is not None:
            self.face.go_on()
        if exchange.holding:
            exchange.holding = False
            self._outlet.put(ReplyResumed(exchange.reply.id))

    def fail(self, exchange: Exchange, error: AvatarError) -> None:
        """The reply could not be given."""
        self.announce(exchange)
        exchange.reply.finish("failed")
        exchange.error = error
        self._outlet.put(Failed(error, exchange.reply.id))

    def done(self, exchange: Exchange) -> None:
        """Nothing more of the reply is sent; told once."""
        reply = exchange.reply
        if exchange.announced and not exchange.done and reply.status is not None:
            exchange.done = True
            self._outlet.put(
                ReplyDone(
                    reply.id,
                    reply.generation,
                    reply.status,
                    exchange.told,
                    reply.sent,
                    reply.watch.times,
                    reply.reason,
                    exchange.error if reply.status == "failed" else None,
                )
            )


def citation(found: Found) -> Citation:
    """A passage as it is cited."""
    return Citation(found.id, found.work, found.place, found.quote)


def internal_error() -> EngineError:
    """What is told of an error that nobody foresaw."""
    return EngineError(
        "The reply could not be given because of an error in the server; its log says more.",
        "服务器出错,无法给出回复;详情见服务器日志。",
    )
