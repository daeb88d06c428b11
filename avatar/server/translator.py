"""Between one session and one socket, both ways, without either: what both sockets use."""

from __future__ import annotations

import time
from collections.abc import Callable

from avatar.errors import AvatarError, ProtocolError
from avatar.live.events import PresenceChanged, SessionEvent, Video
from avatar.server.choices import Choices, Ticket, session_object
from avatar.server.commands import Commands
from avatar.server.failures import error_object
from avatar.server.narration import Narration, Outgoing
from avatar.server.protocol.client import AvatarKeyFrame, AvatarPlayed, InputAudioAppend
from avatar.server.protocol.objects import ConversationObject
from avatar.server.protocol.parsing import parse_client_event
from avatar.server.protocol.server import (
    AvatarReady,
    AvatarState,
    ConversationCreated,
    ErrorEvent,
    SessionCreated,
)
from avatar.server.sessions import LiveSession
from avatar.server.state import WireState


class Translator:
    """Translates one conversation for the socket that it is held on. Sans-I/O.

    Args:
        choices: what the client chose when it connected.
        now: the clock, in seconds.
        ticket: for coming back.

    Attributes:
        touched: when something was last said, written, asked for or told; sound that holds no speech does not count.
    """

    def __init__(
        self,
        session: LiveSession,
        choices: Choices,
        now: Callable[[], float] = time.monotonic,
        ticket: Ticket | None = None,
    ) -> None:
        language = choices.options.language or session.persona.languages[0]
        self._state = WireState(session, choices, language, ticket or Ticket())
        self._commands = Commands(self._state, now)
        self._narration = Narration(self._state)
        self._now = now
        self.touched = now()

    def opening(self, *, resumed: bool = False) -> list[Outgoing]:
        """What a client is told first on a socket.

        Args:
            resumed: the conversation began on another one.
        """
        state = self._state
        self._narration.restart()
        self.touched = self._now()
        told: list[Outgoing] = [
            SessionCreated(session=session_object(state.choices, state.session, state.ticket)),
            ConversationCreated(conversation=ConversationObject(id=state.conversation_id)),
        ]
        if state.choices.events:
            options = state.choices.options
            told.append(
                AvatarReady(
                    session=state.session.id,
                    persona=state.session.persona.id,
                    codec=options.codec,
                    size=options.size,
                    generation=state.generation,
                    resume=state.ticket.resume,
                    resumed=resumed,
                )
            )
            told.append(AvatarState(state=state.presence))
        return told

    def from_session(self, event: SessionEvent) -> list[Outgoing]:
        """What is sent for an event of the session."""
        if not isinstance(event, Video | PresenceChanged):
            self.touched = self._now()
        return self._narration.tell(event)

    def from_text(self, text: str) -> list[Outgoing]:
        """Take in a text frame; what is answered at once, if only an error."""
        event_id: str | None = None
        try:
            event = parse_client_event(text)
            event_id = event.event_id
            if not isinstance(event, InputAudioAppend | AvatarPlayed | AvatarKeyFrame):
                self.touched = self._now()
            return [*self._commands.carry_out(event)]
        except AvatarError as error:
            return [self._error(error, event_id)]

    def from_binary(self, data: bytes) -> list[Outgoing]:
        """Take in a binary frame; the realtime socket has none."""
        try:
            if not self._state.choices.binary:
                raise ProtocolError(
                    "This socket takes JSON text frames only; sound goes into input_audio_buffer.append.",
                    "这个套接字只接受 JSON 文本帧;声音请用 input_audio_buffer.append。",
                    code="invalid_frame",
                )
            return [*self._commands.take_frame(data)]
        except AvatarError as error:
            return [self._error(error, None)]

    def _error(self, error: AvatarError, event_id: str | None) -> ErrorEvent:
        return ErrorEvent(error=error_object(error, self._state.language, event_id=event_id))
