"""What a client may send, as one discriminated union."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from avatar.server.protocol.base import MAX_AUDIO, MAX_TOOLS, Identifier, Message, Text
from avatar.server.protocol.objects import (
    AudioFormat,
    FunctionTool,
    Metadata,
    Modality,
    ToolChoice,
    TurnDetectionObject,
)


class _Event(Message):
    event_id: Identifier | None = None


# session


class TranscriptionPatch(Message):
    language: Identifier | None = None


class InputPatch(Message):
    format: AudioFormat | None = None
    transcription: TranscriptionPatch | None = None
    turn_detection: TurnDetectionObject | None = None


class VoiceReference(Message):
    id: Identifier


class OutputPatch(Message):
    format: AudioFormat | None = None
    voice: Identifier | VoiceReference | None = None
    speed: float | None = Field(None, ge=0.5, le=2.0)


class AudioPatch(Message):
    input: InputPatch | None = None
    output: OutputPatch | None = None


class AvatarPatch(Message):
    events: bool | None = None
    video: bool | None = None
    filler: bool | None = None
    user: Identifier | None = None


MaxTokens = Annotated[int, Field(ge=1, le=4096)] | Literal["inf"]
Tools = Annotated[list[FunctionTool], Field(max_length=MAX_TOOLS)]
Modalities = Annotated[list[Modality], Field(min_length=1, max_length=1)]


class SessionPatch(Message):
    """The fields that a client sets; the others stay as they are. The last three are known only to be refused."""

    type: Literal["realtime"] = "realtime"
    instructions: Text | None = None
    output_modalities: Modalities | None = None
    audio: AudioPatch | None = None
    max_output_tokens: MaxTokens | None = None
    avatar: AvatarPatch | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None
    modalities: object = None
    input_audio_format: object = None
    output_audio_format: object = None


class SessionUpdate(_Event):
    type: Literal["session.update"]
    session: SessionPatch


# the microphone


class InputAudioAppend(_Event):
    type: Literal["input_audio_buffer.append"]
    audio: Annotated[str, StringConstraints(max_length=MAX_AUDIO)]


class InputAudioCommit(_Event):
    type: Literal["input_audio_buffer.commit"]


class InputAudioClear(_Event):
    type: Literal["input_audio_buffer.clear"]


class OutputAudioClear(_Event):
    type: Literal["output_audio_buffer.clear"]


# the conversation


class ContentPart(Message):
    """A part of an item; which kinds are taken is for the conversation to say."""

    type: Identifier
    text: Text | None = None
    transcript: Text | None = None


class NewItem(Message):
    id: Identifier | None = None
    type: Identifier
    role: Identifier | None = None
    content: Annotated[list[ContentPart], Field(default_factory=list, max_length=64)]
    call_id: Identifier | None = None
    output: Text | None = None


class ItemCreate(_Event):
    type: Literal["conversation.item.create"]
    previous_item_id: Identifier | None = None
    item: NewItem


class ItemRetrieve(_Event):
    type: Literal["conversation.item.retrieve"]
    item_id: Identifier


class ItemTruncate(_Event):
    type: Literal["conversation.item.truncate"]
    item_id: Identifier
    content_index: int = 0
    audio_end_ms: int = Field(ge=0)


class ItemDelete(_Event):
    type: Literal["conversation.item.delete"]
    item_id: Identifier


# replies


class ResponsePatch(Message):
    """What a client wishes of one reply."""

    instructions: Text | None = None
    max_output_tokens: MaxTokens | None = None
    metadata: Annotated[Metadata, Field(max_length=16)] | None = None
    output_modalities: Modalities | None = None
    conversation: Literal["auto", "none"] | None = None
    input: Annotated[list[NewItem], Field(max_length=64)] | None = None
    tools: Tools | None = None
    tool_choice: ToolChoice | None = None


class ResponseCreate(_Event):
    type: Literal["response.create"]
    response: ResponsePatch | None = None


class ResponseCancel(_Event):
    type: Literal["response.cancel"]
    response_id: Identifier | None = None


# ours


class AvatarPlayed(_Event):
    """How much of a reply was heard, for the history that an interruption leaves."""

    type: Literal["avatar.played"]
    response_id: Identifier
    audio_end_ms: int = Field(ge=0)


class AvatarGreet(_Event):
    """Whoever has come can hear: the persona may greet."""

    type: Literal["avatar.greet"]
    language: Identifier | None = None


class AvatarKeyFrame(_Event):
    """The decoder lost its way and needs a picture that stands on its own."""

    type: Literal["avatar.keyframe"]


ClientEvent = Annotated[
    SessionUpdate
    | InputAudioAppend
    | InputAudioCommit
    | InputAudioClear
    | OutputAudioClear
    | ItemCreate
    | ItemRetrieve
    | ItemTruncate
    | ItemDelete
    | ResponseCreate
    | ResponseCancel
    | AvatarPlayed
    | AvatarGreet
    | AvatarKeyFrame,
    Field(discriminator="type"),
]
