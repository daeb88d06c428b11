"""Recordings as they are in their file: every channel, at their own rate, sample for sample."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar import files
from avatar.errors import AudioError, InputError
from avatar.media import SPEECH_RATE, Samples, open_binary, resample
from avatar.voice.enrolment.reading import Source, read_recording

LOSSLESS = {".wav": "WAV", ".flac": "FLAC"}
"""What an edited recording can be written as: with anything else no sample would stay what it was."""

LOWEST_RATE = 8_000

MOST_VALUES = 600 * 48_000 * 2
"""Samples of all channels together: ten minutes of stereo. A packed file of silence could be unpacked to gigabytes."""

_FULL = {"int16": 2.0**15, "int32": 2.0**31}


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording.

    Attributes:
        raw: int16, int32, float32 or float64 [n, channels], as decoded.
        rate: Hz.
    """

    raw: NDArray[Any]
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.raw) / self.rate

    @property
    def waves(self) -> NDArray[np.float32]:
        """float32 [n, channels] in -1..1."""
        return as_waves(self.raw)

    @property
    def speech(self) -> Samples:
        """All channels together at SPEECH_RATE."""
        return resample(np.ascontiguousarray(self.waves.mean(axis=1)), self.rate, SPEECH_RATE)

    def at(self, place: int) -> int:
        """Where a sample at SPEECH_RATE lies in `raw`."""
        return min(len(self.raw), max(0, round(place * self.rate / SPEECH_RATE)))


def read(source: Source) -> Recording:
    """A recording as it is.

    Raises:
        AudioError: no recording, damaged, empty, longer than ten minutes, not numbers, below 8 kHz, or too large.
    """
    import av

    read_recording(source)
    parts: list[NDArray[Any]] = []
    rates: set[tuple[int, int]] = set()
    size = 0
    try:
        with open_binary(source) as stream, av.open(stream, "r", metadata_errors="ignore") as container:
            for frame in container.decode(audio=0):
                parts.append(_interleaved(frame))
                rates.add((frame.sample_rate, parts[-1].shape[1]))
                size += parts[-1].size
                if size > MOST_VALUES:
                    raise _too_large()
    except (av.FFmpegError, ValueError, KeyError) as error:
        raise _unusable(source) from error
    if len(rates) != 1:
        raise _unusable(source)
    rate = rates.pop()[0]
    if rate < LOWEST_RATE:
        raise AudioError(
            f"The recording has {rate} samples a second; speech needs 8000 or more.",
            f"录音的采样率只有 {rate} Hz;语音至少需要 8000 Hz。",
            code="edit_rate_too_low",
        )
    return Recording(np.concatenate(parts), rate)


def write(recording: Recording, path: Path, comment: str = "") -> None:
    """Write a recording, whole or not at all.

    Args:
        comment: what the file says of itself.

    Raises:
        InputError: the name ends in something that loses samples.
        StorageError: it cannot be written.
    """
    files.write(path, encoded(recording, path.suffix.lower(), comment))


def encoded(recording: Recording, suffix: str = ".wav", comment: str = "") -> bytes:
    """A recording as a file: in as many bits as it came in.

    Args:
        comment: what the file says of itself, beside its samples.

    Raises:
        InputError: another suffix than .wav or .flac; or .flac for one whose samples are no whole numbers.
    """
    import soundfile

    kind = str(recording.raw.dtype)
    if suffix not in LOSSLESS:
        raise InputError(
            "An edited recording is written as .wav or .flac, so that the rest of it stays as it was.",
            "编辑后的录音只能写成 .wav 或 .flac,这样其余部分才保持不变。",
            code="edit_lossy",
        )
    if suffix == ".flac" and kind not in _FULL:
        raise InputError(
            "This recording does not fit into FLAC; write it as .wav.", "这段录音无法写成 FLAC;请写成 .wav。",
            code="edit_lossy",
        )  # fmt: skip
    subtype = {"int16": "PCM_16", "int32": "PCM_24", "float32": "FLOAT", "float64": "DOUBLE"}[kind]
    if kind == "int32" and suffix == ".wav" and (recording.raw & 0xFF).any():
        subtype = "PCM_32"
    buffer = io.BytesIO()
    count = recording.raw.shape[1]
    with soundfile.SoundFile(buffer, "w", recording.rate, count, subtype, format=LOSSLESS[suffix]) as file:
        if comment:
            file.comment = comment
        file.write(recording.raw)
    return buffer.getvalue()


def as_waves(raw: NDArray[Any]) -> NDArray[np.float32]:
    """Samples of any kind as float32 in -1..1."""
    return raw.astype(np.float32) * np.float32(1 / _FULL.get(str(raw.dtype), 1.0))


def as_raw(waves: NDArray[np.floating[Any]], like: NDArray[Any]) -> NDArray[Any]:
    """float32 [n, channels] in -1..1 as samples of another's kind; what lies beyond the scale is cut off."""
    full = _FULL.get(str(like.dtype))
    if full is None:
        return np.asarray(waves, dtype=like.dtype)
    whole: NDArray[Any] = np.clip(np.rint(waves.astype(np.float64) * full), -full, full - 1).astype(like.dtype)
    if like.dtype == np.int32 and not (like & 0xFF).any():
        whole &= ~np.int32(0xFF)
    return whole


def _interleaved(frame: Any) -> NDArray[Any]:
    """A decoded frame as [n, channels] of a kind that can be written again without loss."""
    data = frame.to_ndarray()
    count = frame.layout.nb_channels
    rows = data.T if frame.format.is_planar else data.reshape(-1, count)
    if rows.dtype == np.uint8:
        return np.asarray((rows.astype(np.int16) - 128) << 8)
    if str(rows.dtype) not in ("int16", "int32", "float32", "float64"):
        raise ValueError(rows.dtype)
    return np.ascontiguousarray(rows)


def _too_large() -> AudioError:
    return AudioError(
        "The recording has too many samples or channels. Export it with at most 48000 a second, in mono or stereo.",
        "录音的采样率过高或声道过多。请导出为不超过 48000 Hz 的单声道或立体声。",
        code="edit_too_large",
    )


def _unusable(source: Source) -> AudioError:
    name = source.name if isinstance(source, Path) else "upload"
    return AudioError(
        f"{name} cannot be edited as it is. Export it as 16-bit WAV.", f"无法直接编辑 {name}。请导出为 16 位 WAV。"
    )
