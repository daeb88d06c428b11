"""How well speech is understood, and how quick it is: two hundred sentences in each language, said and recognized.

Each sentence goes through the synthesizer and the recognizer. Mandarin is compared in syllables with their tones,
since most wrong characters are homophones that the recognizer's own language model prefers; English in words. What was
heard is normalised like what was written, so "1936" is as right as its words. The hard sentences (numbers, mixed
scripts, characters of several readings) are compared with a reading written by hand and not with our own.

Beside it, in the same run and with the same weights, voices and threads: kokoro-onnx, on every fourth of the sentences.
It is no dependency of the project. Install it into a folder of its own and name that folder:

    pip install --no-deps --target /somewhere/kokoro-onnx kokoro-onnx
    AVATAR_BENCH_KOKORO_ONNX=/somewhere/kokoro-onnx avatar bench voice

It takes text in English and phonemes in Mandarin; as its documentation says, these come from misaki.
"""

from __future__ import annotations

import importlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import typer

from avatar.engines import Engines
from avatar.errors import Language
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples, resample
from avatar.models import model_path
from avatar.settings import Settings
from avatar.stages import HearingHints
from avatar.voice.checking.comparing import distance, units
from avatar.voice.profiles import PACK_SHAPE
from benchmarks._sentences import Sentence, sentences

VOICES: dict[Language, str] = {"zh": "zf_xiaoxiao", "en": "af_heart"}
"""Packs that both engines have."""

THREADS = 2
OTHERS_EVERY = 4
FIRST_CLAUSE = "我们明天早上出发"
FIRST_RUNS = 5

Say = Callable[[str, Language], Samples]


@dataclass(slots=True)
class Tally:
    """What one engine did in one language."""

    wrong: int = 0
    units: int = 0
    taken_s: float = 0.0
    spoken_s: float = 0.0

    @property
    def error(self) -> float:
        return self.wrong / self.units if self.units else float("nan")


@dataclass(slots=True)
class Result:
    """What one engine did in both."""

    by_language: dict[Language, Tally] = field(default_factory=lambda: {"zh": Tally(), "en": Tally()})

    @property
    def rtf(self) -> float:
        spoken = sum(tally.spoken_s for tally in self.by_language.values())
        return sum(tally.taken_s for tally in self.by_language.values()) / spoken if spoken else float("nan")


def run(settings: Settings, every: int = 1) -> dict[str, float]:
    """Measure.

    Args:
        every: take only every so manieth sentence.

    Returns:
        Shares of syllables and words that were not understood, real-time factors, and seconds to the first sound.
    """
    engines = Engines(settings.model_copy(update={"threads": THREADS}))
    try:
        for voice in VOICES.values():
            engines.synthesizer.warm([voice])  # type: ignore[attr-defined]
        first = _first_audio(engines)
        with tempfile.TemporaryDirectory() as folder:
            other = kokoro_onnx(settings, Path(folder))
            ours, theirs = Result(), Result()
            for language in VOICES:
                for index, sentence in enumerate(sentences(language, max(1, every))):
                    _measure(engines, _own(engines), sentence, language, ours.by_language[language])
                    if other is not None and index % OTHERS_EVERY == 0:
                        _measure(engines, other, sentence, language, theirs.by_language[language])
        return _figures(ours, theirs) | {"first_audio_8char_s": first}
    finally:
        engines.close()


def _figures(ours: Result, theirs: Result) -> dict[str, float]:
    return {
        "zh_pinyin_error": ours.by_language["zh"].error,
        "en_wer": ours.by_language["en"].error,
        "rtf_2t": ours.rtf,
        "zh_pinyin_error_kokoro_onnx": theirs.by_language["zh"].error,
        "en_wer_kokoro_onnx": theirs.by_language["en"].error,
        "rtf_kokoro_onnx": theirs.rtf,
    }


def _own(engines: Engines) -> Say:
    def say(text: str, language: Language) -> Samples:
        speech = engines.synthesizer.speak(text, VOICES[language], language=language)
        return np.concatenate([*speech.chunks, np.zeros(0, dtype=np.float32)])

    return say


def _measure(engines: Engines, say: Say, sentence: Sentence, language: Language, tally: Tally) -> None:
    start = time.perf_counter()
    sound = say(sentence.text, language)
    tally.taken_s += time.perf_counter() - start
    tally.spoken_s += sound.size / SPEECH_RATE
    heard = engines.recognizer.transcribe(resample(sound, SPEECH_RATE, HEARING_RATE), HearingHints(language=language))
    expected = sentence.reading.lower().split() or units(sentence.text, language)
    wrong = distance(expected, units(heard.text, language))
    tally.wrong += wrong
    tally.units += len(expected)
    if wrong:
        typer.echo(f"{wrong:2d} of {len(expected):2d}  {sentence.text}  |  {heard.text}", err=True)


def _first_audio(engines: Engines) -> float:
    """Seconds until the first sound of a clause of eight characters, the median."""
    taken = []
    for _ in range(FIRST_RUNS):
        start = time.perf_counter()
        speech = engines.synthesizer.speak(FIRST_CLAUSE, VOICES["zh"], language="zh")
        next(speech.chunks)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


# kokoro-onnx


def kokoro_onnx(settings: Settings, folder: Path) -> Say | None:
    """The other engine, where AVATAR_BENCH_KOKORO_ONNX names the folder it is installed in.

    Args:
        folder: where the voices are put in the form that it reads.
    """
    installed = os.environ.get("AVATAR_BENCH_KOKORO_ONNX", "")
    if not installed:
        typer.echo("kokoro-onnx is left out: set AVATAR_BENCH_KOKORO_ONNX to the folder it is installed in.", err=True)
        return None
    sys.path.append(installed)
    engine = _opened(settings, folder, importlib.import_module("kokoro_onnx"))

    def say(text: str, language: Language) -> Samples:
        if language == "en":
            sound, _ = engine.create(text, VOICES[language], lang="en-us")
        else:
            sound, _ = engine.create(_misaki(text), VOICES[language], is_phonemes=True)
        return np.asarray(sound, dtype=np.float32)

    return say


def _opened(settings: Settings, folder: Path, module: Any) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    model = model_path("kokoro-82m", settings)
    packs = model_path("kokoro-voices", settings)
    session = onnxruntime.InferenceSession(
        str(model / "kokoro-v1.0.int8.onnx"), options, providers=["CPUExecutionProvider"]
    )
    voices = {
        voice: np.fromfile(packs / f"{voice}.bin", dtype="<f4").reshape(PACK_SHAPE[0], 1, PACK_SHAPE[1])
        for voice in VOICES.values()
    }
    file = folder / "voices.npz"
    np.savez(file, **voices)  # type: ignore[arg-type]
    # the first argument after the voices is espeak-ng's configuration, the next one the vocabulary
    return module.Kokoro.from_session(session, str(file), None, str(model / "vocab.json"))


def _misaki(text: str) -> str:
    from misaki.zh import ZHG2P

    phonemes: str = ZHG2P()(text)[0]
    return phonemes
