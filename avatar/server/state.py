"""What the two directions of one socket share."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from avatar.errors import Language
from avatar.media import SPEECH_RATE
from avatar.server.choices import Choices, Ticket
from avatar.server.items import Items
from avatar.server.protocol.objects import InputAudio, Metadata, UserItem
from avatar.server.protocol.server import InputAudioCommitted, ItemAdded, ItemDone, ServerEvent
from avatar.server.sessions import LiveSession
from avatar.stages import Presence


def new_id(kind: str) -> str:
    """An id such as "item_5f…"."""
    return f"{kind}_{secrets.token_hex(10)}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asked of one reply, as the wire shows it again.

    Attributes:
        sound: whether the reply is spoken; None as the session's replies are.
        max_tokens: None as the session has it.
        apart: the reply is no part of the conversation.
    """

    metadata: Metadata | None = None
    sound: bool | None = None
    max_tokens: int | None = None
    apart: bool = False


@dataclass(slots=True)
class WireState:
    """The state of one socket's conversation.

    Attributes:
        session: the live session.
        choices: what the client chose.
        language: of error messages.
        ticket: for coming back.
        items: the conversation.
        wishes: what the client asked of replies that have not begun yet, by reply id.
        voice_used: the voice that the persona has spoken with, once it has.
        reply_id: of the reply in progress.
        generation: of the last reply that was told of.
        presence: the last that was told.
        durations: of utterances, in seconds, until their transcript was told.
        heard: samples taken in since the last commit.
    """

    session: LiveSession
    choices: Choices
    language: Language
    ticket: Ticket = field(default_factory=Ticket)
    items: Items = field(default_factory=Items)
    conversation_id: str = field(default_factory=lambda: new_id("conv"))
    wishes: dict[str, Wish] = field(default_factory=dict)
    voice_used: str | None = None
    reply_id: str | None = None
    generation: int = 0
    presence: Presence = "idle"
    durations: dict[str, float] = field(default_factory=dict)
    heard: int = 0

    def follow(self, language: Language) -> None:
        """Speak of errors in the language that the conversation has taken."""
        self.language = self.choices.options.language or language

    def committed(self, utterance_id: str) -> list[ServerEvent]:
        """Tell of an utterance that is now an item; nothing where that was told before."""
        if self.items.was_told(utterance_id):
            return []
        item = UserItem(id=utterance_id, content=[InputAudio()])
        previous = self.items.add(item)
        return [
            InputAudioCommitted(previous_item_id=previous, item_id=utterance_id),
            ItemAdded(previous_item_id=previous, item=item),
            ItemDone(previous_item_id=previous, item=item),
        ]

    def note_commit(self, utterance_id: str) -> None:
        """The sound since the last commit is an utterance."""
        self.durations[utterance_id] = self.heard / SPEECH_RATE
        self.heard = 0
