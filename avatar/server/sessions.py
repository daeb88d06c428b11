"""What the sockets ask of a live session, and the HTTP routes of the engines. Tests have scripted ones.

`avatar.live.session.Session` and `avatar.live.host.SessionHost` are what the program runs on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from avatar.dialog.conversation import Conversation
from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import Persona
from avatar.errors import Language
from avatar.live.events import SessionEvent
from avatar.live.options import ReplyWish, SessionOptions
from avatar.live.shared import SharedStages
from avatar.media import Samples


class LiveSession(Protocol):
    """A conversation with one persona; see `avatar.live.session.Session` for what each call does and raises."""

    id: str

    @property
    def persona(self) -> Persona:
        """Who is talked to."""

    @property
    def lagging(self) -> bool:
        """Whether the machine is too slow for it."""

    async def start(self) -> None:
        """Begin to listen and to show the face."""

    async def close(self) -> None:
        """Break off everything; the events end."""

    def events(self) -> AsyncIterator[SessionEvent]:
        """What happens, in order."""

    def configure(self, options: SessionOptions) -> None:
        """Change what the client chose."""

    def hear(self, samples: Samples) -> None:
        """Take in sound: float32 [n] at SPEECH_RATE."""

    def commit(self) -> str:
        """End the user's utterance; returns its id."""

    def clear_input(self) -> None:
        """Throw away the sound that was not yet committed."""

    def type(self, text: str, item_id: str | None = None) -> str:
        """Add a typed message; returns its id."""

    def recall(self, text: str, item_id: str | None = None) -> str:
        """Add what the persona is to have answered; returns its id."""

    def note(self, text: str, item_id: str | None = None) -> str:
        """Add to the instructions; returns the note's id."""

    def returned(self, call_id: str, result: str) -> None:
        """Take in what a function gave."""

    def forget(self, item_id: str) -> None:
        """Forget a message, an utterance, a note or a reply."""

    def reply(self, wish: ReplyWish | None = None) -> str:
        """Begin a reply; returns its id."""

    def greet(self, language: Language | None = None) -> bool:
        """Greet, where nothing was said yet."""

    def cancel(self, reply_id: str | None = None) -> bool:
        """Break off the current reply; False where there is none."""

    def truncate(self, reply_id: str, audio_end_ms: int) -> None:
        """Keep only what sounded of a reply before a time."""

    def played(self, reply_id: str, audio_end_ms: int) -> None:
        """How much of a reply was heard."""

    def request_key_frame(self) -> None:
        """The next picture shall stand on its own."""

    def suspend(self) -> None:
        """The client is gone, perhaps for a moment."""

    def resume(self) -> None:
        """The client is back."""


class Stages(Protocol):
    """The engines, for routes that need no session. `avatar.live.host.SessionHost` is one. All calls may block."""

    def stages(self, persona: Persona | None = None) -> SharedStages:
        """The engines, those of a persona with its lexicon."""

    def conversation(self, persona_id: str) -> Conversation:
        """A new conversation with a persona."""

    def knowledge(self, persona: Persona) -> Knowledge:
        """What a persona knows, shared by every conversation with it."""

    def watch(self, opened: Callable[[str, Knowledge], None]) -> None:
        """Tell of each persona's knowledge when it is read, in whichever thread, and of what was read already now."""

    def read_card(self, persona_id: str) -> None:
        """Prepare for talks with a persona that is new or was changed; on the event loop, and does not block."""

    def forget(self, persona_id: str) -> None:
        """A persona goes, or another comes under its id; what is being written for it stops."""


SessionFactory = Callable[[str, SessionOptions], LiveSession]
"""Opens a session with the persona of an id; blocks while engines load. Raises NotFoundError for an unknown id."""

Personas = Callable[[], Sequence[Persona]]
"""The personas there are, the default first."""
