"""Recordings that people send, as one sound. They may be anything."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from avatar.errors import AudioError
from avatar.media import MAX_UPLOAD_SECONDS, SPEECH_RATE, Samples, called, open_binary, read_audio

Source = Path | bytes

MAX_FILES = 32

GAP_S = 0.6
"""Seconds of silence between two recordings, so that no window reaches across."""

_LOST = 0.8
"""A file that holds less of what it announces has broken off."""


def read_recordings(sources: Sequence[Source]) -> tuple[Samples, float]:
    """All recordings one after another, GAP_S apart: float32 [n] at SPEECH_RATE; and how long they last together.

    Raises:
        AudioError: there is none, too many, one cannot be read, has broken off or has values that are no numbers, or
            together they are longer than ten minutes.
    """
    if not 1 <= len(sources) <= MAX_FILES:
        raise AudioError(
            f"Give 1 to {MAX_FILES} recordings, not {len(sources)}.",
            f"请给出 1 到 {MAX_FILES} 段录音,现在是 {len(sources)} 段。",
            code="recordings_count",
        )
    gap = np.zeros(round(GAP_S * SPEECH_RATE), dtype=np.float32)
    parts: list[Samples] = []
    left = MAX_UPLOAD_SECONDS
    for source in sources:
        sound = read_recording(source, max(left, 1.0))
        left -= sound.size / SPEECH_RATE
        parts += [sound, gap]
    return np.concatenate(parts[:-1]), MAX_UPLOAD_SECONDS - left


def read_recording(source: Source, max_seconds: float = MAX_UPLOAD_SECONDS) -> Samples:
    """One recording: float32 [n] in -1..1 at SPEECH_RATE. Errors as of `read_recordings`."""
    en, zh = called(source)
    sound = read_audio(source, SPEECH_RATE, max_seconds=max_seconds)
    if not np.isfinite(sound).all():
        raise AudioError(
            f"{en} has samples that are no numbers. Export it again, as 16-bit WAV.",
            f"{zh}里有不是数字的采样值。请重新导出为 16 位 WAV。",
            code="audio_not_finite",
        )
    if sound.size / SPEECH_RATE < _LOST * _announced(source) or _cut_wav(source):
        raise AudioError(
            f"{en} breaks off: the file is not whole. Copy or record it again.",
            f"{zh}不完整,文件中途断了。请重新复制或录制。",
            code="audio_truncated",
        )
    return np.clip(sound, -1.0, 1.0)


def _cut_wav(source: Source) -> bool:
    """Whether a WAV file is shorter than its header says; one that was written while it was made says nothing."""
    with open_binary(source) as stream:
        header = stream.read(12)
        size = stream.seek(0, io.SEEK_END)
    told = int.from_bytes(header[4:8], "little")
    return header[:4] == b"RIFF" and 0 < told < 0xFFFF0000 and size < _LOST * told


def _announced(source: Source) -> float:
    """Seconds that the file's header promises; 0 where it promises nothing. It is only ever held against the file."""
    import av

    try:
        with open_binary(source) as stream, av.open(stream, "r", metadata_errors="ignore") as container:
            audio = container.streams.audio[0]
            own = float(audio.duration * audio.time_base) if audio.duration and audio.time_base else 0.0
            return own if container.format.name in ("wav", "flac", "mov,mp4,m4a,3gp,3g2,mj2") else 0.0
    except (av.FFmpegError, ValueError, IndexError):
        return 0.0
