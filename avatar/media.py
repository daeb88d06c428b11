"""Audio, video and time: the value types that every stage shares, and the way in and out of files.

Time inside the project is a count of samples or of frames, never a wall clock, so that a conversation can be replayed
in a test. Speech is mono float32 in -1..1. The two rates below are the only ones used between stages; whatever comes
from outside is resampled once, at the door.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from avatar.errors import AudioError
from avatar.files import reading

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import InputContainer

SPEECH_RATE = 24_000
"""Samples per second of everything the persona says, and of what the sockets carry (OpenAI Realtime, audio/pcm)."""

HEARING_RATE = 16_000
"""Samples per second of what the recognizers hear."""

FPS = 25
"""Frames per second of the face."""

SAMPLES_PER_FRAME = SPEECH_RATE // FPS
"""Speech samples during one frame of video: 960."""

MAX_UPLOAD_SECONDS = 600.0
"""The longest recording that is taken: ten minutes."""

Samples = NDArray[np.float32]
"""float32 [n] in -1..1, mono."""

Pixels = NDArray[np.uint8]
"""uint8 [height, width, 3], RGB."""


@dataclass(frozen=True, slots=True)
class PhoneSpan:
    """One phone and when it sounds, in samples at SPEECH_RATE from the start of its clause; end is exclusive."""

    phone: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WordSpan:
    """One written word (or Chinese character) and when it sounds, in samples from the start of its clause.

    The texts of a clause's words, joined, are the clause as written, so what was heard can be cut at a word.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ClauseSpeech:
    """The speech of one clause. Its timeline stands before it is rendered; the sound is then pulled.

    The timeline of a long clause grows: at first its beginning stands, and what sounds in a chunk stands when that is
    given. What stands in it stays. `length` is then None.

    Attributes:
        text: the clause as written.
        phones: in order; empty where the engine does not know them.
        words: in order; empty where the engine does not know them. Their texts joined are the clause, or its beginning.
        length: samples in all chunks together, or None where only the end will tell.
        chunks: float32 [n] in -1..1 at SPEECH_RATE, in order, to be iterated once.
    """

    text: str
    phones: Sequence[PhoneSpan]
    words: Sequence[WordSpan]
    length: int | None
    chunks: Iterator[Samples]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the face.

    Attributes:
        image: uint8 [size, size, 3], RGB.
        aperture: how far the inner lips are meant to be open in this frame, as a fraction of the mouth's width at rest.
        alpha: uint8 [size, size]: how far the person covers each pixel; None where there is a background.
    """

    image: Pixels
    aperture: float
    alpha: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded picture: an H.264 access unit in Annex B form, or a JPEG."""

    data: bytes
    key: bool


def seconds(samples: int, rate: int = SPEECH_RATE) -> float:
    """How long a number of samples lasts."""
    return samples / rate


def resample(samples: Samples, source_rate: int, target_rate: int) -> Samples:
    """A whole recording at another rate (soxr, high quality).

    Args:
        samples: float32 [n] at source_rate.

    Returns:
        float32 [n * target_rate / source_rate].
    """
    if source_rate == target_rate or samples.size == 0:
        return samples
    import soxr

    return np.asarray(soxr.resample(samples, source_rate, target_rate), dtype=np.float32)


def to_pcm16(samples: Samples) -> bytes:
    """Signed 16-bit little-endian PCM; values beyond -1..1 are clipped."""
    return (np.clip(samples, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes()


def from_pcm16(data: bytes) -> Samples:
    """float32 [n] in -1..1 from signed 16-bit little-endian PCM.

    Raises:
        AudioError: the number of bytes is odd.
    """
    if len(data) % 2:
        raise AudioError(
            "The audio has an odd number of bytes; 16-bit PCM has two for each sample.",
            "音频的字节数是奇数;16 位 PCM 每个采样占两个字节。",
        )
    return np.frombuffer(data, dtype="<i2").astype(np.float32) / 32768.0


def read_audio(source: Path | bytes, rate: int, *, max_seconds: float = MAX_UPLOAD_SECONDS) -> Samples:
    """Any recording that FFmpeg can read, as mono float32 at the rate asked for.

    Args:
        source: a file, or a file's bytes.
        rate: samples per second of the result.
        max_seconds: a longer recording is refused after this much of it was decoded, so its header is not trusted.

    Raises:
        AudioError: not audio, damaged, empty or too long. The sentence names the file where there is one.
    """
    en, zh = called(source)
    with reading(en, AudioError, "audio_not_found"), open_binary(source) as stream:
        parts = list(_decoded(stream, rate, int(max_seconds * rate), (en, zh)))
    samples = np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
    if samples.size == 0:
        raise AudioError(f"{en} holds no sound.", f"{zh}里没有声音。", code="audio_empty")
    return samples


def called(source: Path | bytes) -> tuple[str, str]:
    """What a sentence about a file begins with, in English and in Chinese; what was uploaded has no name here."""
    return (source.name, f"{source.name} ") if isinstance(source, Path) else ("This file", "这个文件")


def open_binary(source: Path | bytes) -> BinaryIO:
    """A file or a block of bytes as a binary stream."""
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


def _decoded(stream: BinaryIO, rate: int, limit: int, name: tuple[str, str]) -> Iterator[Samples]:
    """The recording's blocks, decoded, mixed to mono and resampled."""
    import av

    total = 0
    try:
        with av.open(stream, "r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise _not_audio(name)
            resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
            for frame in _audio_frames(container):
                for block in resampler.resample(frame):
                    samples = block.to_ndarray().reshape(-1).astype(np.float32)
                    total += samples.size
                    if total > limit:
                        raise _too_long(name, limit / rate)
                    yield samples
    except (av.FFmpegError, ValueError) as error:
        raise _not_audio(name) from error


def _audio_frames(container: InputContainer) -> Iterator[AudioFrame | None]:
    """The frames of the first audio stream, and None to flush the resampler."""
    yield from container.decode(audio=0)
    yield None


def _not_audio(name: tuple[str, str]) -> AudioError:
    return AudioError(
        f"{name[0]} is not a recording that can be read. Use wav, mp3, m4a, flac, ogg or webm.",
        f"{name[1]}不是可以读取的录音。请使用 wav、mp3、m4a、flac、ogg 或 webm。",
    )


def _too_long(name: tuple[str, str], limit: float) -> AudioError:
    return AudioError(
        f"{name[0]} is longer than {limit:.0f} seconds. Cut it into shorter parts.",
        f"{name[1]}超过 {limit:.0f} 秒。请剪成较短的几段。",
        code="audio_too_long",
    )


def wav_bytes(samples: Samples, rate: int = SPEECH_RATE) -> bytes:
    """A 16-bit mono WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(to_pcm16(samples))
    return buffer.getvalue()
