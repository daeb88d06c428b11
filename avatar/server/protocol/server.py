"""What the server sends. `event_id` is given when the event is made."""

from __future__ import annotations

import secrets
from typing import Literal

from pydantic import Field

from avatar.errors import Language
from avatar.server.protocol.base import Message
from avatar.server.protocol.objects import (
    AudioPart,
    CitationObject,
    ConversationObject,
    ErrorObject,
    Item,
    ResponseObject,
    SessionObject,
    TextPart,
)
from avatar.stages import Presence, Style


def new_event_id() -> str:
    """An id that no other event has."""
    return f"event_{secrets.token_hex(10)}"


class ServerEvent(Message):
    """The base of what is sent."""

    event_id: str = Field(default_factory=new_event_id)


# session


class ErrorEvent(ServerEvent):
    type: Literal["error"] = "error"
    error: ErrorObject


class SessionCreated(ServerEvent):
    type: Literal["session.created"] = "session.created"
    session: SessionObject


class SessionUpdated(ServerEvent):
    type: Literal["session.updated"] = "session.updated"
    session: SessionObject


class ConversationCreated(ServerEvent):
    type: Literal["conversation.created"] = "conversation.created"
    conversation: ConversationObject


# the microphone


class InputSpeechStarted(ServerEvent):
    type: Literal["input_audio_buffer.speech_started"] = "input_audio_buffer.speech_started"
    audio_start_ms: int
    item_id: str


class InputSpeechStopped(ServerEvent):
    type: Literal["input_audio_buffer.speech_stopped"] = "input_audio_buffer.speech_stopped"
    audio_end_ms: int
    item_id: str


class InputAudioCommitted(ServerEvent):
    type: Literal["input_audio_buffer.committed"] = "input_audio_buffer.committed"
    previous_item_id: str | None
    item_id: str


class InputAudioCleared(ServerEvent):
    type: Literal["input_audio_buffer.cleared"] = "input_audio_buffer.cleared"


class OutputAudioCleared(ServerEvent):
    type: Literal["output_audio_buffer.cleared"] = "output_audio_buffer.cleared"
    response_id: str | None


# the conversation


class ItemAdded(ServerEvent):
    type: Literal["conversation.item.added"] = "conversation.item.added"
    previous_item_id: str | None
    item: Item


class ItemDone(ServerEvent):
    type: Literal["conversation.item.done"] = "conversation.item.done"
    previous_item_id: str | None
    item: Item


class ItemRetrieved(ServerEvent):
    type: Literal["conversation.item.retrieved"] = "conversation.item.retrieved"
    item: Item


class ItemDeleted(ServerEvent):
    type: Literal["conversation.item.deleted"] = "conversation.item.deleted"
    item_id: str


class ItemTruncated(ServerEvent):
    type: Literal["conversation.item.truncated"] = "conversation.item.truncated"
    item_id: str
    content_index: int
    audio_end_ms: int


class TranscriptionUsage(Message):
    """The length of the utterance."""

    type: Literal["duration"] = "duration"
    seconds: float


class TranscriptionDelta(ServerEvent):
    type: Literal["conversation.item.input_audio_transcription.delta"] = (
        "conversation.item.input_audio_transcription.delta"
    )
    item_id: str
    content_index: int = 0
    delta: str


class TranscriptionCompleted(ServerEvent):
    type: Literal["conversation.item.input_audio_transcription.completed"] = (
        "conversation.item.input_audio_transcription.completed"
    )
    item_id: str
    content_index: int = 0
    transcript: str
    language: Language
    usage: TranscriptionUsage


# replies


class ResponseCreated(ServerEvent):
    type: Literal["response.created"] = "response.created"
    response: ResponseObject


class ResponseDone(ServerEvent):
    type: Literal["response.done"] = "response.done"
    response: ResponseObject


class OutputItemAdded(ServerEvent):
    type: Literal["response.output_item.added"] = "response.output_item.added"
    response_id: str
    output_index: int = 0
    item: Item


class OutputItemDone(ServerEvent):
    type: Literal["response.output_item.done"] = "response.output_item.done"
    response_id: str
    output_index: int = 0
    item: Item


class _InContent(ServerEvent):
    response_id: str
    item_id: str
    output_index: int = 0
    content_index: int = 0


class ContentPartAdded(_InContent):
    type: Literal["response.content_part.added"] = "response.content_part.added"
    part: AudioPart | TextPart


class ContentPartDone(_InContent):
    type: Literal["response.content_part.done"] = "response.content_part.done"
    part: AudioPart | TextPart


class AudioDelta(_InContent):
    """Base64 of the session's output format."""

    type: Literal["response.output_audio.delta"] = "response.output_audio.delta"
    delta: str


class AudioDone(_InContent):
    type: Literal["response.output_audio.done"] = "response.output_audio.done"


class AudioTranscriptDelta(_InContent):
    type: Literal["response.output_audio_transcript.delta"] = "response.output_audio_transcript.delta"
    delta: str


class AudioTranscriptDone(_InContent):
    type: Literal["response.output_audio_transcript.done"] = "response.output_audio_transcript.done"
    transcript: str


class TextDelta(_InContent):
    type: Literal["response.output_text.delta"] = "response.output_text.delta"
    delta: str


class TextDone(_InContent):
    type: Literal["response.output_text.done"] = "response.output_text.done"
    text: str


class _InCall(ServerEvent):
    response_id: str
    item_id: str
    output_index: int
    call_id: str


class FunctionArgumentsDelta(_InCall):
    type: Literal["response.function_call_arguments.delta"] = "response.function_call_arguments.delta"
    delta: str


class FunctionArgumentsDone(_InCall):
    type: Literal["response.function_call_arguments.done"] = "response.function_call_arguments.done"
    name: str
    arguments: str


# ours


class AvatarReady(ServerEvent):
    """The face is there; pictures follow. With `resume`, a lost connection is taken up again (`?resume=`)."""

    type: Literal["avatar.ready"] = "avatar.ready"
    session: str
    persona: str
    codec: Literal["h264", "jpeg"]
    size: int
    generation: int
    resume: str | None
    resumed: bool


class AvatarState(ServerEvent):
    """What the persona is doing."""

    type: Literal["avatar.state"] = "avatar.state"
    state: Presence


class AvatarInputTranscriptPartial(ServerEvent):
    """What was understood so far of what the user is saying; each takes the place of the one before."""

    type: Literal["avatar.input_transcript.partial"] = "avatar.input_transcript.partial"
    item_id: str
    transcript: str
    language: Language


class AvatarReplyStarted(ServerEvent):
    """Which generation the sound and the pictures of this reply carry."""

    type: Literal["avatar.reply.started"] = "avatar.reply.started"
    response_id: str
    generation: int
    language: Language


class AvatarPlaybackHeld(ServerEvent):
    """A voice over the reply: fade its sound out and stand still until the reply goes on or is over."""

    type: Literal["avatar.playback.held"] = "avatar.playback.held"
    response_id: str


class AvatarPlaybackResumed(ServerEvent):
    """The voice meant nothing: play on from exactly where it stopped."""

    type: Literal["avatar.playback.resumed"] = "avatar.playback.resumed"
    response_id: str


class AvatarCitations(ServerEvent):
    """The passages that were put before the persona."""

    type: Literal["avatar.citations"] = "avatar.citations"
    response_id: str
    citations: list[CitationObject]


class AvatarFiller(ServerEvent):
    """The reply's sound begins with a filler, which is none of its words and ends at a time within the reply."""

    type: Literal["avatar.filler"] = "avatar.filler"
    response_id: str
    transcript: str
    audio_end_ms: int


class AvatarStyle(ServerEvent):
    """How the reply is meant from a time within it on, for clients with a face of their own. It begins calm."""

    type: Literal["avatar.style"] = "avatar.style"
    response_id: str
    style: Style
    audio_start_ms: int


class AvatarTimings(ServerEvent):
    """When each stage first gave something: seconds after the end of the user's speech; null where it gave nothing."""

    type: Literal["avatar.timings"] = "avatar.timings"
    response_id: str
    turn_end_s: float | None
    transcript_s: float | None
    first_token_s: float | None
    first_clause_s: float | None
    first_audio_s: float | None
    first_frame_s: float | None
    filler_s: float | None


class AvatarVideoDelta(ServerEvent):
    """A picture on the realtime socket: base64 of an H.264 access unit in Annex B form, or of a JPEG."""

    type: Literal["avatar.video.delta"] = "avatar.video.delta"
    response_id: str | None
    generation: int
    pts_ms: int
    key: bool
    waiting: bool
    codec: Literal["h264", "jpeg"]
    delta: str
