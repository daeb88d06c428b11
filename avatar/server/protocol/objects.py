"""What events carry. The shapes are those of OpenAI Realtime (GA); what is ours lies under `avatar`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from avatar.errors import Language
from avatar.server.protocol.base import Message, Text

# audio formats


class Pcm(Message):
    """Signed 16-bit little-endian PCM, mono, 24 kHz."""

    type: Literal["audio/pcm"] = "audio/pcm"
    rate: Literal[24000] = 24000


class Pcmu(Message):
    """G.711 mu-law, mono, 8 kHz."""

    type: Literal["audio/pcmu"] = "audio/pcmu"


class Pcma(Message):
    """G.711 A-law, mono, 8 kHz."""

    type: Literal["audio/pcma"] = "audio/pcma"


AudioFormat = Annotated[Pcm | Pcmu | Pcma, Field(discriminator="type")]

# turn detection


class ServerVad(Message):
    """A silence ends the turn."""

    type: Literal["server_vad"] = "server_vad"
    threshold: float = Field(0.5, ge=0.0, le=1.0)
    prefix_padding_ms: int = Field(300, ge=0, le=5_000)
    silence_duration_ms: int = Field(500, ge=100, le=10_000)
    create_response: bool = True
    interrupt_response: bool = True


class SemanticVad(Message):
    """A model tells in the silence whether the speaker has finished."""

    type: Literal["semantic_vad"] = "semantic_vad"
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


TurnDetectionObject = Annotated[ServerVad | SemanticVad, Field(discriminator="type")]

# functions


class FunctionTool(Message):
    """A function that the client offers. `parameters` is a JSON schema, passed through to the language model."""

    type: Literal["function"] = "function"
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    description: Text = ""
    parameters: dict[str, object] | None = None


class NamedFunction(Message):
    """A choice of one function."""

    type: Literal["function"] = "function"
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


ToolChoice = Literal["auto", "none", "required"] | NamedFunction

# conversation items

ItemStatus = Literal["in_progress", "completed", "incomplete"]


class InputText(Message):
    """What the user typed."""

    type: Literal["input_text"] = "input_text"
    text: Text


class InputAudio(Message):
    """What the user said. The sound itself is not kept."""

    type: Literal["input_audio"] = "input_audio"
    transcript: str | None = None


class OutputText(Message):
    """What the persona wrote."""

    type: Literal["output_text"] = "output_text"
    text: str


class OutputAudio(Message):
    """What the persona said; no transcript where the client cut the reply short."""

    type: Literal["output_audio"] = "output_audio"
    transcript: str | None = None


class UserItem(Message):
    """An utterance, or a typed message."""

    id: str
    object: Literal["realtime.item"] = "realtime.item"
    type: Literal["message"] = "message"
    role: Literal["user"] = "user"
    status: ItemStatus = "completed"
    content: list[InputText | InputAudio]


class AssistantItem(Message):
    """What the persona answered."""

    id: str
    object: Literal["realtime.item"] = "realtime.item"
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: ItemStatus
    content: list[OutputText | OutputAudio]


class SystemItem(Message):
    """A note of the client's: it goes with the instructions."""

    id: str
    object: Literal["realtime.item"] = "realtime.item"
    type: Literal["message"] = "message"
    role: Literal["system"] = "system"
    status: ItemStatus = "completed"
    content: list[InputText]


class FunctionCallItem(Message):
    """A function that the persona asks the client to run; `arguments` is JSON as the model wrote it."""

    id: str
    object: Literal["realtime.item"] = "realtime.item"
    type: Literal["function_call"] = "function_call"
    status: ItemStatus = "completed"
    call_id: str
    name: str
    arguments: str


class FunctionResultItem(Message):
    """What a function gave."""

    id: str
    object: Literal["realtime.item"] = "realtime.item"
    type: Literal["function_call_output"] = "function_call_output"
    status: ItemStatus = "completed"
    call_id: str
    output: str


Item = UserItem | AssistantItem | SystemItem | FunctionCallItem | FunctionResultItem


class AudioPart(Message):
    """The spoken content of a reply."""

    type: Literal["audio"] = "audio"
    transcript: str


class TextPart(Message):
    """The written content of a reply."""

    type: Literal["text"] = "text"
    text: str


# the response

Modality = Literal["text", "audio"]
Metadata = dict[
    Annotated[str, Field(max_length=64)],
    Annotated[str, Field(max_length=512)],
]


class StatusError(Message):
    """Why a response failed."""

    type: str
    code: str
    message: str


class StatusDetails(Message):
    """How a response ended."""

    type: Literal["completed", "cancelled", "failed"]
    reason: Literal["turn_detected", "client_cancelled"] | None = None
    error: StatusError | None = None


class VoiceOutput(Message):
    """How a response sounds."""

    format: AudioFormat
    voice: str


class ResponseAudio(Message):
    output: VoiceOutput


ResponseStatus = Literal["in_progress", "completed", "cancelled", "failed"]


class ResponseObject(Message):
    """A reply. `usage` is null: nothing is billed, so nothing is counted."""

    object: Literal["realtime.response"] = "realtime.response"
    id: str
    status: ResponseStatus
    status_details: StatusDetails | None = None
    output: list[AssistantItem | FunctionCallItem]
    conversation_id: str | None
    output_modalities: list[Modality]
    max_output_tokens: int | Literal["inf"]
    audio: ResponseAudio
    metadata: Metadata | None = None
    usage: None = None


# the session


class TranscriptionObject(Message):
    """How the user's words are reported."""

    model: str
    language: str | None = None


class InputObject(Message):
    format: AudioFormat
    noise_reduction: None = None
    transcription: TranscriptionObject | None
    turn_detection: TurnDetectionObject | None


class OutputObject(Message):
    format: AudioFormat
    voice: str
    speed: float


class SessionAudio(Message):
    input: InputObject
    output: OutputObject


class AvatarObject(Message):
    """What is ours in a session."""

    persona: str
    events: bool
    video: bool
    codec: Literal["h264", "jpeg"]
    size: int
    language: Language | None
    filler: bool
    user: bool
    resume: str | None
    ai_generated: Literal[True] = True


class SessionObject(Message):
    """A session as `session.created` and `session.updated` show it, whole."""

    type: Literal["realtime"] = "realtime"
    object: Literal["realtime.session"] = "realtime.session"
    id: str
    model: str
    output_modalities: list[Modality]
    instructions: str
    audio: SessionAudio
    tools: list[FunctionTool]
    tool_choice: ToolChoice
    max_output_tokens: int | Literal["inf"]
    truncation: Literal["auto"] = "auto"
    tracing: None = None
    prompt: None = None
    include: None = None
    expires_at: int | None = None
    avatar: AvatarObject


class ConversationObject(Message):
    id: str
    object: Literal["realtime.conversation"] = "realtime.conversation"


class CitationObject(Message):
    """A passage that a reply rests on."""

    id: str
    work: str
    place: str
    quote: str


class ErrorObject(Message):
    """What went wrong. `event_id` is that of the client's event, where one caused it."""

    type: Literal["invalid_request_error", "server_error"]
    code: str
    message: str
    message_zh: str
    message_en: str
    param: str | None = None
    event_id: str | None = None
