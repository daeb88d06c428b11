"""Enrolment itself: recordings in, a person's voice ready to be fitted out, or a sentence that says why not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from avatar.errors import AudioError, InputError, Language
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.stages import HearingHints, Recognizer, Transcript, VoiceActivity
from avatar.voice.enrolment.cleaning import denoised, high_passed, levelled, noise_spectrum
from avatar.voice.enrolment.findings import LEAST_WORDS, SHORTEST_S, doubtful_words, findings, mixed_languages
from avatar.voice.enrolment.pitch import track
from avatar.voice.enrolment.quality import quality
from avatar.voice.enrolment.reading import Source, read_recording, read_recordings
from avatar.voice.enrolment.sex import sex_of
from avatar.voice.enrolment.spans import Span, pauses, spans
from avatar.voice.enrolment.speakers import speakers
from avatar.voice.enrolment.windows import Enrolment, Finding, Report, Window
from avatar.voice.hearing.vad import WINDOW
from avatar.voice.speaker import Embedding, SpeakerEncoder, likeness, mean_embedding

log = logging.getLogger(__name__)

Step = Literal["reading", "checking", "cleaning", "hearing"]

Progress = Callable[[Step, float], None]
"""Told what is being done and how far it is, 0..1; what it raises breaks the work off."""

MOST_S = 90.0
"""Seconds of windows that are transcribed and kept: the best of a long recording."""

_CLEAN_DB = 38.0
"""Speech so far above its noise is left as it is."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Recordings, looked at.

    Attributes:
        sound: float32 [n] at SPEECH_RATE.
        spans: where windows can be cut, in samples.
        pauses: float32 [n] at SPEECH_RATE, what lies between the words.
        looks: float32 [k, 256], of the speech.
        pitch_hz: median of the voiced frames; 0 where there are none.
        report: for people.
    """

    sound: Samples
    spans: tuple[Span, ...]
    pauses: Samples
    looks: NDArray[np.float32]
    pitch_hz: float
    report: Report

    @property
    def usable(self) -> bool:
        """Whether nothing stands in the way."""
        return not any(each.weight == "error" for each in self.report.findings)

    @property
    def embedding(self) -> Embedding:
        """The voice. There is one only where somebody speaks."""
        return mean_embedding(self.looks)

    def demand(self) -> None:
        """Go on only with what is usable.

        Raises:
            AudioError: it is not; the sentence and the code are the gravest finding's.
        """
        for each in self.report.findings:
            if each.weight == "error":
                raise AudioError(each.en, each.zh, code=each.code)


class Enroller:
    """Takes recordings in. May be shared between threads.

    Args:
        vad: tells speech from everything else.
        encoder: tells voices apart.
        recognizer: understands the words.
    """

    def __init__(self, vad: VoiceActivity, encoder: SpeakerEncoder, recognizer: Recognizer) -> None:
        self._vad = vad
        self._encoder = encoder
        self._recognizer = recognizer

    def check(self, sources: Sequence[Source], *, shortest_s: float = SHORTEST_S) -> Checked:
        """Look at recordings; what is wrong with them stands in the report.

        Args:
            sources: files, or their bytes.
            shortest_s: of all together; less only for measurements.

        Raises:
            AudioError: one of them is no recording, is not whole, or they are too long.
        """
        sound, total_s = read_recordings(sources)
        return self.check_sound(sound, total_s, shortest_s=shortest_s)

    def check_sound(self, sound: Samples, total_s: float, *, shortest_s: float = SHORTEST_S) -> Checked:
        """The same for a sound: float32 [n] at SPEECH_RATE that lasts total_s without what was put between."""
        heard = resample(sound, SPEECH_RATE, HEARING_RATE)
        speech = np.asarray(self._vad.open().push(np.pad(heard, (0, -heard.size % WINDOW))), dtype=np.float32)
        found = spans(speech, sound.size)
        spoken = _cut(sound, found)
        speech_s = float((speech >= 0.5).sum()) * WINDOW / HEARING_RATE
        figures = quality(sound, speech)
        looks = np.zeros((0, 256), dtype=np.float32)
        if speech_s >= 0.5 and spoken.size:
            looks = self._encoder.looks(spoken, SPEECH_RATE)
        count = speakers(looks) if len(looks) else 0
        report = Report(
            speech_s=speech_s,
            total_s=total_s,
            snr_db=figures.snr_db,
            clipped=figures.clipped,
            decay_s=figures.decay_s,
            bandwidth_hz=figures.bandwidth_hz,
            music=figures.music,
            speakers=count,
            agreement=float((looks @ mean_embedding(looks)).mean()) if len(looks) else 0.0,
            findings=tuple(findings(figures, speech_s, total_s, count, shortest_s)),
        )
        return Checked(sound, found, pauses(sound, speech), looks, track(spoken).median, report)

    def voice_of(self, recordings: Iterable[Source]) -> Embedding:
        """The voice in recordings of speech without silences, as windows are; they are held one at a time.

        Raises:
            AudioError: one of them is no recording, or too short.
        """
        return mean_embedding(
            np.concatenate([self._encoder.looks(read_recording(each), SPEECH_RATE) for each in recordings])
        )

    def enrol(
        self,
        sources: Sequence[Source],
        progress: Progress = lambda step, share: None,
        *,
        language: Language | None = None,
        shortest_s: float = SHORTEST_S,
    ) -> Enrolment:
        """Recordings as a voice that can be fitted.

        Args:
            sources: files, or their bytes.
            language: where it is known.
            shortest_s: of all together; less only for measurements.

        Raises:
            AudioError: the recordings cannot be used; the sentence says why.
            EngineError: the recognizer failed.
        """
        progress("reading", 0.0)
        sound, total_s = read_recordings(sources)
        progress("checking", 0.0)
        checked = self.check_sound(sound, total_s, shortest_s=shortest_s)
        return self.enrol_checked(checked, progress, language=language)

    def enrol_checked(
        self, checked: Checked, progress: Progress = lambda step, share: None, *, language: Language | None = None
    ) -> Enrolment:
        """The same for recordings that were looked at already."""
        checked.demand()
        progress("cleaning", 0.0)
        clean, done = self._cleaned(checked)
        chosen = self._best(clean, checked.embedding)
        windows, doubtful = self._heard([clean[index] for index in chosen], progress, language)
        if not windows:
            raise InputError(
                "No words were understood in the recordings. Speak clearly, in Mandarin or English.",
                "没有听懂录音里的话。请用普通话或英语清楚地说。",
                code="no_words",
            )
        looks = np.concatenate([self._encoder.looks(each, SPEECH_RATE) for each in clean])
        embedding, spoken = mean_embedding(looks), _main_language(windows)
        pitch = track(np.concatenate(clean)).median
        more = _about_words(windows, doubtful=doubtful)
        report = replace(checked.report, findings=(*checked.report.findings, *more), done=done)
        log.info("enrolled windows=%d seconds=%.1f", len(windows), sum(each.seconds for each in windows))
        return Enrolment(
            windows=windows,
            embedding=embedding,
            pitch_hz=pitch,
            sex=sex_of(embedding, pitch),
            language=spoken,
            seconds=sum(each.seconds for each in windows),
            report=report,
        )

    def _cleaned(self, checked: Checked) -> tuple[list[Samples], tuple[str, ...]]:
        """The windows, cleaned, and what was done to them."""
        noise = noise_spectrum(high_passed(checked.pauses)) if checked.report.snr_db < _CLEAN_DB else None
        clean = []
        for span in checked.spans:
            sound = high_passed(checked.sound[span.start : span.end])
            clean.append(levelled(sound if noise is None else denoised(sound, noise)))
        return clean, ("high_pass", *(() if noise is None else ("denoised",)), "trimmed", "levelled")

    def _best(self, clean: Sequence[Samples], voice: Embedding) -> list[int]:
        """Which windows to keep, the best first: most like the whole, and long enough to tell; MOST_S of them."""
        scores = []
        for sound in clean:
            own = self._encoder.embed(sound, SPEECH_RATE)
            scores.append(likeness(own, voice) + 0.1 * min(1.0, sound.size / SPEECH_RATE / 6.0))
        kept: list[int] = []
        total = 0.0
        for index in sorted(range(len(clean)), key=lambda index: -scores[index]):
            total += clean[index].size / SPEECH_RATE
            if kept and total > MOST_S:
                break
            kept.append(index)
        return kept

    def _heard(
        self, sounds: Sequence[Samples], progress: Progress, language: Language | None
    ) -> tuple[tuple[Window, ...], bool]:
        """The windows with their words, those without left out; and whether the words were doubtful on the whole."""
        windows: list[Window] = []
        sure: list[float] = []
        for index, sound in enumerate(sounds):
            progress("hearing", index / len(sounds))
            told = self._recognizer.transcribe(
                resample(sound, SPEECH_RATE, HEARING_RATE), HearingHints(language=language)
            )
            if told.text.strip():
                windows.append(Window(sound, told.text.strip(), told.language))
                sure.append(_certainty(told))
        progress("hearing", 1.0)
        return tuple(windows), bool(sure) and float(np.mean(sure)) < LEAST_WORDS


def _cut(sound: Samples, found: Sequence[Span]) -> Samples:
    """The spans, joined."""
    parts = [sound[span.start : span.end] for span in found]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def _certainty(told: Transcript) -> float:
    """The mean probability of the words; 1 where the recognizer tells none."""
    return float(np.mean([word.probability for word in told.words])) if told.words else 1.0


def _main_language(windows: Sequence[Window]) -> Language:
    """The one that is spoken longest."""
    chinese = sum(each.seconds for each in windows if each.language == "zh")
    return "zh" if chinese * 2 >= sum(each.seconds for each in windows) else "en"


def _about_words(windows: Sequence[Window], *, doubtful: bool) -> Iterator[Finding]:
    if doubtful:
        yield doubtful_words()
    if len({each.language for each in windows}) > 1:
        yield mixed_languages()
