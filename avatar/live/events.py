"""What a live session tells its socket. The sockets turn these into their own protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from avatar.errors import AvatarError, Language
from avatar.media import Packet, Samples
from avatar.stages import FunctionCall, Presence, Style

ReplyStatus = Literal["completed", "cancelled", "failed"]
CancelReason = Literal["turn_detected", "client_cancelled", "disconnected"]


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The user began to speak; `at_ms` of the audio received in this session.

    Over a reply it is told only when the voice has proved to be an interruption, unless the reply is not to be broken
    off: clients of OpenAI Realtime throw their sound away at it. A backchannel is never told.
    """

    utterance_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The user's turn is over and is being understood; one that the client ended is not told of here."""

    utterance_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class PartlyUnderstood:
    """What was understood so far of an utterance that goes on; each takes the place of the one before."""

    utterance_id: str
    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class Understood:
    """What the user said, final. An empty text means that nothing was understood and no reply follows."""

    utterance_id: str
    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """A reply begins; every later event of it carries its id, every packet its generation."""

    reply_id: str
    generation: int
    language: Language


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that the reply rests on.

    Attributes:
        passage_id: stable within the persona's knowledge.
        work: the title of the text.
        place: chapter or position in it, for a reader.
        quote: the words of the passage.
    """

    passage_id: str
    work: str
    place: str
    quote: str


@dataclass(frozen=True, slots=True)
class Cited:
    """The passages that were put before the persona for this reply."""

    reply_id: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The next words of the reply, sent with the sound that says them (or as written, for a reply without sound)."""

    reply_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Styled:
    """The reply is meant otherwise from a sample on; it begins calm."""

    reply_id: str
    style: Style
    at: int


@dataclass(frozen=True, slots=True)
class Filled:
    """The reply begins with a filler, such as "这个么……", of so many samples: the answer itself is still to come."""

    reply_id: str
    text: str
    length: int


@dataclass(frozen=True, slots=True)
class ReplyAudio:
    """The reply's next sound, without gaps; `start` is its first sample within the reply, at SPEECH_RATE.

    Attributes:
        filler: it is the filler that was told of, not the answer.
    """

    reply_id: str
    generation: int
    start: int
    samples: Samples
    filler: bool = False


@dataclass(frozen=True, slots=True)
class Video:
    """The next picture. `pts_ms` counts from the first sample of the generation's reply and goes on after its end.

    Attributes:
        waiting: the reply stands still at that time: the picture is to be shown at once, and those that come after the
            reply goes on begin at the same time again.
    """

    generation: int
    pts_ms: int
    packet: Packet
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class StageTimes:
    """When each stage of a reply first gave something, in seconds after the end of the user's speech (or of typing).

    The first sound is that of the answer; a filler counts as such, but the first picture may be that of a filler.
    """

    turn_end_s: float | None = None
    transcript_s: float | None = None
    first_token_s: float | None = None
    first_clause_s: float | None = None
    first_audio_s: float | None = None
    first_frame_s: float | None = None
    filler_s: float | None = None


@dataclass(frozen=True, slots=True)
class ReplyHeld:
    """A voice over the reply, of which it is not known yet what it means: no more sound is sent, and a player waits."""

    reply_id: str


@dataclass(frozen=True, slots=True)
class ReplyResumed:
    """The voice meant nothing: the reply goes on from where it was held."""

    reply_id: str


@dataclass(frozen=True, slots=True)
class Called:
    """The reply asks for functions. The client runs them and gives their results; the next reply goes on from them."""

    reply_id: str
    calls: tuple[FunctionCall, ...]


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """The reply is over: all of it was sent, or it was broken off.

    Attributes:
        text: the words that were sent as sound (or as text).
        length: samples of sound sent, at SPEECH_RATE.
        error: why it failed; told already by a `Failed`.
    """

    reply_id: str
    generation: int
    status: ReplyStatus
    text: str
    length: int
    times: StageTimes
    reason: CancelReason | None = None
    error: AvatarError | None = None


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """The persona now listens, thinks, speaks, or waits."""

    presence: Presence


@dataclass(frozen=True, slots=True)
class Failed:
    """Something went wrong; the session lives on."""

    error: AvatarError
    reply_id: str | None = None


SessionEvent = (
    SpeechStarted
    | SpeechStopped
    | PartlyUnderstood
    | Understood
    | ReplyStarted
    | Cited
    | ReplyText
    | Styled
    | Filled
    | ReplyAudio
    | Video
    | ReplyHeld
    | ReplyResumed
    | Called
    | ReplyDone
    | PresenceChanged
    | Failed
)
