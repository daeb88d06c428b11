"""Are words in recordings changed so that they are understood, in the same voice, and nothing else is touched?

Thirty edits (`_edits.py`) of a folder of recordings and of the spoken questions in `speech` beside it. The voice is
made of the recording itself by the first rung of fitting, as somebody's own voice would be who enrols with it.

The recognizer that judges the words here also tells the editor whether to try again; `words_first` is what it makes of
first tries alone, before anything was chosen by it.

`similarity_change` is the cosine between the half of a recording that was edited and the other half, less that of the
original's two halves: so both sides compare different words. `similarity_noise` is the standard error of that mean.
`similarity_whole` compares whole recordings with both halves of the original; the original holds those halves itself,
so anything that is not the same sound lies below it.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import typer

from avatar.engines import Engines
from avatar.engines.voices import mark_network
from avatar.errors import AvatarError, InputError, Language
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.settings import Settings
from avatar.stages import HearingHints
from avatar.voice.editing import Edited, Editor, Wish
from avatar.voice.editing.clicks import clicks
from avatar.voice.editing.editor import spoken_part
from avatar.voice.editing.features import HOP, features
from avatar.voice.editing.hearing import Understood, understood
from avatar.voice.editing.phrases import KokoroSpeaker
from avatar.voice.editing.recording import Recording, read, write
from avatar.voice.editing.texts import changes, tokens
from avatar.voice.enrolment.enrol import Enroller
from avatar.voice.enrolment.reading import read_recording
from avatar.voice.fitting import Fitted, Studio, fit_instant
from avatar.voice.speaker import Embedding, likeness
from avatar.voice.watermark import MarkNetwork, detect
from benchmarks._edits import EDITS, TRANSCRIPTS, Planned
from benchmarks.clone import opened

SHORTEST_MADE = SPEECH_RATE
"""Samples of the stretch that is looked at for the watermark, at the least: a second."""

SHORTEST_HALF = SPEECH_RATE * 4 // 5
"""Samples of a half of which the voice is told; of less, where much was taken out, nothing is said."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Implements `avatar.voice.editing.editor.Voice`: a voice made of the recording that is edited."""

    fitted: Fitted
    person: tuple[Embedding, ...]
    studio: Studio

    def speaker(self, language: Language) -> KokoroSpeaker:
        """See `Voice`."""
        return KokoroSpeaker(
            self.studio.synthesizer, self.fitted.style, self.fitted.deltas, language, pitch=self.fitted.pitch
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """What was seen of one edit."""

    words: Understood
    first: Understood
    identical: bool
    clicks: int
    inside: float
    whole: float
    seconds: float
    made: bool
    mark: float


class Bench:
    """The engines, and the voices that were made."""

    def __init__(self, engines: Engines, settings: Settings, folder: Path) -> None:
        self._folder = folder
        self._studio = opened(settings)
        self._enroller = Enroller(engines.vad, self._studio.encoder, self._studio.recognizer)
        self._network: MarkNetwork = mark_network(settings)
        self._editor = Editor(self._studio.recognizer, self._studio.encoder, lambda sound: False, self._network)
        self._voices: dict[str, Enrolled] = {}

    def judge(self, planned: Planned) -> Judged:
        """Make an edit, write it, read it again and look at it."""
        path = self._found(planned.file)
        voice = self._voice(path)
        language, said = TRANSCRIPTS[planned.file]
        recording = read(path)
        start = time.process_time()
        edited = self._editor.edit(recording, Wish(planned.wanted, planned.by, "", said, language), voice)
        spent = time.process_time() - start
        with TemporaryDirectory() as folder:
            file = Path(folder) / "edited.wav"
            write(edited.recording, file)
            after = read(file)
        sound = after.speech
        words = self._understood(edited, sound)
        inside, whole = self._similarity(recording, after, edited)
        places = [place for part in edited.parts for place in part.seams]
        typer.echo(f"{planned.file:32} {planned.wanted} > {planned.by or '-'}: {words.found}/{words.total} "
                   f"(first {edited.parts[0].first.found}, tries {edited.parts[0].tries}) {inside:+.3f} {whole:+.3f}",
                   err=True)  # fmt: skip
        return Judged(
            words,
            edited.parts[0].first,
            _identical(recording, after, edited),
            len(clicks(after.waves.mean(axis=1), after.rate, places)),
            inside,
            whole,
            spent,
            edited.parts[0].made,
            detect(_stretch(sound, edited), self._network).score,
        )

    def _found(self, name: str) -> Path:
        places = (self._folder / name, self._folder.parent / "speech" / name)
        return next((place for place in places if place.is_file()), places[0])

    def _voice(self, path: Path) -> Enrolled:
        if path.name not in self._voices:
            sound = read_recording(path)
            checked = self._enroller.check_sound(sound, sound.size / SPEECH_RATE, shortest_s=1.0)
            enrolment = self._enroller.enrol_checked(checked, language=TRANSCRIPTS[path.name][0])
            fitted = fit_instant(enrolment, self._studio)
            self._voices[path.name] = Enrolled(fitted, (enrolment.embedding,), self._studio)
        return self._voices[path.name]

    def _understood(self, edited: Edited, sound: Samples) -> Understood:
        """The words of the whole recording."""
        heard = self._studio.recognizer.transcribe(
            resample(sound, SPEECH_RATE, HEARING_RATE), HearingHints(language=edited.language)
        )
        old, new = tokens(edited.old, edited.language), tokens(edited.new, edited.language)
        found = changes(old, new)[0]
        return understood(new, found.first, found.last, tokens(heard.text, edited.language))

    def _similarity(self, before: Recording, after: Recording, edited: Edited) -> tuple[float, float]:
        """How much more the edited half is like the half that was not touched than the original half is; and the same
        of whole recordings against both halves of the original."""
        whole, voice = before.speech, self._voice_of
        middle = _quiet_middle(whole)
        halves = voice(whole[:middle]), voice(whole[middle:])
        sound, moved = after.speech, after.speech.size - whole.size
        early = _middle_of(edited) < middle * edited.recording.rate / SPEECH_RATE
        changed = sound[: middle + moved] if early else sound[middle:]
        kept = halves[1] if early else halves[0]
        inside = math.nan
        if changed.size >= SHORTEST_HALF:
            inside = likeness(voice(changed), kept) - likeness(*halves)
        one, other = voice(sound), voice(whole)
        return inside, statistics.fmean(likeness(one, half) - likeness(other, half) for half in halves)

    def _voice_of(self, sound: Samples) -> Embedding:
        return self._studio.encoder.embed(spoken_part(sound), SPEECH_RATE)


def _quiet_middle(sound: Samples) -> int:
    """Where a recording falls in two: its quietest moment within the middle fifth."""
    levels = features(sound).level
    first, last = levels.size * 2 // 5, levels.size * 3 // 5
    return (first + int(levels[first:last].argmin())) * HOP


def _middle_of(edited: Edited) -> float:
    """The middle of what was replaced, in samples of the old recording."""
    return (edited.parts[0].old_start + edited.parts[0].old_end) / 2


def run(settings: Settings, voices: Path | None = None, every: int = 1) -> dict[str, float]:
    """Measure.

    Args:
        voices: the folder of the recordings.
        every: take only every so manieth of the edits.

    Raises:
        InputError: no folder.
    """
    if voices is None or not voices.is_dir():
        raise InputError(
            "Name the folder of the shared recordings: avatar bench edit --voices FOLDER.",
            "请指定共享录音的文件夹:avatar bench edit --voices 文件夹。",
        )
    engines = Engines(settings)
    try:
        bench = Bench(engines, settings, voices)
        found = [judged for planned in EDITS[::every] if (judged := _tried(bench, planned)) is not None]
    finally:
        engines.close()
    return figures(found, len(EDITS[::every]))


def _tried(bench: Bench, planned: Planned) -> Judged | None:
    """One edit; None where it was refused, which is said."""
    try:
        return bench.judge(planned)
    except AvatarError as error:
        typer.echo(f"{planned.file}: {planned.wanted} > {planned.by or '-'}: refused: {error}", err=True)
        return None


def figures(found: list[Judged], planned: int) -> dict[str, float]:
    """The keys; an edit that was refused counts as words that were not understood.

    Raises:
        InputError: nothing could be edited.
    """
    if not found:
        raise InputError("No recording in the folder could be edited.", "文件夹里没有可以编辑的录音。")
    made = [each for each in found if each.made]
    told = [each.inside for each in found if not math.isnan(each.inside)]
    refused = planned - len(found)
    return {
        "words_recognised": _share(each.words for each in found) * len(found) / planned,
        "words_first": _share(each.first for each in found) * len(found) / planned,
        "edits_whole": sum(each.words.missed == 0 for each in found) / planned,
        "untouched_identical": sum(each.identical for each in found) / len(found),
        "clicks": float(sum(each.clicks for each in found)),
        "similarity_change": statistics.fmean(told),
        "similarity_noise": statistics.pstdev(told) / math.sqrt(len(told)),
        "similarity_whole": statistics.fmean(each.whole for each in found),
        "seconds_per_edit": statistics.median(each.seconds for each in found),
        "mark_found": sum(each.mark >= 0.5 for each in made) / max(1, len(made)),
        "edits": float(len(found)),
        "refused": float(refused),
    }


def _share(words: Iterable[Understood]) -> float:
    known = list(words)
    return sum(each.found for each in known) / max(1, sum(each.total for each in known))


def _identical(before: Recording, after: Recording, edited: Edited) -> bool:
    """Whether every sample outside of the parts is the old one's, of the same kind and at the same rate."""
    if before.raw.dtype != after.raw.dtype or before.rate != after.rate or before.raw.shape[1] != after.raw.shape[1]:
        return False
    here = there = 0
    for part in edited.parts:
        if not np.array_equal(after.raw[here : part.start], before.raw[there : part.old_start]):
            return False
        here, there = part.end, part.old_end
    return np.array_equal(after.raw[here:], before.raw[there:])


def _stretch(sound: Samples, edited: Edited) -> Samples:
    """What was made, with as much around it as a second takes."""
    scale = SPEECH_RATE / edited.recording.rate
    start, end = round(edited.parts[0].start * scale), round(edited.parts[0].end * scale)
    more = max(0, SHORTEST_MADE - (end - start)) // 2
    return sound[max(0, start - more) : end + more]
