"""What a client hears of, each kind a type of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from avatar.errors import AvatarError, Language
from avatar.media import SPEECH_RATE, Samples, from_pcm16
from avatar.server.protocol.framing import Flag, Kind, unpack
from avatar.stages import Presence, Style


class RefusedError(AvatarError):
    """The server did not let the client in.

    Attributes:
        status: of HTTP.
    """

    code = "refused"

    def __init__(self, status: int, en: str, zh: str, *, code: str) -> None:
        super().__init__(en, zh, code=code)
        self.status = status


@dataclass(frozen=True, slots=True)
class Connected:
    """The conversation is open. With `resumed` it goes on where the connection was lost."""

    persona: str
    resumed: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection was lost; another attempt follows after a pause."""

    pause_s: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation is over, and nothing follows. The codes stand in docs/protocol.md."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What the user said; empty where nothing was made out."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Replying:
    """A reply begins."""

    reply_id: str
    generation: int
    language: Language


@dataclass(frozen=True, slots=True)
class Cited:
    """The passages that the reply rests on: each with `id`, `work`, `place` and `quote`."""

    reply_id: str
    citations: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Meant:
    """How the reply is meant from a time within it on; it begins calm."""

    reply_id: str
    style: Style
    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class Words:
    """The reply's next words."""

    reply_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Sound:
    """The reply's next sound, without gaps: float32 [n] at 24 kHz; `start` is its first sample within the reply."""

    generation: int
    start: int
    samples: Samples


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: an H.264 access unit in Annex B form, or a JPEG; `pts_us` within its generation's reply.

    With `waiting` the reply stands still there, and the picture is to be shown at once.
    """

    generation: int
    pts_us: int
    key: bool
    codec: Literal["h264", "jpeg"]
    data: bytes
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The reply is over: all of it was sent, or it was broken off, or a stage failed."""

    reply_id: str
    status: Literal["completed", "cancelled", "failed"]
    text: str


@dataclass(frozen=True, slots=True)
class Present:
    """What the persona is doing now."""

    presence: Presence


@dataclass(frozen=True, slots=True)
class Problem:
    """An error; the conversation lives on."""

    code: str
    en: str
    zh: str


Event = (
    Connected | Lost | Ended | Heard | Replying | Cited | Meant | Words | Sound | Picture | Answered | Present | Problem
)

Json = dict[str, Any]


def from_json(event: Json) -> Event | None:
    """A text frame as an event; None for those that say nothing to a client of this kind."""
    read = _READERS.get(event["type"])
    return None if read is None else read(event)


def from_binary(data: bytes) -> Event | None:
    """A binary frame as an event; None for the end of a sound, which `Answered` tells.

    Raises:
        ProtocolError: not a frame.
    """
    frame = unpack(data)
    if frame.kind is Kind.SPEECH:
        start = round(frame.pts_us * SPEECH_RATE / 1_000_000)
        return Sound(frame.generation, start, from_pcm16(frame.payload)) if frame.payload else None
    codec: Literal["h264", "jpeg"] = "h264" if frame.kind is Kind.H264 else "jpeg"
    key, waiting = bool(frame.flags & Flag.KEY), bool(frame.flags & Flag.WAITING)
    return Picture(frame.generation, frame.pts_us, key, codec, frame.payload, waiting)


def _answered(event: Json) -> Answered:
    response = event["response"]
    parts = [part for item in response["output"] for part in item.get("content") or ()]
    text = "".join(part.get("transcript") or part.get("text") or "" for part in parts)
    return Answered(response["id"], response["status"], text)


_READERS: dict[str, Callable[[Json], Event]] = {
    "avatar.ready": lambda e: Connected(e["persona"], e["resumed"]),
    "avatar.state": lambda e: Present(e["state"]),
    "avatar.reply.started": lambda e: Replying(e["response_id"], e["generation"], e["language"]),
    "avatar.citations": lambda e: Cited(e["response_id"], tuple(e["citations"])),
    "avatar.style": lambda e: Meant(e["response_id"], e["style"], e["audio_start_ms"]),
    "conversation.item.input_audio_transcription.completed": lambda e: Heard(e["item_id"], e["transcript"]),
    "response.output_audio_transcript.delta": lambda e: Words(e["response_id"], e["delta"]),
    "response.output_text.delta": lambda e: Words(e["response_id"], e["delta"]),
    "response.done": _answered,
    "error": lambda e: Problem(e["error"]["code"], e["error"]["message_en"], e["error"]["message_zh"]),
}
