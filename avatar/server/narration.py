"""What happens in the session, told as the events and frames of the wire."""

from __future__ import annotations

from dataclasses import asdict

from avatar.live.events import (
    Called,
    Citation,
    Cited,
    Failed,
    Filled,
    PartlyUnderstood,
    PresenceChanged,
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyResumed,
    ReplyStarted,
    ReplyText,
    SessionEvent,
    SpeechStarted,
    SpeechStopped,
    Styled,
    Understood,
    Video,
)
from avatar.media import SPEECH_RATE
from avatar.server.choices import voice_of
from avatar.server.failures import error_object
from avatar.server.protocol.framing import Flag, Kind, MediaFrame
from avatar.server.protocol.objects import (
    AssistantItem,
    AudioPart,
    CitationObject,
    FunctionCallItem,
    InputAudio,
    OutputAudio,
    OutputText,
    TextPart,
    UserItem,
)
from avatar.server.protocol.server import (
    AudioDelta,
    AudioTranscriptDelta,
    AvatarCitations,
    AvatarFiller,
    AvatarInputTranscriptPartial,
    AvatarPlaybackHeld,
    AvatarPlaybackResumed,
    AvatarReplyStarted,
    AvatarState,
    AvatarStyle,
    AvatarTimings,
    AvatarVideoDelta,
    ContentPartAdded,
    ErrorEvent,
    InputSpeechStarted,
    InputSpeechStopped,
    ItemAdded,
    ItemDone,
    OutputItemAdded,
    OutputItemDone,
    ResponseCreated,
    ResponseDone,
    ServerEvent,
    TextDelta,
    TranscriptionCompleted,
    TranscriptionDelta,
    TranscriptionUsage,
)
from avatar.server.sound import SoundOut, to_base64
from avatar.server.state import WireState, Wish, new_id
from avatar.server.telling import Telling, called, content_done, response_object, status_details

Outgoing = ServerEvent | MediaFrame
"""What a socket sends: a text frame or a binary one."""


class Narration:
    """Tells one client what happens. Sans-I/O: session events in, wire events and frames out.

    Args:
        state: shared with the other direction.
    """

    def __init__(self, state: WireState) -> None:
        self._state = state
        self._started: dict[str, int] = {}
        self._telling: Telling | None = None
        self._last: tuple[int, str] | None = None
        self._seq = dict.fromkeys(Kind, 0)

    def restart(self) -> None:
        """Another socket is told from now on: its frames are counted from 0."""
        self._seq = dict.fromkeys(Kind, 0)

    def tell(self, event: SessionEvent) -> list[Outgoing]:  # noqa: C901, PLR0911, PLR0912 - one line for each kind of event
        """What is sent for an event of the session."""
        match event:
            case SpeechStarted():
                self._started[event.utterance_id] = event.at_ms
                return [InputSpeechStarted(audio_start_ms=event.at_ms, item_id=event.utterance_id)]
            case SpeechStopped():
                return self._stopped(event)
            case PartlyUnderstood():
                return self._partly_understood(event)
            case Understood():
                return self._understood(event)
            case ReplyStarted():
                return self._reply_started(event)
            case Cited():
                citations = [citation_object(citation) for citation in event.citations]
                return self._ours(AvatarCitations(response_id=event.reply_id, citations=citations))
            case ReplyText():
                return self._reply_text(event)
            case Styled():
                start = event.at * 1000 // SPEECH_RATE
                return self._ours(AvatarStyle(response_id=event.reply_id, style=event.style, audio_start_ms=start))
            case Filled():
                end = event.length * 1000 // SPEECH_RATE
                return self._ours(AvatarFiller(response_id=event.reply_id, transcript=event.text, audio_end_ms=end))
            case ReplyAudio():
                return self._reply_audio(event)
            case Video():
                return self._video(event)
            case ReplyHeld():
                return self._ours(AvatarPlaybackHeld(response_id=event.reply_id))
            case ReplyResumed():
                return self._ours(AvatarPlaybackResumed(response_id=event.reply_id))
            case Called():
                return self._called(event)
            case ReplyDone():
                return self._reply_done(event)
            case PresenceChanged():
                self._state.presence = event.presence
                return self._ours(AvatarState(state=event.presence))
            case Failed():
                return self._failed(event)

    # what the user says

    def _stopped(self, event: SpeechStopped) -> list[Outgoing]:
        """The end of an utterance whose beginning was told; one that the client committed has none."""
        started = self._started.pop(event.utterance_id, None)
        if started is None:
            return []
        self._state.durations[event.utterance_id] = max(0, event.at_ms - started) / 1000
        self._state.heard = 0
        return [InputSpeechStopped(audio_end_ms=event.at_ms, item_id=event.utterance_id)]

    def _partly_understood(self, event: PartlyUnderstood) -> list[Outgoing]:
        if not self._state.choices.options.transcribe:
            return []
        partial = AvatarInputTranscriptPartial(
            item_id=event.utterance_id, transcript=event.text, language=event.language
        )
        return self._ours(partial)

    def _understood(self, event: Understood) -> list[Outgoing]:
        state = self._state
        state.follow(event.language)
        told: list[Outgoing] = [*state.committed(event.utterance_id)]
        usage = TranscriptionUsage(seconds=round(state.durations.pop(event.utterance_id, 0.0), 3))
        if not state.choices.options.transcribe:
            return told
        state.items.replace(UserItem(id=event.utterance_id, content=[InputAudio(transcript=event.text)]))
        if event.text:
            told.append(TranscriptionDelta(item_id=event.utterance_id, delta=event.text))
        told.append(
            TranscriptionCompleted(
                item_id=event.utterance_id, transcript=event.text, language=event.language, usage=usage
            )
        )
        return told

    # the reply

    def _reply_started(self, event: ReplyStarted) -> list[Outgoing]:
        state = self._state
        state.follow(event.language)
        state.reply_id, state.generation = event.reply_id, event.generation
        self._last = (event.generation, event.reply_id)
        wish = state.wishes.pop(event.reply_id, Wish())
        self._telling = telling = Telling(
            event.reply_id,
            new_id("item"),
            event.generation,
            state.choices.options.sound if wish.sound is None else wish.sound,
            SoundOut(state.choices.output_format),
            wish,
        )
        item = AssistantItem(id=telling.item_id, status="in_progress", content=[])
        part = AudioPart(transcript="") if telling.spoken else TextPart(text="")
        return [
            ResponseCreated(response=response_object(state, telling, "in_progress")),
            *self._ours(
                AvatarReplyStarted(response_id=event.reply_id, generation=event.generation, language=event.language)
            ),
            OutputItemAdded(response_id=event.reply_id, item=item),
            *self._item_added(telling, item),
            ContentPartAdded(response_id=event.reply_id, item_id=telling.item_id, part=part),
        ]

    def _reply_text(self, event: ReplyText) -> list[Outgoing]:
        telling = self._of(event.reply_id)
        if telling is None:
            return []
        kind = AudioTranscriptDelta if telling.spoken else TextDelta
        return [kind(response_id=telling.reply_id, item_id=telling.item_id, delta=event.text)]

    def _reply_audio(self, event: ReplyAudio) -> list[Outgoing]:
        telling = self._of(event.reply_id)
        if telling is None:
            return []
        self._state.voice_used = self._state.voice_used or voice_of(self._state.choices, self._state.session)
        data = telling.sound.encode(event.samples)
        if self._state.choices.binary:
            return [self._frame(Kind.SPEECH, Flag.NONE, event.generation, _pts_us(event.start), data)]
        return self._audio_delta(telling, data)

    def _reply_done(self, event: ReplyDone) -> list[Outgoing]:
        telling = self._of(event.reply_id)
        if telling is None:
            return []
        self._telling = self._state.reply_id = None
        content = OutputAudio(transcript=event.text) if telling.spoken else OutputText(text=event.text)
        item = AssistantItem(
            id=telling.item_id,
            status="completed" if event.status == "completed" else "incomplete",
            content=[content],
        )
        calls = [
            FunctionCallItem(id=new_id("item"), call_id=call.id, name=call.name, arguments=call.arguments)
            for call in telling.calls
        ]
        functions = [
            message
            for place, call in enumerate(calls, 1)
            for message in called(telling, call, place, self._state.items.add(call))
        ]
        details = status_details(event, self._state.language)
        timings = AvatarTimings(response_id=telling.reply_id, **asdict(event.times))
        return [
            *self._last_sound(telling, event),
            *content_done(telling, event.text),
            OutputItemDone(response_id=telling.reply_id, item=item),
            *self._item_done(item),
            *functions,
            *self._ours(timings),
            ResponseDone(response=response_object(self._state, telling, event.status, [item, *calls], details)),
        ]

    def _called(self, event: Called) -> list[Outgoing]:
        """Functions that the reply asks for; they are told when its words are over."""
        telling = self._of(event.reply_id)
        if telling is not None:
            telling.calls = event.calls
        return []

    def _item_added(self, telling: Telling, item: AssistantItem) -> list[Outgoing]:
        """The reply becomes an item of the conversation, unless it stands apart from it."""
        if telling.wish.apart:
            return []
        return [ItemAdded(previous_item_id=self._state.items.add(item, telling.reply_id), item=item)]

    def _item_done(self, item: AssistantItem) -> list[Outgoing]:
        """The item is as it stays; nothing, where it is none or was deleted meanwhile."""
        if item.id not in self._state.items:
            return []
        return [ItemDone(previous_item_id=self._state.items.replace(item), item=item)]

    def _last_sound(self, telling: Telling, event: ReplyDone) -> list[Outgoing]:
        """The end of the sound: a frame that says so, or what the resampler still held."""
        if not telling.spoken:
            return []
        if self._state.choices.binary:
            return [self._frame(Kind.SPEECH, Flag.END, event.generation, _pts_us(event.length), b"")]
        if event.status != "completed":
            return []
        return self._audio_delta(telling, telling.sound.finish())

    # pictures, failures, and the parts of frames

    def _video(self, event: Video) -> list[Outgoing]:
        choices = self._state.choices
        if not choices.video:
            return []
        codec, packet = choices.options.codec, event.packet
        if choices.binary:
            kind = Kind.H264 if codec == "h264" else Kind.JPEG
            flags = (Flag.KEY if packet.key else Flag.NONE) | (Flag.WAITING if event.waiting else Flag.NONE)
            return [self._frame(kind, flags, event.generation, max(0, event.pts_ms) * 1000, packet.data)]
        last = self._last
        return [
            AvatarVideoDelta(
                response_id=last[1] if last is not None and last[0] == event.generation else None,
                generation=event.generation,
                pts_ms=event.pts_ms,
                key=packet.key,
                waiting=event.waiting,
                codec=codec,
                delta=to_base64(packet.data),
            )
        ]

    def _failed(self, event: Failed) -> list[Outgoing]:
        return [ErrorEvent(error=error_object(event.error, self._state.language))]

    def _of(self, reply_id: str) -> Telling | None:
        """The reply in progress, if it is this one; what comes late is not told."""
        telling = self._telling
        return telling if telling is not None and telling.reply_id == reply_id else None

    def _ours(self, event: ServerEvent) -> list[Outgoing]:
        """An `avatar.*` event, where the client wants them."""
        return [event] if self._state.choices.events else []

    def _audio_delta(self, telling: Telling, data: bytes) -> list[Outgoing]:
        if not data:
            return []
        return [AudioDelta(response_id=telling.reply_id, item_id=telling.item_id, delta=to_base64(data))]

    def _frame(self, kind: Kind, flags: Flag, generation: int, pts_us: int, data: bytes) -> MediaFrame:
        seq = self._seq[kind]
        self._seq[kind] = (seq + 1) % 2**32
        return MediaFrame(kind, flags, generation % 2**16, seq, pts_us, data)


def citation_object(citation: Citation) -> CitationObject:
    """A citation as the wire carries it."""
    return CitationObject(id=citation.passage_id, work=citation.work, place=citation.place, quote=citation.quote)


def _pts_us(sample: int) -> int:
    return sample * 1_000_000 // SPEECH_RATE
