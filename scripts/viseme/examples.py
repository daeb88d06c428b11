"""Takes into examples: what the network sees of each frame, and what the phones say of it.

The sound is spoiled as the world does it: another loudness, a room, noise, the narrow band of a telephone. The phones'
times stay what they were.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from avatar.face.audio_visemes import AHEAD, BANDS, BEHIND, SPAN, features
from avatar.face.coarticulation import MouthTrack
from avatar.face.motion import LEAD
from avatar.face.visemes import SILENCE, VISEMES, gestures
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, PhoneSpan, Samples, resample
from scripts.viseme.speech import Take

Floats = NDArray[np.float32]

_PLACES = {name: place for place, name in enumerate(VISEMES)}


@dataclass(frozen=True, slots=True)
class Example:
    """What the network meets.

    Attributes:
        looks: float32 [4 frames + LOOKS - 4, BANDS], one each 10 ms; frame k is shown looks 4 k to 4 k + LOOKS.
        shapes: float32 [frames, len(MOUTH)], what the exact phones do to the mouth.
        sounds: int64 [frames], the place in VISEMES of what sounds.
    """

    looks: Floats
    shapes: Floats
    sounds: NDArray[np.int64]


def example(take: Take, rng: Generator, *, spoiled: bool) -> Example:
    """One take as the network meets it, beginning at any moment of a frame."""
    take = _stretched(take, float(rng.uniform(0.82, 1.22))) if spoiled else take
    offset = int(rng.integers(0, SAMPLES_PER_FRAME))
    sound = np.concatenate([np.zeros(offset, np.float32), take.sound])
    count = -(-sound.size // SAMPLES_PER_FRAME)
    return Example(
        looks=seen(spoil(sound, rng) if spoiled else sound),
        shapes=targets(take.phones, sound.size, offset),
        sounds=_sounding(take.phones, count, offset),
    )


def _stretched(take: Take, factor: float) -> Take:
    """The take played slower (above 1) or faster: another voice, other lengths, times as exact as before."""
    sound = resample(take.sound, SPEECH_RATE, round(SPEECH_RATE * factor))
    phones = (PhoneSpan(span.phone, round(span.start * factor), round(span.end * factor)) for span in take.phones)
    return Take(sound, tuple(phones), take.voice)


def seen(sound: Samples) -> Floats:
    """float32 [4 frames + LOOKS - 4, BANDS]: the looks at a whole recording."""
    count = -(-sound.size // SAMPLES_PER_FRAME)
    padded = np.pad(sound, (max(0, BEHIND - LEAD), AHEAD + SAMPLES_PER_FRAME + LEAD))
    first = max(0, LEAD - BEHIND)
    return features(padded[first : first + SPAN + (count - 1) * SAMPLES_PER_FRAME]).reshape(-1, BANDS)


def targets(phones: tuple[PhoneSpan, ...], length: int, offset: int = 0) -> Floats:
    """float32 [frames, len(MOUTH)]: what exact phones do to the mouth."""
    track = MouthTrack()
    track.add(phones, offset)
    shapes = []
    for moment in range(LEAD, LEAD + length, SAMPLES_PER_FRAME):
        shapes.append(track.moment(moment)[0])
        track.forget(moment)
    return np.stack(shapes)


def _sounding(phones: tuple[PhoneSpan, ...], count: int, offset: int) -> NDArray[np.int64]:
    """int64 [count]: which viseme sounds at the moment of each frame."""
    made = gestures(phones, offset)
    sounds = np.full(count, _PLACES[SILENCE], dtype=np.int64)
    moments = np.arange(count) * SAMPLES_PER_FRAME + LEAD
    for gesture in made:
        sounds[(moments >= gesture.start) & (moments < gesture.end)] = _PLACES[gesture.viseme.name]
    return sounds


def spoil(sound: Samples, rng: Generator) -> Samples:
    """The same speech somewhere else."""
    if rng.random() < 0.6:
        sound = _in_a_room(sound, rng)
    if rng.random() < 0.35:
        sound = _narrowed(sound, float(rng.uniform(3400, 7000)))
    sound = sound * np.float32(10 ** (rng.uniform(-14, 8) / 20))
    if rng.random() < 0.8:
        sound = sound + _noise(sound, rng)
    return np.clip(sound, -1, 1).astype(np.float32)


def _in_a_room(sound: Samples, rng: Generator) -> Samples:
    """Direct sound and a tail of noise that dies away in 0.1 to 0.5 s."""
    seconds = float(rng.uniform(0.1, 0.5))
    time = np.arange(int(seconds * SPEECH_RATE)) / SPEECH_RATE
    tail = rng.standard_normal(time.size) * np.exp(-6.9 * time / seconds)
    tail *= float(rng.uniform(0.1, 0.6)) / max(float(np.sqrt(np.square(tail).sum())), 1e-9)
    tail[0] = 1.0
    length = 1 << math.ceil(math.log2(sound.size + tail.size))
    wet = np.fft.irfft(np.fft.rfft(sound, length) * np.fft.rfft(tail, length), length)[: sound.size]
    return np.asarray(wet, dtype=np.float32)


def _narrowed(sound: Samples, edge: float) -> Samples:
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(sound.size, 1 / SPEECH_RATE)
    return np.asarray(np.fft.irfft(spectrum / (1 + (hertz / edge) ** 8), sound.size), dtype=np.float32)


def _noise(sound: Samples, rng: Generator) -> Samples:
    """Noise between white and brown, 5 to 35 dB below the speech."""
    spectrum = np.fft.rfft(rng.standard_normal(sound.size))
    spectrum[1:] /= np.arange(1, spectrum.size) ** float(rng.uniform(0.0, 0.8))
    noise = np.fft.irfft(spectrum, sound.size)
    loud = float(np.sqrt(np.mean(np.square(sound)))) * 10 ** (-float(rng.uniform(5, 35)) / 20)
    return np.asarray(noise * (loud / max(float(np.sqrt(np.mean(np.square(noise)))), 1e-12)), dtype=np.float32)
