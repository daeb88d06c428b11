"""How close cloned voices come, for each recording of a folder.

A recording is cut in two. The first half is enrolled and fitted, first at once and then by gradient; the second half is
what everything is compared with. Each voice says ten sentences that no part of the fitting knows.

The similarity is normalised: 0 is the mean stock voice of that sex and language, 1 is the first half of the recording
itself. The speaker encoder that says so is also in the fit's loss, so two measures that are not stand beside it: the
distance of long-term spectra in dB, and the mean features of Whisper's encoder, normalised in the same way.

Words are counted as in `avatar bench voice`: syllables with tones in Mandarin, words in English.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from avatar.engines import Engines, faster_whisper, kokoro
from avatar.engines.fitting import fitting_studio
from avatar.errors import AvatarError, InputError, Language
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.models import model_path
from avatar.settings import Settings
from avatar.voice.checking.comparing import distance, units
from avatar.voice.enrolment.enrol import Enroller
from avatar.voice.enrolment.reading import read_recording
from avatar.voice.enrolment.windows import Enrolment
from avatar.voice.fitting import Fitted, Studio, fit_instant, fit_style
from avatar.voice.fitting.library import read_library
from avatar.voice.speaker import SpeakerEncoder, likeness
from benchmarks._clone_sentences import SENTENCES

Floats = NDArray[np.float32]

ENDINGS = {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".webm"}
SHORTEST_S = 5.0
"""Of a recording; shorter ones leave too little on either side."""

STOCK_SENTENCES = 2
"""That each stock voice says."""

_LOWEST_HZ, _HIGHEST_HZ = 100.0, 8000.0
_BANDS = 24


@dataclass(frozen=True, slots=True)
class Heard:
    """What was measured of one voice."""

    voice: Floats
    spectrum: Floats
    features: Floats
    error: float = math.nan


@dataclass(frozen=True, slots=True)
class Scores:
    """One voice against the second half of a recording: similarity, LTAS in dB, Whisper's features, and errors."""

    similarity: float
    ltas_db: float
    whisper: float
    error: float


@dataclass(frozen=True, slots=True)
class Target:
    """What was measured for one recording."""

    name: str
    same: Scores
    stock: Scores
    nearest: Scores
    instant: Scores
    fitted: Scores
    seconds_instant: float
    seconds_fitted: float

    def norm(self, scores: Scores) -> float:
        return _share(scores.similarity, self.stock.similarity, self.same.similarity)

    def whisper(self, scores: Scores) -> float:
        return _share(scores.whisper, self.stock.whisper, self.same.whisper)


class Ears:
    """Everything that listens."""

    def __init__(self, settings: Settings, studio: Studio) -> None:
        from faster_whisper import WhisperModel

        from avatar.voice.hearing.decoder import UtteranceDecoder

        model = WhisperModel(str(model_path("whisper-base", settings)), device="cpu", cpu_threads=2)
        self._whisper = UtteranceDecoder(model)
        self._studio = studio

    def hear(self, sounds: Sequence[Samples]) -> Heard:
        """What several sounds of one voice have in common, each float32 [n] at SPEECH_RATE."""
        features = []
        for sound in sounds:
            encoded, frames = self._whisper.encode(resample(sound, SPEECH_RATE, HEARING_RATE))
            features.append(np.array(encoded)[0, : max(1, frames // 2)].mean(axis=0))
        return Heard(
            self._studio.embedding(sounds),
            long_term_spectrum(np.concatenate(list(sounds))),
            np.mean(features, axis=0, dtype=np.float32),
        )

    def error(self, sounds: Sequence[Samples], texts: Sequence[str], language: Language) -> float:
        """The share of units not understood."""
        from avatar.stages import HearingHints

        wrong = total = 0
        for sound, text in zip(sounds, texts, strict=True):
            heard = self._studio.recognizer.transcribe(
                resample(sound, SPEECH_RATE, HEARING_RATE), HearingHints(language=language)
            )
            expected = units(text, language)
            missed = distance(expected, units(heard.text, language))
            if missed:
                typer.echo(f"  {missed:2d} of {len(expected):2d}  {text}  |  {heard.text}", err=True)
            wrong += missed
            total += len(expected)
        return wrong / max(1, total)


def run(settings: Settings, voices: Path | None = None) -> dict[str, float]:
    """Measure.

    Args:
        voices: a folder of recordings, one person in each.

    Raises:
        InputError: there are none in it.
    """
    files = sorted(path for path in (voices.iterdir() if voices else ()) if path.suffix.lower() in ENDINGS)
    if not files:
        raise InputError(
            "Name a folder of recordings: avatar bench clone --voices FOLDER.",
            "请指定一个录音文件夹:avatar bench clone --voices 文件夹。",
        )
    settings = settings.model_copy(update={"threads": 2})
    engines = Engines(settings)
    try:
        studio = opened(settings)
        enroller = Enroller(engines.vad, studio.encoder, studio.recognizer)
        ears = Ears(settings, studio)
        found = [target for path in files if (target := _measured(path, studio, enroller, ears)) is not None]
    finally:
        engines.close()
    if not found:
        raise InputError("No recording in the folder could be used.", "文件夹里没有可用的录音。")
    return figures(found)


def opened(settings: Settings) -> Studio:
    """The engines that fitting uses."""
    encoder = SpeakerEncoder(model_path("speaker-encoder", settings))
    return fitting_studio(settings, kokoro(settings), encoder, faster_whisper(settings))


def _measured(path: Path, studio: Studio, enroller: Enroller, ears: Ears) -> Target | None:
    """One recording; None where it cannot be used, which is said."""
    try:
        sound = read_recording(path)
        if sound.size < SHORTEST_S * SPEECH_RATE:
            typer.echo(f"{path.name}: left out, it is shorter than {SHORTEST_S:.0f} s", err=True)
            return None
        halves = sound[: sound.size // 2], sound[sound.size // 2 :]
        known, held = (enroller.check_sound(half, half.size / SPEECH_RATE, shortest_s=1.0) for half in halves)
        enrolment = enroller.enrol_checked(known)
        spoken = np.concatenate([held.sound[span.start : span.end] for span in held.spans])
    except (AvatarError, ValueError) as error:
        typer.echo(f"{path.name}: left out: {error}", err=True)
        return None
    typer.echo(
        f"{path.name}: {enrolment.language} {enrolment.sex} {enrolment.pitch_hz:.0f} Hz {enrolment.seconds:.1f} s",
        err=True,
    )
    target = _compared(path.name, enrolment, ears.hear([spoken]), studio, ears)
    _tell(target)
    return target


def _compared(name: str, enrolment: Enrolment, held: Heard, studio: Studio, ears: Ears) -> Target:
    stock, nearest = _stock(enrolment, held, studio, ears)
    middle = np.mean([each.features for each in stock], axis=0)

    def against(heard: Heard) -> Scores:
        return scored(heard, held, middle)

    began = time.perf_counter()
    instant = fit_instant(enrolment, studio)
    seconds_instant, began = time.perf_counter() - began, time.perf_counter()
    fitted = fit_style(enrolment, instant, studio)
    seconds_fitted = time.perf_counter() - began
    typer.echo(f"  {', '.join(fitted.done)}; own check {dict(fitted.scores)}", err=True)
    return Target(
        name,
        same=against(ears.hear([window.samples for window in enrolment.windows])),
        stock=_mean([against(each) for each in stock]),
        nearest=against(nearest),
        instant=against(_said(instant, enrolment.language, studio, ears)),
        fitted=against(_said(fitted, enrolment.language, studio, ears)),
        seconds_instant=seconds_instant,
        seconds_fitted=seconds_fitted,
    )


def _stock(enrolment: Enrolment, held: Heard, studio: Studio, ears: Ears) -> tuple[list[Heard], Heard]:
    """The stock voices of that sex and language, and all that is measured of the one that is nearest."""
    library, language = read_library(), enrolment.language
    rows = library.stock(enrolment.sex, language)
    styles = [studio.pack(library.names[row]) for row in rows]
    heard = [
        ears.hear([studio.say(text, style, language) for text in SENTENCES[language][:STOCK_SENTENCES]])
        for style in styles
    ]
    best = int(np.argmax([likeness(each.voice, enrolment.embedding) for each in heard]))
    return heard, _said(Fitted(styles[best], 1.0, ("nearest",)), language, studio, ears)


def _said(fitted: Fitted, language: Language, studio: Studio, ears: Ears) -> Heard:
    texts = SENTENCES[language]
    sounds = [studio.say(text, fitted.style, language, fitted.pitch, fitted.deltas) for text in texts]
    return replace(ears.hear(sounds), error=ears.error(sounds, texts, language))


def scored(heard: Heard, held: Heard, middle: Floats) -> Scores:
    """A voice against the second half; features are told apart by what they have beyond the mean stock voice's."""
    return Scores(
        similarity=likeness(heard.voice, held.voice),
        ltas_db=float(np.sqrt(np.mean((heard.spectrum - held.spectrum) ** 2))),
        whisper=_cosine(heard.features - middle, held.features - middle),
        error=heard.error,
    )


def long_term_spectrum(sound: Samples) -> Floats:
    """The mean power of what sounds in bands even on a logarithmic scale, float32 [24], in dB about their mean."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, 1024)[::256] * np.hanning(1024)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    loud = power.sum(axis=1)
    mean = power[loud > 1e-3 * np.percentile(loud, 95)].mean(axis=0)
    edges = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _BANDS + 1) * 1024 / SPEECH_RATE
    bands = [mean[int(low) : max(int(low) + 1, int(high))].mean() for low, high in pairwise(edges)]
    levels = 10 * np.log10(np.array(bands) + 1e-9)
    return np.asarray(levels - levels.mean(), dtype=np.float32)


def figures(found: Sequence[Target]) -> dict[str, float]:
    """The means over targets; of the errors, the worst."""

    def mean(values: list[float]) -> float:
        return float(np.mean(values))

    return {
        "targets": float(len(found)),
        "norm_nearest": mean([each.norm(each.nearest) for each in found]),
        "norm_instant": mean([each.norm(each.instant) for each in found]),
        "norm_fitted": mean([each.norm(each.fitted) for each in found]),
        "norm_fitted_min": min(each.norm(each.fitted) for each in found),
        "gain_min": min(each.norm(each.fitted) - each.norm(each.instant) for each in found),
        "error_instant": mean([each.instant.error for each in found]),
        "error_fitted": mean([each.fitted.error for each in found]),
        "error_delta_max": max(each.fitted.error - each.nearest.error for each in found),
        "ltas_same_db": mean([each.same.ltas_db for each in found]),
        "ltas_stock_db": mean([each.stock.ltas_db for each in found]),
        "ltas_instant_db": mean([each.instant.ltas_db for each in found]),
        "ltas_fitted_db": mean([each.fitted.ltas_db for each in found]),
        "whisper_instant": mean([each.whisper(each.instant) for each in found]),
        "whisper_fitted": mean([each.whisper(each.fitted) for each in found]),
        "seconds_instant": max(each.seconds_instant for each in found),
        "seconds_fitted": max(each.seconds_fitted for each in found),
    }


def _tell(target: Target) -> None:
    rows = {"same": target.same, "stock": target.stock, "nearest": target.nearest}
    for rung, scores in (rows | {"instant": target.instant, "fitted": target.fitted}).items():
        typer.echo(
            f"  {rung:<8} similarity {scores.similarity:.3f} ({target.norm(scores):+.2f})"
            f"  LTAS {scores.ltas_db:4.1f} dB  whisper {target.whisper(scores):+.2f}  error {scores.error:.3f}",
            err=True,
        )


def _mean(scores: Sequence[Scores]) -> Scores:
    columns = [[each.similarity, each.ltas_db, each.whisper, each.error] for each in scores]
    return Scores(*(float(value) for value in np.mean(columns, axis=0)))


def _share(value: float, nothing: float, everything: float) -> float:
    return (value - nothing) / max(1e-6, everything - nothing)


def _cosine(one: Floats, other: Floats) -> float:
    return float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))
