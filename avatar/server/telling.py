"""One reply as a client is told of it: how far it was told, and the events of its parts."""

from __future__ import annotations

from dataclasses import dataclass

from avatar.errors import Language
from avatar.live.events import ReplyDone
from avatar.server.choices import voice_of
from avatar.server.failures import error_object
from avatar.server.protocol.objects import (
    AssistantItem,
    AudioPart,
    FunctionCallItem,
    ResponseAudio,
    ResponseObject,
    ResponseStatus,
    StatusDetails,
    StatusError,
    TextPart,
    VoiceOutput,
)
from avatar.server.protocol.server import (
    AudioDone,
    AudioTranscriptDone,
    ContentPartDone,
    FunctionArgumentsDelta,
    FunctionArgumentsDone,
    ItemAdded,
    ItemDone,
    OutputItemAdded,
    OutputItemDone,
    ServerEvent,
    TextDone,
)
from avatar.server.sound import SoundOut
from avatar.server.state import WireState, Wish
from avatar.stages import FunctionCall


@dataclass(slots=True)
class Telling:
    """A reply as far as it was told."""

    reply_id: str
    item_id: str
    generation: int
    spoken: bool
    sound: SoundOut
    wish: Wish
    calls: tuple[FunctionCall, ...] = ()


def content_done(telling: Telling, text: str) -> list[ServerEvent]:
    """The end of a reply's content."""
    reply, item = telling.reply_id, telling.item_id
    if not telling.spoken:
        return [
            TextDone(response_id=reply, item_id=item, text=text),
            ContentPartDone(response_id=reply, item_id=item, part=TextPart(text=text)),
        ]
    return [
        AudioDone(response_id=reply, item_id=item),
        AudioTranscriptDone(response_id=reply, item_id=item, transcript=text),
        ContentPartDone(response_id=reply, item_id=item, part=AudioPart(transcript=text)),
    ]


def called(telling: Telling, item: FunctionCallItem, place: int, previous: str | None) -> list[ServerEvent]:
    """A function that a reply asks for: an item of its own, at a place among the reply's items.

    Args:
        previous: the id of the item before it in the conversation.
    """
    begun = item.model_copy(update={"status": "in_progress", "arguments": ""})
    reply_id, item_id, call_id = telling.reply_id, item.id, item.call_id
    return [
        OutputItemAdded(response_id=reply_id, output_index=place, item=begun),
        ItemAdded(previous_item_id=previous, item=begun),
        FunctionArgumentsDelta(
            response_id=reply_id, item_id=item_id, output_index=place, call_id=call_id, delta=item.arguments
        ),
        FunctionArgumentsDone(
            response_id=reply_id,
            item_id=item_id,
            output_index=place,
            call_id=call_id,
            name=item.name,
            arguments=item.arguments,
        ),
        OutputItemDone(response_id=reply_id, output_index=place, item=item),
        ItemDone(previous_item_id=previous, item=item),
    ]


def response_object(
    state: WireState,
    telling: Telling,
    status: ResponseStatus,
    output: list[AssistantItem | FunctionCallItem] | None = None,
    details: StatusDetails | None = None,
) -> ResponseObject:
    """A reply as it stands: what was chosen for it, and what it gave so far."""
    return ResponseObject(
        id=telling.reply_id,
        status=status,
        status_details=details,
        output=output or [],
        conversation_id=None if telling.wish.apart else state.conversation_id,
        output_modalities=["audio" if telling.spoken else "text"],
        max_output_tokens=telling.wish.max_tokens or state.choices.options.max_tokens or "inf",
        audio=ResponseAudio(
            output=VoiceOutput(format=state.choices.output_format, voice=voice_of(state.choices, state.session))
        ),
        metadata=telling.wish.metadata,
    )


def status_details(event: ReplyDone, language: Language) -> StatusDetails:
    """How a reply ended, failures in the session's language."""
    if event.status == "cancelled":
        interrupted = event.reason == "turn_detected"
        return StatusDetails(type="cancelled", reason="turn_detected" if interrupted else "client_cancelled")
    if event.error is None:
        return StatusDetails(type=event.status)
    told = error_object(event.error, language)
    return StatusDetails(type="failed", error=StatusError(type=told.type, code=told.code, message=told.message))
