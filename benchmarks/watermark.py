"""Is the mark found in what we speak, and nowhere else, and how loud is what goes out?

Two hundred sentences, a hundred in each language, in all stock voices by turns. Each is spoken once; the same sound is
judged before the mark, behind it, and after what happens to recordings. The blocks are marked as the engine renders
them, as in a live reply. Loudness (ITU-R BS.1770), true peaks and the silence at both ends (behind, without the pause
that the mark of the sentence asks for) are measured on the first hundred.
"""

from __future__ import annotations

import io
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import av
import numpy as np

from avatar.engines import find_engine
from avatar.engines.voices import mark_network, voice_library
from avatar.errors import Language
from avatar.media import SPEECH_RATE, Samples, read_audio, resample
from avatar.settings import Settings
from avatar.stages import Synthesizer
from avatar.voice.loudness import integrated, true_peak
from avatar.voice.outgoing import outgoing
from avatar.voice.watermark import Marker, MarkNetwork, detect
from benchmarks._sentences import sentences

EVERY = 2
LEVELLED = 50
SHORTEST_S = 1.0
SILENT = 10 ** (-50 / 20)
CROP_S = 2.0
TONE = 1e-12

Attack = Callable[[Samples], Samples]


@dataclass(slots=True)
class Tally:
    """What was seen."""

    clean: list[bool] = field(default_factory=list)
    marked: list[bool] = field(default_factory=list)
    attacked: dict[str, list[bool]] = field(default_factory=dict)
    snr_db: list[float] = field(default_factory=list)
    loudness: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    silences_s: list[float] = field(default_factory=list)
    endings_s: list[float] = field(default_factory=list)
    marking_s: float = 0.0
    spoken_s: float = 0.0


def run(settings: Settings, every: int = 1) -> dict[str, float]:
    """Measure.

    Args:
        every: take only every so manieth of the sentences.
    """
    synthesizer = cast(Synthesizer, find_engine("synthesizer", "kokoro")(settings))
    network, tally = mark_network(settings), Tally()
    profiles = voice_library(settings).list()
    languages: tuple[Language, ...] = ("zh", "en")
    for language in languages:
        voices = [profile.id for profile in profiles if language in profile.languages]
        for index, sentence in enumerate(sentences(language, EVERY * every)):
            speech = synthesizer.speak(sentence.text, voices[index % len(voices)], language=language)
            blocks = list(speech.chunks)
            if sum(block.size for block in blocks) >= SHORTEST_S * SPEECH_RATE:
                _judge(blocks, network, tally, measured=index < LEVELLED)
    return _figures(tally)


def _judge(blocks: list[Samples], network: MarkNetwork, tally: Tally, *, measured: bool) -> None:
    plain = np.concatenate(list(outgoing(iter(blocks), None)))
    tally.clean.append(detect(plain, network).marked)
    start, marker = time.process_time(), Marker(network)
    mark = np.concatenate([*(marker.push(block) for block in blocks), marker.flush()])
    tally.marking_s += time.process_time() - start
    raw = np.concatenate(blocks)
    tally.spoken_s += raw.size / SPEECH_RATE
    tally.snr_db.append(10 * math.log10(float((raw**2).sum()) / (float(((mark - raw) ** 2).sum()) + TONE)))
    sound = np.concatenate(list(outgoing(iter(blocks), network)))
    tally.marked.append(detect(sound, network).marked)
    for name, attack in ATTACKS.items():
        tally.attacked.setdefault(name, []).append(detect(attack(sound), network).marked)
    if measured:
        tally.loudness.append(integrated(sound))
        tally.peaks.append(true_peak(sound))
        loud = np.flatnonzero(np.abs(sound) > SILENT)
        tally.silences_s.append(loud[0] / SPEECH_RATE)
        spoken = np.flatnonzero(raw)[-1]
        tally.endings_s.append((spoken - loud[-1]) / SPEECH_RATE)


def _figures(tally: Tally) -> dict[str, float]:
    shares = {f"detect_{name}": _share(found) for name, found in tally.attacked.items()}
    loudness = [value for value in tally.loudness if math.isfinite(value)]
    return {
        "detect_clean": _share(tally.marked),
        "false_alarms": float(sum(tally.clean)),
        "detect_attacked_min": min(shares.values()),
        **shares,
        "clips": float(len(tally.marked)),
        "rtf": tally.marking_s / tally.spoken_s,
        "snr_db": statistics.median(tally.snr_db),
        "lufs_mean": statistics.fmean(loudness),
        "lufs_lowest": min(loudness),
        "lufs_highest": max(loudness),
        "lufs_within_1": _share([abs(value + 16) <= 1 for value in loudness]),
        "true_peak_max_dbtp": max(tally.peaks),
        "leading_silence_max_s": max(tally.silences_s),
        "trailing_silence_max_s": max(tally.endings_s),
    }


def _share(found: list[bool]) -> float:
    return sum(found) / len(found)


def _coded(container: str, codec: str, bit_rate: int) -> Attack:
    def attack(sound: Samples) -> Samples:
        buffer = io.BytesIO()
        with av.open(buffer, "w", format=container) as file:
            stream = cast(av.AudioStream, file.add_stream(codec, rate=SPEECH_RATE))
            stream.bit_rate = bit_rate
            frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[None], format="s16", layout="mono")
            frame.rate = SPEECH_RATE
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                file.mux(packet)
        return read_audio(buffer.getvalue(), SPEECH_RATE)

    return attack


def _narrow(sound: Samples) -> Samples:
    return resample(resample(sound, SPEECH_RATE, 16_000), 16_000, SPEECH_RATE)


def _cropped(sound: Samples) -> Samples:
    start = max(0, (sound.size - int(CROP_S * SPEECH_RATE)) // 2)
    return sound[start : start + int(CROP_S * SPEECH_RATE)]


ATTACKS: dict[str, Attack] = {
    "mp3_64k": _coded("mp3", "libmp3lame", 64_000),
    "opus_24k": _coded("ogg", "libopus", 24_000),
    "16khz": _narrow,
    "minus_6db": lambda sound: (sound / 2).astype(np.float32),
    "crop_2s": _cropped,
}
