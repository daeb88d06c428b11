"""What a client of a session may choose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from avatar.errors import Language
from avatar.live.turns import TurnDetection
from avatar.stages import Functions

NO_FUNCTIONS = Functions(())


@dataclass(frozen=True, slots=True)
class ReplyWish:
    """What a client wishes of one reply; where it wishes nothing, the session's options hold.

    Attributes:
        instructions: for this reply only, after the session's own. With them, a reply to nothing is no greeting.
        sound: whether it is spoken.
        max_tokens: of its text.
        apart: it stands beside the conversation: what waits for an answer goes on waiting, and nothing of the reply is
            remembered.
        question: for a reply apart: what it answers, in place of the whole conversation.
        functions: that the model may ask for, in place of the session's.
    """

    instructions: str = ""
    sound: bool | None = None
    max_tokens: int | None = None
    apart: bool = False
    question: str = ""
    functions: Functions | None = None


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """A client's choices.

    Attributes:
        video: whether pictures are drawn and sent.
        size: their width and height in pixels.
        codec: how they are encoded.
        sound: whether replies are spoken; else they are text only.
        language: the language of the conversation; None follows the user.
        voice: a voice profile's id; None is the persona's own.
        speed: of speech, 0.5..2.
        instructions: the client's own, added to the persona's card.
        max_tokens: of one answer; None is the server's setting.
        transcribe: whether the user's words are reported.
        waits: whether the player stands still while a reply is held; else it plays on what it has.
        turn_detection: how the user's turns are found; None leaves it to commits.
        functions: that the model may ask for.
        filler: whether a filler is said where the answer takes longer than a second.
        user: whose memories are used, as `memory.store.user_of` gives it; empty uses none.
    """

    video: bool = False
    size: int = 512
    codec: Literal["h264", "jpeg"] = "h264"
    sound: bool = True
    language: Language | None = None
    voice: str | None = None
    speed: float = 1.0
    instructions: str = ""
    max_tokens: int | None = None
    transcribe: bool = True
    waits: bool = True
    turn_detection: TurnDetection | None = field(default_factory=TurnDetection)
    functions: Functions = NO_FUNCTIONS
    filler: bool = False
    user: str = ""
