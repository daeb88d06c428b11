"""Sounds that are made for the tests: voices of pulses, rooms, chords, files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from avatar.media import SPEECH_RATE, Samples, to_pcm16


def glide(hertz: NDArray[np.float64], harmonics: int = 12) -> Samples:
    """A buzz whose fundamental takes these values, one for each sample."""
    phase = 2 * np.pi * np.cumsum(hertz) / SPEECH_RATE
    parts = [np.sin(k * phase) / k * (k * hertz < SPEECH_RATE / 2) for k in range(1, harmonics)]
    return np.asarray(0.1 * np.sum(parts, axis=0), dtype=np.float32)


def buzz(hertz: float, seconds: float) -> Samples:
    """A steady one."""
    return glide(np.full(round(seconds * SPEECH_RATE), hertz))


def noise(seconds: float, level: float = 0.1, seed: int = 1) -> Samples:
    """White noise."""
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * SPEECH_RATE))).astype(np.float32)


def syllables(seconds: float, hertz: float = 120.0, seed: int = 0) -> Samples:
    """Something like speech: glides of 0.2 s with pauses, and a longer pause each second. Its spectrum falls."""
    draw = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * SPEECH_RATE), dtype=np.float32)
    for start in np.arange(0.1, seconds - 0.3, 0.25):
        if start % 1.0 < 0.3:
            continue
        size = round(0.2 * SPEECH_RATE)
        bend = hertz * 2 ** (draw.uniform(-0.25, 0.25) + draw.uniform(-0.3, 0.3) * np.linspace(0, 1, size))
        first = round(start * SPEECH_RATE)
        sound[first : first + size] += glide(bend, 24) * np.hanning(size).astype(np.float32) * draw.uniform(0.6, 1.0)
    return sound


def chords(seconds: float) -> Samples:
    """A slow accompaniment."""
    time = np.arange(round(seconds * SPEECH_RATE)) / SPEECH_RATE
    notes = np.array([(262, 330, 392), (220, 262, 330), (349, 440, 523), (392, 494, 587)])[(time / 1.2).astype(int) % 4]
    tones = sum(np.sin(2 * np.pi * notes[:, k] * h * time) / h for k in range(3) for h in (1, 2, 3))
    return np.asarray(0.08 * tones * np.exp(-(time % 1.2) * 1.5), dtype=np.float32)


def echoed(sound: Samples, seconds: float) -> Samples:
    """The sound in a room that falls by 60 dB in so many seconds."""
    time = np.arange(round(SPEECH_RATE * seconds)) / SPEECH_RATE
    tail = np.random.default_rng(2).standard_normal(time.size) * 10 ** (-3 * time / seconds)
    tail /= np.sqrt((tail**2).sum())
    tail[0] += 1.0
    size = sound.size + tail.size
    return cast(Samples, np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: sound.size])


def file_of(sound: Samples, container: str, codec: str, options: Sequence[tuple[str, str]] = ()) -> bytes:
    """The sound as a file of FFmpeg's."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=dict(options)) as output:
        stream: Any = output.add_stream(codec, rate=48_000 if codec == "libopus" else SPEECH_RATE)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.frombuffer(to_pcm16(sound), "<i2")[None], format="s16", layout="mono")
        frame.sample_rate = SPEECH_RATE
        resampler = av.AudioResampler(
            format=stream.codec_context.format.name, layout="mono", rate=stream.codec_context.sample_rate,
            frame_size=stream.codec_context.frame_size or 1024,
        )  # fmt: skip
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def float_wav(sound: Samples) -> bytes:
    """A WAV file of 32-bit floats, which can hold what is no number."""
    data = sound.astype("<f4").tobytes()
    header = b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    header += (3).to_bytes(2, "little") + (1).to_bytes(2, "little") + SPEECH_RATE.to_bytes(4, "little")
    header += (4 * SPEECH_RATE).to_bytes(4, "little") + (4).to_bytes(2, "little") + (32).to_bytes(2, "little")
    return header + b"data" + len(data).to_bytes(4, "little") + data
