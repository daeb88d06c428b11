"""An answer, or any text, as a recording: the same stages as in a live session, gathered instead of sent."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar.dialog.conversation import Conversation
from avatar.dialog.style import Phrase, phrases
from avatar.errors import Language, TextError
from avatar.face.film import write_film
from avatar.live.answering import clauses_of, speak
from avatar.live.events import Citation, StageTimes
from avatar.live.reply import Clock, Reply, Stopwatch
from avatar.live.running import Runner
from avatar.live.telling import citation
from avatar.media import FPS, SAMPLES_PER_FRAME, ClauseSpeech, Frame, PhoneSpan, Pixels, Samples
from avatar.stages import Animator, Style, Synthesizer
from avatar.voice.speaking.delivery import DELIVERIES
from avatar.voice.speaking.marks import styled

REST_FRAMES = FPS // 2
"""Frames at the end in which the face comes to rest: half a second."""

NOTICE = "AI-generated speech and picture. 语音与画面由人工智能生成。"
"""What every film says of itself in its metadata."""

LONGEST_TEXT = 10_000
"""Characters that are said in one go, all of their sound held at once: some forty minutes."""

Speak = Callable[[str, Language, Style], ClauseSpeech]
"""Turns a clause into speech that is meant so, with a voice and a speed already chosen."""

Moods = tuple[tuple[Style, int], ...]
"""How speech is meant, and from which sample on, in order; calm before the first."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What was said.

    Attributes:
        text: the words.
        language: what they are in.
        sound: float32 [n] at SPEECH_RATE.
        phones: spans counted from the start of the sound.
        citations: the passages that an answer rests on.
        times: when each stage first gave something.
        spoken_s: when the last sound was there, on the same clock.
        moods: from which samples on it is meant how.
    """

    text: str
    language: Language
    sound: Samples
    phones: tuple[PhoneSpan, ...]
    citations: tuple[Citation, ...]
    times: StageTimes
    spoken_s: float
    moods: Moods = ()


@dataclass(slots=True)
class _Tape:
    """Gathers the speech of a reply."""

    reply: Reply
    blocks: list[Samples] = field(default_factory=list)
    clauses: list[tuple[int, Sequence[PhoneSpan]]] = field(default_factory=list)
    moods: list[tuple[Style, int]] = field(default_factory=list)
    length: int = 0

    def on_clause(self, speech: ClauseSpeech, style: Style) -> None:
        self.reply.write(speech.text)
        self.moods.append((style, self.length))
        self.clauses.append((self.length, speech.phones))

    def on_sound(self, samples: Samples) -> None:
        self.reply.watch.mark("first_audio_s")
        self.blocks.append(samples)
        self.length += samples.size

    def phones(self) -> Iterator[PhoneSpan]:
        """Those of all clauses, when all was said."""
        for start, spans in self.clauses:
            for span in spans:
                yield PhoneSpan(span.phone, start + span.start, start + span.end)


def voice_of(synthesizer: Synthesizer, voice: str, speed: float = 1.0) -> Speak:
    """A synthesizer with its voice and speed chosen."""
    return lambda clause, language, style: synthesizer.speak(
        styled(clause, style), voice, language=language, speed=DELIVERIES[style].pace(speed)
    )


async def record_answer(
    conversation: Conversation, question: str, language: Language, say: Speak, run: Runner, watch: Stopwatch
) -> Recording:
    """A persona's answer to a question, spoken.

    Raises:
        EngineError: a stage failed.
    """
    language = conversation.persona.speaks(language)
    grounding = await run(lambda: conversation.ground(question, language))
    reply = Reply("recording", 0, language, watch)
    answer = conversation.answer(question, language, grounding)
    tape = await _record(clauses_of(answer, reply), say, run, reply)
    conversation.remember(question, reply.text)
    citations = tuple(citation(found) for found in grounding.passages)
    return _recording(tape, citations)


async def record_text(text: str, language: Language, say: Speak, run: Runner, now: Clock = time.monotonic) -> Recording:
    """A text, spoken.

    Raises:
        TextError: it is longer than LONGEST_TEXT, or nothing in it can be spoken.
        EngineError: the voice failed.
    """
    check_text(text)
    reply = Reply("recording", 0, language, Stopwatch(now(), now))
    recording = _recording(await _record(clauses_of(_whole(text), reply), say, run, reply), ())
    if not recording.sound.size:
        raise unspeakable()
    return recording


def check_text(text: str) -> None:
    """Refuse what cannot be said in one go, before anything is loaded for it.

    Raises:
        TextError: it is empty, or longer than LONGEST_TEXT.
    """
    if not text.strip():
        raise TextError("There is no text to say.", "没有要说的文字。", code="text_empty")
    if len(text) > LONGEST_TEXT:
        raise TextError(
            f"The text has {len(text)} characters, {LONGEST_TEXT} are the most. Put it in a file, for `avatar read`.",
            f"文字有 {len(text)} 个字符,最多 {LONGEST_TEXT} 个。请存为文件,用 `avatar read` 朗读。",
            code="text_too_long",
        )


def unspeakable() -> TextError:
    """The error of a text without a character that is said."""
    return TextError("Nothing in the text can be spoken.", "文字里没有可以读出来的内容。", code="text_empty")


class Spoken(Protocol):
    """Sound, and what is known of its phones."""

    @property
    def sound(self) -> Samples:
        """float32 [n] at SPEECH_RATE."""

    @property
    def phones(self) -> tuple[PhoneSpan, ...]:
        """Spans counted from the start of the sound."""

    @property
    def moods(self) -> Moods:
        """How it is meant."""


def frames(recording: Spoken, animator: Animator) -> Iterator[Frame]:
    """The face saying it: 25 frames for each second of sound, and half a second in which it comes to rest."""
    animator.attend("speaking")
    animator.begin()
    for style, at in recording.moods:
        animator.feel(style, at)
    animator.speak(recording.sound, recording.phones, 0)
    for _ in range(-(-recording.sound.size // SAMPLES_PER_FRAME)):
        yield animator.frame()
    animator.attend("idle")
    for _ in range(REST_FRAMES):
        yield animator.frame()


def frame_count(recording: Recording) -> int:
    """How many frames `frames` gives."""
    return -(-recording.sound.size // SAMPLES_PER_FRAME) + REST_FRAMES


def film(
    recording: Recording, animator: Animator, out: Path, *, title: str, progress: Callable[[int], None]
) -> NDArray[np.float32]:
    """Write the face saying it as an MP4.

    Args:
        progress: told after each frame how many there are.

    Returns:
        float32 [frames]: how far the lips were meant to be open, as `Frame.aperture`.

    Raises:
        StorageError: the file cannot be written.
    """
    apertures: list[float] = []

    def images() -> Iterator[Pixels]:
        for frame in frames(recording, animator):
            apertures.append(frame.aperture)
            yield frame.image
            progress(len(apertures))

    write_film(out, images(), recording.sound, title=title, comment=NOTICE)
    return np.asarray(apertures, dtype=np.float32)


async def _record(clauses: AsyncIterator[Phrase], say: Speak, run: Runner, reply: Reply) -> _Tape:
    tape = _Tape(reply)
    await speak(clauses, lambda phrase: say(phrase.text, reply.language, phrase.style), run, reply, tape)
    reply.finish("completed")
    return tape


def _recording(tape: _Tape, citations: tuple[Citation, ...]) -> Recording:
    reply = tape.reply
    sound = np.concatenate(tape.blocks) if tape.blocks else np.zeros(0, dtype=np.float32)
    spoken = reply.watch.now() - reply.watch.zero
    phones, moods = tuple(tape.phones()), tuple(tape.moods)
    return Recording(reply.text, reply.language, sound, phones, citations, reply.watch.times, spoken, moods)


async def _whole(text: str) -> AsyncIterator[Phrase]:
    for phrase in phrases(text):
        yield phrase
