"""Are words in recordings changed so that they are understood, in the same voice, and nothing else is touched?

Thirty edits (`_edits.py`) of a folder of recordings and of the spoken questions in `speech` beside it. The voice is
made of the recording itself by the first rung of fitting, as somebody's own voice would be who enrols with it.

The recognizer that judges the words here also tells the editor whether to try again; `words_first` is what it makes of
first tries alone, before anything was chosen by it.

`similarity_change` is the cosine between the half of a recording that was edited and the other half, less that of the
original's two halves. `similarity_noise` is the standard error of that mean. Halves of a second or two differ by their
words as well, so what other words alone do to it is measured twice:

- `similarity_null`: in place of what an edit made stands as much of the person's own sound from the same half, taken
  from up to six places; `beyond_null` is the edit's change less that, over the same edits, with its standard error.
- `similarity_true`: the spoken questions were said by stock voices, so the same edits are made once more with the very
  voice that is heard in them; `beyond_true` is the change with the cloned voice less that, with its standard error.

`similarity_whole` compares whole recordings with both halves of the original; the original holds those halves itself,
so anything that is not the same sound lies below it.
"""

from __future__ import annotations

import json
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

DONORS = 6
"""Places from which other sound of the same half is taken."""


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
class Likeness:
    """How alike the halves of a recording are after an edit, less what they were before; NaN where a half is too short.

    Attributes:
        inside: after the edit.
        null: with as much of the person's own sound in place of what was made.
        whole: of the whole recordings with both halves of the original.
    """

    inside: float
    null: float
    whole: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What was seen of one edit.

    Attributes:
        true: of `alike.inside`, where the recording's own stock voice said the words; NaN where it has none.
    """

    words: Understood
    first: Understood
    identical: bool
    clicks: int
    alike: Likeness
    true: float
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
        self._spoken = _spoken(folder.parent / "speech")

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
        alike = self._similarity(recording, after, edited)
        true = self._true(planned, recording, said, language)
        places = [place for part in edited.parts for place in part.seams]
        typer.echo(f"{planned.file:32} {planned.wanted} > {planned.by or '-'}: {words.found}/{words.total} "
                   f"(first {edited.parts[0].first.found}, tries {edited.parts[0].tries}) {alike.inside:+.3f} "
                   f"null {alike.null:+.3f} true {true:+.3f} whole {alike.whole:+.3f}", err=True)  # fmt: skip
        return Judged(
            words,
            edited.parts[0].first,
            _identical(recording, after, edited),
            len(clicks(after.waves.mean(axis=1), after.rate, places)),
            alike,
            true,
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

    def _true(self, planned: Planned, recording: Recording, said: str, language: Language) -> float:
        """The change of likeness where the voice is the one that is heard in the recording."""
        name = self._spoken.get(planned.file)
        if name is None:
            return math.nan
        person = self._voices[planned.file].person
        voice = Enrolled(Fitted(self._studio.pack(name), 1.0, ("nearest",)), person, self._studio)
        edited = self._editor.edit(recording, Wish(planned.wanted, planned.by, "", said, language), voice)
        return self._similarity(recording, edited.recording, edited).inside

    def _similarity(self, before: Recording, after: Recording, edited: Edited) -> Likeness:
        """How alike the halves are, and what other sound of the same person would have done to it."""
        halves = Halves.of(before.speech, edited)
        voice = self._voice_of
        kept, base = voice(halves.kept), likeness(voice(halves.changed), voice(halves.kept))

        def change(sound: Samples) -> float:
            return likeness(voice(sound), kept) - base if sound.size >= SHORTEST_HALF else math.nan

        moved = after.speech.size - before.speech.size
        inside = change(after.speech[: halves.middle + moved] if halves.early else after.speech[halves.middle :])
        others = [change(sound) for sound in halves.others()] if edited.parts[0].made else []
        one, other = voice(after.speech), voice(before.speech)
        sides = (voice(halves.changed), kept)
        whole = statistics.fmean(likeness(one, half) - likeness(other, half) for half in sides)
        return Likeness(inside, statistics.fmean(others) if others else math.nan, whole)

    def _voice_of(self, sound: Samples) -> Embedding:
        return self._studio.encoder.embed(spoken_part(sound), SPEECH_RATE)


@dataclass(frozen=True, slots=True)
class Halves:
    """A recording in two, of which an edit changed one.

    Attributes:
        changed, kept: float32 [n] at SPEECH_RATE, as they were before.
        middle: where the second begins.
        early: whether the first was changed.
        start, end: samples of `changed` that gave way.
        made: how many came in their place.
    """

    changed: Samples
    kept: Samples
    middle: int
    early: bool
    start: int
    end: int
    made: int

    @classmethod
    def of(cls, sound: Samples, edited: Edited) -> Halves:
        """Of the recording before an edit."""
        part, scale = edited.parts[0], SPEECH_RATE / edited.recording.rate
        start, end, made = (
            round(at * scale) for at in (part.old_start, part.old_end, part.end - part.start)
        )  # fmt: skip
        middle = _quiet_middle(sound)
        early = start + end < 2 * middle
        first, last = sound[:middle], sound[middle:]
        changed = first if early else last
        shift = 0 if early else middle
        start, end = (min(max(0, at - shift), changed.size) for at in (start, end))
        return cls(changed, last if early else first, middle, early, start, end, made)

    def others(self) -> list[Samples]:
        """The changed half with as much of its own other sound as was made, from several places, in the same place."""
        before, after = self.changed[: self.start], self.changed[self.end :]
        own = np.concatenate([before, after])
        if own.size <= self.made:
            return []
        places = np.linspace(0, own.size - self.made, DONORS).astype(int)
        return [np.concatenate([before, own[at : at + self.made], after]) for at in places]


def _quiet_middle(sound: Samples) -> int:
    """Where a recording falls in two: its quietest moment within the middle fifth."""
    levels = features(sound).level
    first, last = levels.size * 2 // 5, levels.size * 3 // 5
    return (first + int(levels[first:last].argmin())) * HOP


def _spoken(folder: Path) -> dict[str, str]:
    """Which stock voice is heard in each recording of a folder, as far as its manifest tells."""
    manifest = folder / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else []
    return {each["file"]: each["voice"] for each in entries if "voice" in each}


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
    change, noise = _mean(each.alike.inside for each in found)
    beyond_null, beyond_null_noise = _mean(each.alike.inside - each.alike.null for each in found)
    beyond_true, beyond_true_noise = _mean(each.alike.inside - each.true for each in found)
    refused = planned - len(found)
    return {
        "words_recognised": _share(each.words for each in found) * len(found) / planned,
        "words_first": _share(each.first for each in found) * len(found) / planned,
        "edits_whole": sum(each.words.missed == 0 for each in found) / planned,
        "untouched_identical": sum(each.identical for each in found) / len(found),
        "clicks": float(sum(each.clicks for each in found)),
        "similarity_change": change,
        "similarity_noise": noise,
        "similarity_null": _mean(each.alike.null for each in found)[0],
        "beyond_null": beyond_null,
        "beyond_null_noise": beyond_null_noise,
        "similarity_true": _mean(each.true for each in found)[0],
        "beyond_true": beyond_true,
        "beyond_true_noise": beyond_true_noise,
        "similarity_whole": statistics.fmean(each.alike.whole for each in found),
        "seconds_per_edit": statistics.median(each.seconds for each in found),
        "mark_found": sum(each.mark >= 0.5 for each in made) / max(1, len(made)),
        "edits": float(len(found)),
        "refused": float(refused),
    }


def _mean(values: Iterable[float]) -> tuple[float, float]:
    """The mean of those that are numbers, and its standard error; NaN of none."""
    known = [each for each in values if not math.isnan(each)]
    if not known:
        return math.nan, math.nan
    return statistics.fmean(known), statistics.pstdev(known) / math.sqrt(len(known))


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
