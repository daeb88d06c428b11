"""Speech as a file's bytes while it is being made: FFmpeg's muxers write into memory that is emptied block by block."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Literal, Protocol, cast

import av
import numpy as np

from avatar.media import SPEECH_RATE, Samples, to_pcm16

FileFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]

MEDIA_TYPES: dict[FileFormat, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}

_MUXED: dict[FileFormat, tuple[str, str, str, dict[str, str]]] = {
    "mp3": ("mp3", "libmp3lame", "s16p", {"write_xing": "0", "id3v2_version": "0"}),
    "opus": ("ogg", "libopus", "s16", {"page_duration": "200000"}),
    "aac": ("adts", "aac", "fltp", {}),
    "flac": ("flac", "flac", "s16", {}),
}
"""FFmpeg's container, codec and sample format, and the container's options: no header that is mended at the end."""

_UNKNOWN = 0xFFFFFFFF
"""The length in a WAV header that is sent before the end is known."""


class FileEncoder(Protocol):
    """Turns speech into a file, block by block."""

    def push(self, samples: Samples) -> bytes:
        """The bytes that are complete after a further block: float32 [n] at SPEECH_RATE."""

    def finish(self) -> bytes:
        """The rest of the file."""


def file_encoder(file_format: FileFormat) -> FileEncoder:
    """An encoder for one file: mono, at SPEECH_RATE."""
    if file_format == "pcm":
        return _Plain(b"")
    if file_format == "wav":
        return _Plain(_wav_header())
    return _Muxed(*_MUXED[file_format])


class _Plain:
    """Signed 16-bit little-endian PCM, after a header."""

    def __init__(self, header: bytes) -> None:
        self._header = header

    def push(self, samples: Samples) -> bytes:
        header, self._header = self._header, b""
        return header + to_pcm16(samples)

    def finish(self) -> bytes:
        return self._header


class _Muxed:
    """What FFmpeg's muxer writes."""

    def __init__(self, container: str, codec: str, sample_format: str, options: dict[str, str]) -> None:
        self._sink = _Sink()
        self._output = av.open(self._sink, "w", format=container, options=options)
        self._stream = cast(
            av.AudioStream, self._output.add_stream(codec, rate=SPEECH_RATE, layout="mono", format=sample_format)
        )
        self._resampler = av.AudioResampler(format=sample_format, layout="mono", rate=SPEECH_RATE)
        self._position = 0

    def push(self, samples: Samples) -> bytes:
        if samples.size:
            pcm = np.frombuffer(to_pcm16(samples), dtype="<i2").reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate, frame.time_base = SPEECH_RATE, Fraction(1, SPEECH_RATE)
            frame.pts = self._position
            self._position += samples.size
            for block in self._resampler.resample(frame):
                self._output.mux(self._stream.encode(block))
        return self._sink.drain()

    def finish(self) -> bytes:
        for block in self._resampler.resample(None):
            self._output.mux(self._stream.encode(block))
        self._output.mux(self._stream.encode(None))
        self._output.close()
        return self._sink.drain()


class _Sink:
    """A file that can only be written to."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        """Take in bytes."""
        self._waiting += data
        return len(data)

    def drain(self) -> bytes:
        """What was written since the last call."""
        data = bytes(self._waiting)
        self._waiting.clear()
        return data


def _wav_header() -> bytes:
    """RIFF and format chunks of 16-bit mono PCM, and the beginning of a data chunk of unknown length."""
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SPEECH_RATE, 2 * SPEECH_RATE, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", _UNKNOWN, b"WAVE") + fmt + struct.pack("<4sI", b"data", _UNKNOWN)
