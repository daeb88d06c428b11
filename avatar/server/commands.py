"""A client's events as calls on the session, and what is answered at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from avatar.errors import AudioError
from avatar.live.options import ReplyWish
from avatar.media import MAX_UPLOAD_SECONDS, SPEECH_RATE, Samples
from avatar.server.choices import language_code, session_object, unsupported, updated
from avatar.server.functions import functions_of
from avatar.server.protocol.client import (
    AvatarGreet,
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
from avatar.server.protocol.objects import (
    AssistantItem,
    FunctionResultItem,
    InputText,
    Item,
    OutputAudio,
    OutputText,
    SystemItem,
    UserItem,
)
from avatar.server.protocol.parsing import EventError
from avatar.server.protocol.server import (
    InputAudioCleared,
    ItemAdded,
    ItemDeleted,
    ItemDone,
    ItemRetrieved,
    ItemTruncated,
    OutputAudioCleared,
    ServerEvent,
    SessionUpdated,
)
from avatar.server.sound import SoundIn, from_base64
from avatar.server.state import WireState, Wish, new_id

WORDS = frozenset({"input_text", "output_text", "text"})
"""Kinds of content that are words; others count where they bring a transcript."""

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
                return self._delete_item(event.item_id)
            case ResponseCreate():
                return self._reply(event.response)
            case ResponseCancel():
                return self._cancel(event.response_id)
            case AvatarPlayed():
                self._state.session.played(event.response_id, event.audio_end_ms)
                return []
            case AvatarGreet():
                wanted = event.language
                self._state.session.greet(None if wanted is None else language_code(wanted, "language"))
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
        items, new = self._state.items, event.item
        if new.id is not None and new.id in items:
            raise EventError(
                "There is an item of that id already.", "已有这个 id 的条目。", code="item_exists", param="item.id"
            )
        items.check_place(event.previous_item_id)
        item = self._returned(new) if new.type == "function_call_output" else self._said(new, written(new))
        previous = items.add(item, after=event.previous_item_id)
        return [ItemAdded(previous_item_id=previous, item=item), ItemDone(previous_item_id=previous, item=item)]

    def _said(self, new: NewItem, text: str) -> Item:
        """Tell the session what a new item says."""
        session = self._state.session
        if new.role == "user":
            return UserItem(id=session.type(text, new.id), content=[InputText(text=text)])
        if new.role == "assistant":
            item_id = session.recall(text, new.id)
            return AssistantItem(id=item_id, status="completed", content=[OutputText(text=text)])
        return SystemItem(id=session.note(text, new.id), content=[InputText(text=text)])

    def _returned(self, new: NewItem) -> FunctionResultItem:
        """Tell the session what a function gave."""
        if new.call_id is None or new.output is None:
            raise EventError(
                "A function_call_output has a call_id and an output.",
                "function_call_output 须有 call_id 和 output。",
                code="missing_field",
                param="item.call_id" if new.call_id is None else "item.output",
            )
        self._state.session.returned(new.call_id, new.output)
        return FunctionResultItem(id=new.id or new_id("item"), call_id=new.call_id, output=new.output)

    def _delete_item(self, item_id: str) -> list[ServerEvent]:
        self._state.session.forget(self._state.items.remove(item_id))
        return [ItemDeleted(item_id=item_id)]

    def _truncate(self, event: ItemTruncate) -> list[ServerEvent]:
        items = self._state.items
        if event.content_index != 0:
            raise unsupported("content_index", "a reply has one content part, of index 0", "回复只有一个内容,序号为 0")
        self._state.session.truncate(items.reply_of(event.item_id), event.audio_end_ms)
        item = items.get(event.item_id)
        if isinstance(item, AssistantItem):
            items.replace(_without_words(item))
        return [ItemTruncated(item_id=event.item_id, content_index=0, audio_end_ms=event.audio_end_ms)]

    def _reply(self, patch: ResponsePatch | None) -> list[ServerEvent]:
        wish = self._wish(patch or ResponsePatch())
        reply_id = self._state.session.reply(wish)
        metadata = patch.metadata if patch is not None else None
        self._state.wishes[reply_id] = Wish(metadata, wish.sound, wish.max_tokens, wish.apart)
        return []

    def _wish(self, patch: ResponsePatch) -> ReplyWish:
        """What a client wishes of one reply.

        Raises:
            EventError: it cannot be done.
        """
        apart = patch.conversation == "none"
        if patch.input and not apart:
            raise unsupported(
                "response.input",
                'a reply within the conversation answers all of it; say "conversation": "none"',
                '对话之内的回复针对整个对话;请加上 "conversation": "none"',
            )
        functions = None
        if patch.tools is not None or patch.tool_choice is not None:
            before = self._state.choices.options.functions
            functions = functions_of(patch.tools, patch.tool_choice, before, param="response")
        tokens = patch.max_output_tokens
        return ReplyWish(
            instructions=patch.instructions or "",
            sound=None if patch.output_modalities is None else patch.output_modalities == ["audio"],
            max_tokens=tokens if isinstance(tokens, int) else None,
            apart=apart,
            question="\n".join(written(item) for item in patch.input or ()),
            functions=functions,
        )

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


def written(item: NewItem) -> str:
    """The words of a message.

    Raises:
        EventError: another kind of item, or a part without words.
    """
    if item.type != "message" or item.role not in ("user", "assistant", "system"):
        raise unsupported(
            "item",
            "only messages of the roles user, assistant and system, and results of functions can be added",
            "只能添加 user、assistant 或 system 角色的 message,以及函数的结果",
            code="unsupported_item",
        )
    if any(part.type not in WORDS and part.transcript is None for part in item.content):
        raise unsupported(
            "item.content",
            "only words can be added; sound goes to input_audio_buffer.append",
            "只能添加文字;声音请用 input_audio_buffer.append",
            code="unsupported_item",
        )
    return "\n".join(part.text or part.transcript or "" for part in item.content)
