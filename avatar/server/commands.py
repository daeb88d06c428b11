"""A client's events as calls on the session, and what is answered at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from avatar.errors import AudioError
from avatar.media import MAX_UPLOAD_SECONDS, SPEECH_RATE, Samples
from avatar.server.choices import session_object, unsupported, updated
from avatar.server.protocol.client import (
    AvatarKeyFrame,
    AvatarPlayed,
    ClientEvent,
    InputAudioAppend,
    InputAudioClear,
    InputAudioCommit,
    ItemCreate,
    ItemDelete,
    ItemRetrieve,
    ItemTruncate,
    NewItem,
    OutputAudioClear,
    ResponseCancel,
    ResponseCreate,
    ResponsePatch,
    SessionUpdate,
)
from avatar.server.protocol.framing import Kind, unpack
from avatar.server.protocol.objects import AssistantItem, InputText, OutputAudio, UserItem
from avatar.server.protocol.parsing import EventError
from avatar.server.protocol.server import (
    InputAudioCleared,
    ItemAdded,
    ItemDone,
    ItemRetrieved,
    ItemTruncated,
    OutputAudioCleared,
    ServerEvent,
    SessionUpdated,
)
from avatar.server.sound import SoundIn, from_base64
from avatar.server.state import WireState

MAX_FRAME = 1024 * 1024
"""Bytes of one microphone frame: about twenty seconds."""


class Commands:
    """Carries out what one client asks for. Sans-I/O: events in, events out, calls on the session between.

    Args:
        state: shared with the other direction.
        now: the clock, in seconds.
    """

    def __init__(self, state: WireState, now: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._now = now
        self._opened = now()
        self._received_s = 0.0
        self._sound = SoundIn(state.choices.input_format)

    def carry_out(self, event: ClientEvent) -> list[ServerEvent]:  # noqa: C901, PLR0911, PLR0912 - one line an event
        """Do what an event asks for.

        Raises:
            AvatarError: it cannot be done; the session is as it was.
        """
        match event:
            case SessionUpdate():
                return self._update(event)
            case InputAudioAppend():
                return self._hear(self._sound.decode(from_base64(event.audio)))
            case InputAudioCommit():
                return self._commit()
            case InputAudioClear():
                return self._clear_input()
            case OutputAudioClear():
                return self._clear_output()
            case ItemCreate():
                return self._create_item(event)
            case ItemRetrieve():
                return [ItemRetrieved(item=self._state.items.get(event.item_id))]
            case ItemTruncate():
                return self._truncate(event)
            case ItemDelete():
                raise _no_deletion()
            case ResponseCreate():
                return self._reply(event.response)
            case ResponseCancel():
                return self._cancel(event.response_id)
            case AvatarPlayed():
                self._state.session.played(event.response_id, event.audio_end_ms)
                return []
            case AvatarKeyFrame():
                self._state.session.request_key_frame()
                return []

    def take_frame(self, data: bytes) -> list[ServerEvent]:
        """Take in a binary frame.

        Raises:
            ProtocolError: not a microphone frame, or too large.
            AudioError: an odd number of bytes, or far more sound than time has passed.
        """
        frame = unpack(data)
        if frame.kind is not Kind.MICROPHONE or len(data) > MAX_FRAME:
            raise EventError(
                "A client sends microphone frames (kind 1) of at most 1 MiB.",
                "客户端只发送麦克风帧(kind 1),每帧最多 1 MiB。",
                code="invalid_frame",
            )
        return self._hear(self._sound.decode(frame.payload))

    def _hear(self, samples: Samples) -> list[ServerEvent]:
        """Pass sound on, unless it comes so much faster than time that it would fill the memory."""
        received = self._received_s + samples.size / SPEECH_RATE
        if received - (self._now() - self._opened) > MAX_UPLOAD_SECONDS:
            raise AudioError(
                "More than ten minutes of sound came faster than real time; send it as it is spoken.",
                "音频发送过快,已超前十分钟;请按说话的速度发送。",
                code="input_audio_too_fast",
            )
        self._state.session.hear(samples)
        self._received_s = received
        self._state.heard += samples.size
        return []

    def _update(self, event: SessionUpdate) -> list[ServerEvent]:
        state = self._state
        choices = updated(state.choices, event.session, fixed_voice=state.voice_used)
        state.session.configure(choices.options)
        if choices.input_format != state.choices.input_format:
            self._sound = SoundIn(choices.input_format)
        state.choices = choices
        state.follow(state.language)
        return [SessionUpdated(session=session_object(choices, state.session, state.ticket))]

    def _commit(self) -> list[ServerEvent]:
        utterance_id = self._state.session.commit()
        self._state.note_commit(utterance_id)
        return self._state.committed(utterance_id)

    def _clear_input(self) -> list[ServerEvent]:
        self._state.session.clear_input()
        self._state.heard = 0
        return [InputAudioCleared()]

    def _clear_output(self) -> list[ServerEvent]:
        reply_id = self._state.reply_id
        self._state.session.cancel()
        return [OutputAudioCleared(response_id=reply_id)]

    def _create_item(self, event: ItemCreate) -> list[ServerEvent]:
        items = self._state.items
        if event.previous_item_id not in (None, items.last_id):
            raise unsupported("previous_item_id", "items are added at the end only", "条目只能加在末尾")
        if event.item.id is not None and event.item.id in items:
            raise EventError(
                "There is an item of that id already.", "已有这个 id 的条目。", code="item_exists", param="item.id"
            )
        text = _typed(event.item)
        item_id = self._state.session.type(text)
        item = UserItem(id=event.item.id or item_id, content=[InputText(text=text)])
        previous = items.add(item)
        return [ItemAdded(previous_item_id=previous, item=item), ItemDone(previous_item_id=previous, item=item)]

    def _truncate(self, event: ItemTruncate) -> list[ServerEvent]:
        items = self._state.items
        if event.content_index != 0:
            raise unsupported("content_index", "a reply has one content part, of index 0", "回复只有一个内容,序号为 0")
        self._state.session.truncate(items.reply_of(event.item_id), event.audio_end_ms)
        item = items.get(event.item_id)
        if isinstance(item, AssistantItem):
            items.replace(_without_words(item))
        return [ItemTruncated(item_id=event.item_id, content_index=0, audio_end_ms=event.audio_end_ms)]

    def _reply(self, wish: ResponsePatch | None) -> list[ServerEvent]:
        if wish is not None:
            self._refuse_unsupported(wish)
        reply_id = self._state.session.reply()
        if wish is not None and wish.metadata is not None:
            self._state.metadata[reply_id] = wish.metadata
        return []

    def _refuse_unsupported(self, wish: ResponsePatch) -> None:
        modalities = ["audio" if self._state.choices.options.sound else "text"]
        if wish.output_modalities not in (None, modalities):
            raise unsupported(
                "response.output_modalities",
                "set it for the session, by session.update",
                "请用 session.update 为整个会话设置",
            )
        if wish.conversation not in (None, "auto") or wish.input:
            raise unsupported(
                "response.input", "a reply answers the conversation, nothing else", "回复只针对这次对话的内容"
            )
        if wish.tools:
            raise unsupported("response.tools", "a persona calls no functions", "人物不会调用函数")

    def _cancel(self, reply_id: str | None) -> list[ServerEvent]:
        if not self._state.session.cancel(reply_id):
            raise EventError(
                "No response is in progress that could be cancelled.",
                "没有正在进行的回复可以取消。",
                code="response_cancel_not_active",
                param="response_id" if reply_id else None,
            )
        return []


def _without_words(item: AssistantItem) -> AssistantItem:
    """A reply that was cut short: what of its words was heard is known to the session only."""
    return item.model_copy(update={"content": [OutputAudio(transcript=None)]})


def _typed(item: NewItem) -> str:
    """The text of a user's message.

    Raises:
        EventError: another kind of item.
    """
    if item.type != "message" or item.role != "user":
        raise unsupported(
            "item",
            "only messages of the role user can be added",
            "只能添加 user 角色的 message",
            code="unsupported_item",
        )
    if any(part.type != "input_text" for part in item.content):
        raise unsupported(
            "item.content",
            "only input_text can be added; sound goes to input_audio_buffer.append",
            "只能添加 input_text;声音请用 input_audio_buffer.append",
            code="unsupported_item",
        )
    return "\n".join(part.text or "" for part in item.content)


def _no_deletion() -> EventError:
    return EventError(
        "Items cannot be deleted: the persona remembers what was said. Open a new session to start afresh.",
        "条目不能删除:说过的话人物会记得。要重新开始,请新建会话。",
        code="unsupported_event",
        param="type",
    )
