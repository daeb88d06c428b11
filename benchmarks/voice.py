"""How well speech is understood, and how quick it is: two hundred sentences in each language, said and recognized.

Each sentence goes through the synthesizer and, in passages, a recognizer (`_ears`; `avatar bench understood` does that
much alone). Mandarin is compared in syllables with their tones, since most wrong characters are homophones that the
recognizer's own language model prefers; English in words. What was heard is normalised like what was written, so "1936"
is as right as its words. The hard sentences (numbers, mixed scripts, characters of several readings) are compared with
a reading written by hand and not with our own.

On every eighth of the sentences, in the same run: the same speech without windows (transcription, similarity of the
speaker, clicks where windows meet); and, with the same weights, voices and threads, kokoro-onnx. That is no dependency
of the project. Install it into a folder of its own and name that folder:

    pip install --no-deps --target /somewhere/kokoro-onnx kokoro-onnx
    AVATAR_BENCH_KOKORO_ONNX=/somewhere/kokoro-onnx avatar bench voice

It takes text in English and phonemes in Mandarin; as its documentation says, these come from misaki. `--every 20` takes
two minutes: enough for the real-time factors and the times to the first sound.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import typer

from avatar.engines import Engines
from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples
from avatar.models import model_path
from avatar.settings import Settings
from avatar.voice.editing.clicks import clicks
from avatar.voice.outgoing import OutgoingSynthesizer
from avatar.voice.speaker import Embedding, SpeakerEncoder, likeness
from avatar.voice.speaking.kokoro import KokoroSynthesizer
from benchmarks._ears import Ears, missed
from benchmarks._kokoro_onnx import Say, kokoro_onnx
from benchmarks._sentences import Sentence, sentences
from benchmarks.understood import THREADS, VOICES, understood

COMPARED_EVERY = 8
FIRST_CLAUSES = {
    8: "我们明天早上出发",
    40: "我们明天早上出发的时候天还没有亮所以大家都要早一点起床把昨天晚上收拾好的行李带上",
    80: "我们明天早上出发的时候天还没有亮所以大家都要早一点起床把昨天晚上收拾好的行李带上"
    "到山脚下的时候太阳刚刚从东边升起来远处的村子里飘着白色的烟几个孩子在河边跑来跑去",
    150: "我们明天早上出发的时候天还没有亮，所以大家都要早一点起床，把收拾好的行李带上，到了山脚下的时候，太阳刚刚"
    "从东边升起来，远处的村子里飘着白色的烟，几个孩子在河边跑来跑去，看见我们就停下来，问我们要到哪里去，我说"
    "要到山的那边去看海，他们笑着说那里没有海，只有一片很大的树林，树林里住着一位会讲故事的老人。",
}
"""By their number of characters."""

TIMELINE = 40
"""Characters of the clause whose timeline is timed."""

FIRST_RUNS = 5


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


@dataclass(slots=True)
class Windows:
    """The same speech in windows and in one piece."""

    windowed: Tally = field(default_factory=Tally)
    whole: Tally = field(default_factory=Tally)
    alike: list[float] = field(default_factory=list)
    alike_other: list[float] = field(default_factory=list)
    seams: int = 0
    clicks: int = 0
    clicks_whole: int = 0
    last: dict[Language, Embedding] = field(default_factory=dict)


def run(settings: Settings, every: int = 1) -> dict[str, float]:
    """Measure.

    Args:
        every: take only every so manieth sentence.

    Returns:
        Shares of syllables and words that were not understood, real-time factors, seconds to the first sound and to
        the timeline, and how speech in windows compares with speech in one piece.
    """
    engines = Engines(settings.model_copy(update={"threads": THREADS}))
    try:
        synthesizer = cast(OutgoingSynthesizer, engines.synthesizer)
        synthesizer.warm(list(VOICES.values()))
        begun = {count: _begun(engines, text) for count, text in FIRST_CLAUSES.items()}
        first = {f"first_audio_{count}char_s": sound for count, (_, sound) in begun.items()}
        first[f"timeline_{TIMELINE}char_s"] = begun[TIMELINE][0]
        ears, encoder = Ears(settings, THREADS), SpeakerEncoder(model_path("speaker-encoder", settings))
        ours, theirs, windows = Result(), Result(), Windows()
        with tempfile.TemporaryDirectory() as folder:
            other = kokoro_onnx(settings, Path(folder), VOICES, THREADS)
            for language in VOICES:
                said = sentences(language, max(1, every))
                _understood(_own(engines), ears, said, language, ours.by_language[language])
                for sentence in said[::COMPARED_EVERY]:
                    _compare(cast(KokoroSynthesizer, synthesizer.inner), ears, encoder, sentence, language, windows)
                if other is not None:
                    _understood(other, ears, said[::COMPARED_EVERY], language, theirs.by_language[language])
        return _figures(ours, theirs) | first | _windows(windows)
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


def _windows(seen: Windows) -> dict[str, float]:
    return {
        "error_windowed": seen.windowed.error,
        "error_in_one_piece": seen.whole.error,
        "similarity_of_both": statistics.fmean(seen.alike),
        "similarity_of_other_sentences": statistics.fmean(seen.alike_other) if seen.alike_other else float("nan"),
        "seams": float(seen.seams),
        "clicks_at_seams": float(seen.clicks),
        "clicks_there_in_one_piece": float(seen.clicks_whole),
    }


def _own(engines: Engines) -> Say:
    def say(text: str, language: Language) -> Samples:
        return _sound(list(engines.synthesizer.speak(text, VOICES[language], language=language).chunks))

    return say


def _sound(chunks: list[Samples]) -> Samples:
    return np.concatenate([*chunks, np.zeros(0, dtype=np.float32)])


def _timed(say: Say, tally: Tally) -> Say:
    def timed(text: str, language: Language) -> Samples:
        start = time.perf_counter()
        sound = say(text, language)
        tally.taken_s += time.perf_counter() - start
        tally.spoken_s += sound.size / SPEECH_RATE
        return sound

    return timed


def _understood(say: Say, ears: Ears, said: list[Sentence], language: Language, tally: Tally) -> None:
    heard = understood(_timed(say, tally), ears, said, language)[""]
    tally.wrong, tally.units = heard.wrong, heard.units


def _hear(name: str, sound: Samples, ears: Ears, sentence: Sentence, language: Language, tally: Tally) -> None:
    heard = ears.hear(sound, language)
    wrong, count = missed(heard, sentence, language)
    tally.wrong += wrong
    tally.units += count
    if wrong:
        typer.echo(f"{name:<12}{wrong:2d} of {count:2d}  {sentence.text}  |  {heard}", err=True)


def _compare(
    synthesizer: KokoroSynthesizer,
    ears: Ears,
    encoder: SpeakerEncoder,
    sentence: Sentence,
    language: Language,
    seen: Windows,
) -> None:
    """A sentence in windows and in one piece, both before they are marked and limited."""
    parts, whole = (
        list(way.speak(sentence.text, VOICES[language], language=language).chunks)
        for way in (synthesizer, synthesizer.in_one_piece())
    )
    windowed, unwindowed = _sound(parts), _sound(whole)
    places = [int(place) for place in np.cumsum([part.size for part in parts])[:-1]]
    seen.seams += len(places)
    seen.clicks += len(clicks(windowed, SPEECH_RATE, places))
    seen.clicks_whole += len(clicks(unwindowed, SPEECH_RATE, places))
    embedding = encoder.embed(unwindowed, SPEECH_RATE)
    seen.alike.append(likeness(encoder.embed(windowed, SPEECH_RATE), embedding))
    if language in seen.last:
        seen.alike_other.append(likeness(embedding, seen.last[language]))
    seen.last[language] = embedding
    _hear("windowed", windowed, ears, sentence, language, seen.windowed)
    _hear("in one piece", unwindowed, ears, sentence, language, seen.whole)


def _begun(engines: Engines, text: str) -> tuple[float, float]:
    """Seconds until the times of a clause's phones are known, and until its first sound: medians."""
    known, heard = [], []
    for _ in range(FIRST_RUNS):
        start = time.perf_counter()
        chunks = engines.synthesizer.speak(text, VOICES["zh"], language="zh").chunks
        known.append(time.perf_counter() - start)
        next(chunks)
        heard.append(time.perf_counter() - start)
        chunks.close()  # type: ignore[attr-defined]
    return statistics.median(known), statistics.median(heard)
