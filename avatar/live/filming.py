"""A portrait that says something, as a film: a text in a voice, or speech that somebody uploaded.

Everything here blocks and belongs in a worker thread. Whoever waits is told how far it is; what that callback raises
breaks the work off, and nothing half written stays behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from avatar.dialog.style import Phrase, Tone, phrases
from avatar.errors import AudioError, Language, TextError
from avatar.face.badge import badged
from avatar.face.film import write_film
from avatar.live.answering import Clauses
from avatar.live.recording import REST_FRAMES, Moods, Speak, frames, unspeakable
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, PhoneSpan, Pixels, Samples, WordSpan
from avatar.stages import Animator, Style
from avatar.voice.speaking.marks import parse, plain, script_clauses

Step = Literal["speaking", "drawing"]

Progress = Callable[[Step, float], None]
"""Told which step is being done, and how much of it is, 0..1."""

Ground = Literal["own", "consent", "historical"]
"""On what ground a face is used."""

GROUNDS: dict[Ground, str] = {
    "own": "The person in the photograph made this film of themselves.",
    "consent": "The person in the photograph consented to this film, as its maker states.",
    "historical": "A synthetic portrayal of a historical person; not a recording of them.",
}
"""What a film's metadata says of it."""

LONGEST_S = 300
"""The longest film, in seconds."""

LONGEST_TEXT = 3000
"""Characters of a text; about ten minutes of English, and more than LONGEST_S takes."""

_TAIL_S = 0.15
"""Silence after uploaded speech that ends at once, so that the mouth can close."""


@dataclass(frozen=True, slots=True)
class Narration:
    """What is said in a film.

    Attributes:
        sound: float32 [n] at SPEECH_RATE.
        phones: spans counted from the start of the sound; empty where they are not known.
        lines: the clauses and when each sounds, in order; empty where the words are not known.
        moods: how it is meant, and from which sample on.
    """

    sound: Samples
    phones: tuple[PhoneSpan, ...] = ()
    lines: tuple[WordSpan, ...] = ()
    moods: Moods = ()

    @property
    def seconds(self) -> float:
        """How long the sound lasts."""
        return self.sound.size / SPEECH_RATE


def narrate(
    text: str,
    language: Language,
    say: Speak,
    progress: Progress,
    *,
    seconds: float = LONGEST_S,
    style: Style | None = None,
) -> Narration:
    """Let a voice say a text. Marks in it (`voice.speaking.marks`) are heeded.

    Args:
        seconds: a preview needs no more; what comes after them is not synthesized.
        style: how all of it is meant; None goes by the tags in the text, such as `[warm]`, and by its words.

    Raises:
        TextError: the text is empty or too long.
        EngineError: the voice failed.
    """
    if not text.strip():
        raise TextError("There is no text to say.", "没有要说的文字。", code="text_empty")
    if len(text) > LONGEST_TEXT:
        raise TextError(
            f"The text has {len(text)} characters; a film takes {LONGEST_TEXT}. Make several films.",
            f"文字有 {len(text)} 个字符;一段视频最多 {LONGEST_TEXT} 个。请分成几段。",
            code="text_too_long",
        )
    clauses = _clauses(text, style)
    blocks: list[Samples] = []
    phones: list[PhoneSpan] = []
    lines: list[WordSpan] = []
    moods: list[tuple[Style, int]] = []
    length = 0
    for number, clause in enumerate(clauses):
        progress("speaking", number / len(clauses))
        if length > seconds * SPEECH_RATE:
            break
        speech = say(clause.text, language, clause.style)
        start = length
        moods.append((clause.style, start))
        for block in speech.chunks:
            blocks.append(block)
            length += block.size
            progress("speaking", number / len(clauses))
            if seconds < LONGEST_S and length >= seconds * SPEECH_RATE:
                break
        phones += [PhoneSpan(span.phone, start + span.start, start + span.end) for span in speech.phones]
        lines.append(WordSpan(speech.text, start, length))
    if length > LONGEST_S * SPEECH_RATE and seconds >= LONGEST_S:
        raise TextError(
            f"Spoken, the text lasts longer than {LONGEST_S} seconds. Make several films.",
            f"读出来超过 {LONGEST_S} 秒。请分成几段。",
            code="text_too_long",
        )
    if length == 0:
        raise unspeakable()
    return Narration(np.concatenate(blocks), tuple(phones), tuple(lines), tuple(moods))


def _clauses(text: str, style: Style | None) -> list[Phrase]:
    """A script as clauses, each with how it is meant."""
    if plain(text) != text:
        return _marked_clauses(text, style)
    chunker = Clauses()
    clauses = [clause for phrase in phrases(text) for clause in chunker.push(phrase)] + chunker.finish()
    return clauses if style is None else [Phrase(clause.text, style) for clause in clauses]


def _marked_clauses(text: str, style: Style | None) -> list[Phrase]:
    """The clauses of a script with marks; a mark tells of a style before the words do."""
    tone = Tone()
    return [
        Phrase(clause, style or marked.style or tone.of(marked.text))
        for clause in script_clauses(text)
        for marked in (parse(clause),)
    ]


def spoken(sound: Samples, style: Style | None = None) -> Narration:
    """Speech that somebody uploaded; its sound alone moves the lips.

    Args:
        sound: float32 [n] at SPEECH_RATE.
        style: how it is meant; None is calm, for words are not known.

    Raises:
        AudioError: it is longer than a film may be, or silent.
    """
    if sound.size > LONGEST_S * SPEECH_RATE:
        raise AudioError(
            f"The recording is longer than {LONGEST_S} seconds. Cut it into shorter parts.",
            f"录音超过 {LONGEST_S} 秒。请剪成较短的几段。",
            code="audio_too_long",
        )
    if float(np.abs(sound).max(initial=0.0)) < 1e-3:
        raise AudioError("The recording is silent.", "录音里没有声音。", code="audio_silent")
    tail = np.zeros(round(_TAIL_S * SPEECH_RATE), dtype=np.float32)
    return Narration(np.concatenate([sound, tail]), moods=((style, 0),) if style else ())


def opening(narration: Narration, seconds: float) -> Narration:
    """The beginning of it, for a preview."""
    end = min(narration.sound.size, round(seconds * SPEECH_RATE))
    phones = tuple(span for span in narration.phones if span.start < end)
    lines = tuple(WordSpan(line.text, line.start, min(line.end, end)) for line in narration.lines if line.start < end)
    return Narration(narration.sound[:end], phones, lines, narration.moods)


def frame_count(narration: Narration) -> int:
    """How many frames its film has."""
    return -(-narration.sound.size // SAMPLES_PER_FRAME) + REST_FRAMES


def film(
    narration: Narration, animator: Animator, out: Path, progress: Progress, *, title: str = "", comment: str = ""
) -> int:
    """Write the portrait saying it, marked as made by AI in the picture and in the file; returns how many frames.

    Args:
        out: an .mp4, .webm or .gif file; an .mp4 holds the lines as subtitles.
        comment: the film's metadata besides, such as on what ground a face is used.

    Raises:
        InputError: the name ends in something else, the GIF would be too long, or such a film cannot be transparent.
        StorageError: the file cannot be written.
        EngineError: a frame could not be drawn or encoded.
    """
    total = frame_count(narration)

    def images() -> Iterator[Pixels]:
        for number, frame in enumerate(frames(narration, animator)):
            progress("drawing", number / total)
            yield frame.image if frame.alpha is None else np.dstack([frame.image, frame.alpha])

    lines = narration.lines
    return write_film(out, badged(images()), narration.sound, title=title, comment=comment, lines=lines)
