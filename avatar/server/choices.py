"""What a client chose, by query and `session.update`, as the session's options; and the session object showing it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from avatar.dialog.memory.store import user_of
from avatar.errors import InputError, Language
from avatar.live.options import SessionOptions
from avatar.live.turns import TurnDetection
from avatar.server.functions import choice_of, functions_of, tools_of
from avatar.server.protocol.client import AudioPatch, AvatarPatch, InputPatch, OutputPatch, SessionPatch
from avatar.server.protocol.objects import (
    AvatarObject,
    InputObject,
    OutputObject,
    Pcm,
    SemanticVad,
    ServerVad,
    SessionAudio,
    SessionObject,
    TranscriptionObject,
)
from avatar.server.protocol.parsing import EventError
from avatar.server.sessions import LiveSession
from avatar.server.sound import Format

OPENAI_VOICES = frozenset(
    {"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse"}
)
"""Voices that OpenAI's clients ask for by themselves: they stand for the persona's own."""

BETA_FIELDS = ("modalities", "input_audio_format", "output_audio_format")


@dataclass(frozen=True, slots=True)
class Choices:
    """A client's choices.

    Attributes:
        options: the session's.
        model: the name that the client asked for, shown again.
        binary: whether sound and pictures travel in binary frames (the media socket).
        events: whether `avatar.*` events are sent.
        video: whether pictures are sent; only where the session was opened with them.
    """

    options: SessionOptions
    model: str
    binary: bool
    events: bool
    video: bool
    input_format: Format = field(default_factory=Pcm)
    output_format: Format = field(default_factory=Pcm)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a client needs to come back, and how long the conversation lasts at most.

    Attributes:
        resume: the token; None where the server keeps nothing.
        expires_at: seconds since 1970; None where there is no limit.
    """

    resume: str | None = None
    expires_at: int | None = None


def updated(choices: Choices, patch: SessionPatch, *, fixed_voice: str | None) -> Choices:
    """The choices after a `session.update`.

    Args:
        fixed_voice: the voice that the persona has spoken with, if it has; it cannot change any more.

    Raises:
        EventError: a field asks for what there is not; nothing is changed.
    """
    _refuse_unsupported(patch)
    options = choices.options
    if patch.instructions is not None:
        options = replace(options, instructions=patch.instructions)
    if patch.output_modalities is not None:
        options = replace(options, sound=patch.output_modalities == ["audio"])
    if patch.max_output_tokens is not None:
        options = replace(options, max_tokens=None if patch.max_output_tokens == "inf" else patch.max_output_tokens)
    functions = functions_of(patch.tools, patch.tool_choice, options.functions)
    choices = replace(choices, options=replace(options, functions=functions))
    if patch.audio is not None:
        choices = _with_audio(choices, patch.audio, fixed_voice=fixed_voice)
    if patch.avatar is not None:
        choices = _with_avatar(choices, patch.avatar)
    return choices


def session_object(choices: Choices, session: LiveSession, ticket: Ticket) -> SessionObject:
    """The whole session, as `session.created` and `session.updated` show it."""
    options = choices.options
    return SessionObject(
        id=session.id,
        model=choices.model,
        output_modalities=["audio" if options.sound else "text"],
        instructions=options.instructions,
        audio=SessionAudio(
            input=InputObject(
                format=choices.input_format,
                transcription=TranscriptionObject(model="avatar", language=options.language)
                if options.transcribe
                else None,
                turn_detection=_turn_detection_object(options.turn_detection),
            ),
            output=OutputObject(format=choices.output_format, voice=voice_of(choices, session), speed=options.speed),
        ),
        tools=tools_of(options.functions),
        tool_choice=choice_of(options.functions),
        max_output_tokens=options.max_tokens or "inf",
        avatar=AvatarObject(
            persona=session.persona.id,
            events=choices.events,
            video=choices.video,
            codec=options.codec,
            size=options.size,
            language=options.language,
            filler=options.filler,
            user=bool(options.user),
            resume=ticket.resume,
        ),
        expires_at=ticket.expires_at,
    )


def voice_of(choices: Choices, session: LiveSession) -> str:
    """The id of the voice that the persona speaks with."""
    return choices.options.voice or session.persona.voice


def own_voice(voice: str) -> str | None:
    """A voice as it was asked for; None for one of OpenAI's, which stands for the persona's own."""
    return None if voice in OPENAI_VOICES else voice


def language_code(value: str, param: str) -> Language:
    """`zh` or `en` from a language tag such as "zh-CN".

    Raises:
        EventError: another language.
    """
    languages: dict[str, Language] = {"zh": "zh", "en": "en"}
    found = languages.get(value.lower().replace("_", "-").split("-")[0])
    if found is None:
        raise unsupported(param, "the languages are zh and en", "语言只有 zh 和 en")
    return found


def unsupported(param: str, en: str, zh: str, *, code: str = "unsupported_value") -> EventError:
    """A field that is understood, and whose value is not done here."""
    return EventError(f"{param}: {en}.", f"{param}:{zh}。", code=code, param=param)


def picture_size(value: str | None, largest: int) -> int:
    """The width of the picture from a query; never more than the server's own setting.

    Raises:
        InputError: not a number, out of range, or not a multiple of 16.
    """
    if value is None:
        return largest
    if not (value.isascii() and value.isdigit() and len(value) < 6) or not 256 <= int(value) <= 1024 or int(value) % 16:
        raise InputError(
            "size is a multiple of 16 from 256 to 1024.", "size 须为 256 到 1024 之间 16 的倍数。", code="invalid_size"
        )
    return min(int(value), largest)


def picture_codec(value: str | None) -> Literal["h264", "jpeg"]:
    """The codec from a query.

    Raises:
        InputError: neither of the two.
    """
    if value is None or value == "h264":
        return "h264"
    if value == "jpeg":
        return "jpeg"
    raise InputError("codec is h264 or jpeg.", "codec 须为 h264 或 jpeg。", code="invalid_codec")


def _refuse_unsupported(patch: SessionPatch) -> None:
    beta = [name for name in BETA_FIELDS if name in patch.model_fields_set]
    if beta:
        raise unsupported(
            f"session.{beta[0]}",
            "this is the beta form; use the GA form, with session.audio and session.output_modalities",
            "这是旧的 beta 写法;请用 GA 写法,即 session.audio 和 session.output_modalities",
            code="beta_shape",
        )


def _with_audio(choices: Choices, patch: AudioPatch, *, fixed_voice: str | None) -> Choices:
    if patch.input is not None:
        choices = _with_input(choices, patch.input)
    if patch.output is not None:
        choices = _with_output(choices, patch.output, fixed_voice=fixed_voice)
    return choices


def _with_input(choices: Choices, patch: InputPatch) -> Choices:
    options = choices.options
    if "transcription" in patch.model_fields_set:
        options = replace(options, transcribe=patch.transcription is not None)
        if patch.transcription is not None and patch.transcription.language is not None:
            language = language_code(patch.transcription.language, "session.audio.input.transcription.language")
            options = replace(options, language=language)
    if "turn_detection" in patch.model_fields_set:
        options = replace(options, turn_detection=_turn_detection(patch.turn_detection))
    audio_format = _fixed_format(choices, patch.format, "session.audio.input.format") or choices.input_format
    return replace(choices, options=options, input_format=audio_format)


def _with_output(choices: Choices, patch: OutputPatch, *, fixed_voice: str | None) -> Choices:
    options = choices.options
    if patch.voice is not None:
        voice = own_voice(patch.voice if isinstance(patch.voice, str) else patch.voice.id)
        if fixed_voice is not None and voice not in (None, fixed_voice):
            raise EventError(
                "The voice cannot change once the persona has spoken.",
                "人物开口之后不能再更换声音。",
                code="cannot_update_voice",
                param="session.audio.output.voice",
            )
        options = replace(options, voice=voice or (options.voice if fixed_voice else None))
    if patch.speed is not None:
        options = replace(options, speed=patch.speed)
    audio_format = _fixed_format(choices, patch.format, "session.audio.output.format") or choices.output_format
    return replace(choices, options=options, output_format=audio_format)


def _fixed_format(choices: Choices, audio_format: Format | None, param: str) -> Format | None:
    if choices.binary and audio_format is not None and not isinstance(audio_format, Pcm):
        raise unsupported(param, "the media socket carries audio/pcm only", "媒体套接字只传 audio/pcm")
    return audio_format


def _with_avatar(choices: Choices, patch: AvatarPatch) -> Choices:
    if patch.video and not choices.options.video:
        raise unsupported(
            "session.avatar.video", "connect with ?video=1 to have pictures", "要有画面,请在连接时加上 ?video=1"
        )
    events = choices.events if patch.events is None or choices.binary else patch.events
    video = choices.video if patch.video is None else patch.video
    filler = choices.options.filler if patch.filler is None else patch.filler
    user = choices.options.user
    if "user" in patch.model_fields_set:
        user = user_of(patch.user) if patch.user is not None else ""
    options = replace(choices.options, waits=events, filler=filler, user=user)
    return replace(choices, events=events, video=video, options=options)


def _turn_detection(wish: ServerVad | SemanticVad | None) -> TurnDetection | None:
    if wish is None:
        return None
    create, interrupt = wish.create_response, wish.interrupt_response
    if isinstance(wish, SemanticVad):
        return TurnDetection(
            "semantic_vad", eagerness=wish.eagerness, create_response=create, interrupt_response=interrupt
        )
    return TurnDetection(
        "server_vad",
        threshold=wish.threshold,
        prefix_padding_ms=wish.prefix_padding_ms,
        silence_ms=wish.silence_duration_ms,
        create_response=create,
        interrupt_response=interrupt,
    )


def _turn_detection_object(chosen: TurnDetection | None) -> ServerVad | SemanticVad | None:
    if chosen is None:
        return None
    create, interrupt = chosen.create_response, chosen.interrupt_response
    if chosen.kind == "semantic_vad":
        return SemanticVad(eagerness=chosen.eagerness, create_response=create, interrupt_response=interrupt)
    return ServerVad(
        threshold=chosen.threshold,
        prefix_padding_ms=chosen.prefix_padding_ms,
        silence_duration_ms=chosen.silence_ms,
        create_response=create,
        interrupt_response=interrupt,
    )
