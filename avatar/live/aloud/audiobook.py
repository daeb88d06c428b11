"""Chapters as M4A files, and a book of them as one M4B with chapter marks, labelled as made by AI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from avatar.errors import EngineError
from avatar.files import storing, whole
from avatar.media import SPEECH_RATE, Samples

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.container.core import Chapter

NOTICE = "AI-generated speech. 语音由人工智能生成。"
"""What every file says of itself in its metadata."""

FRAME = 1024
"""Samples of a frame of AAC; a chapter is filled up to whole ones, so that chapters can be put one after another."""

_BITS = 64_000
"""A second; mono speech at 24 kHz needs no more."""

_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}
"""The index in front, and the same file for the same sound."""


@dataclass(frozen=True, slots=True)
class Track:
    """A chapter's file."""

    path: Path
    title: str


def write_track(path: Path, blocks: Iterator[Samples], labels: Mapping[str, str]) -> int:
    """Write sound as an M4A; returns how many samples it has.

    Args:
        blocks: float32 [n] at SPEECH_RATE, any n.
        labels: metadata, such as title, album, artist, track; the comment is NOTICE.

    Raises:
        StorageError: the file cannot be written.
        EngineError: encoding failed.
    """
    with storing(path), whole(path) as unfinished, _opened(unfinished, labels) as container:
        stream = container.add_stream("aac", rate=SPEECH_RATE, layout="mono")
        stream.bit_rate = _BITS
        length = 0
        for frame in _frames(blocks):
            _encode(container, stream, frame, length)
            length += FRAME
        container.mux(stream.encode(None))
    return length


def bind(path: Path, tracks: Sequence[Track], labels: Mapping[str, str]) -> None:
    """Put chapters one after another into one file with marks; nothing is encoded a second time.

    Raises:
        StorageError: the file cannot be written.
        EngineError: a chapter's file cannot be read.
    """

    marks: list[Chapter] = []
    at = -FRAME  # an encoder's first frame is a run-up, which players leave out
    with storing(path), whole(path) as unfinished, _opened(unfinished, labels) as container:
        stream = None
        for number, track in enumerate(tracks):
            with _chapter(track.path) as chapter:
                source = chapter.streams.audio[0]
                stream = stream or container.add_stream_from_template(source)
                begun = max(0, at)
                for packet in chapter.demux(source):
                    if packet.size:
                        packet.stream, packet.time_base = stream, Fraction(1, SPEECH_RATE)
                        packet.pts = packet.dts = at
                        packet.duration = FRAME
                        at += FRAME
                        container.mux(packet)
            marks.append(_mark(number, track.title, begun, at))
            container.set_chapters(marks)


def _chapter(path: Path) -> InputContainer:
    """A chapter's file, opened."""
    import av

    try:
        chapter = av.open(str(path))
    except av.FFmpegError as error:
        raise _unreadable(path) from error
    if not chapter.streams.audio:
        chapter.close()
        raise _unreadable(path)
    return chapter


def _unreadable(path: Path) -> EngineError:
    return EngineError(
        f"{path.name} is not the chapter that was read. Delete it and give the same command again.",
        f"{path.name} 不是之前读好的那一章。请删除它,再运行同一命令。",
        code="chapter_damaged",
    )


def _mark(number: int, title: str, start: int, end: int) -> Chapter:
    return {
        "id": number,
        "start": start,
        "end": end,
        "time_base": Fraction(1, SPEECH_RATE),
        "metadata": {"title": title},
    }


def _frames(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """The sound in whole frames; silence fills the last."""
    rest: Samples = np.zeros(0, dtype=np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block])
        for at in range(0, rest.size // FRAME * FRAME, FRAME):
            yield rest[at : at + FRAME]
        rest = rest[rest.size // FRAME * FRAME :]
    if rest.size:
        yield np.pad(rest, (0, FRAME - rest.size))


def _encode(container: OutputContainer, stream: AudioStream, samples: Samples, at: int) -> None:
    from av import AudioFrame

    frame = AudioFrame.from_ndarray(np.clip(samples, -1.0, 1.0).reshape(1, -1), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SPEECH_RATE, at, Fraction(1, SPEECH_RATE)
    container.mux(stream.encode(frame))


@contextmanager
def _opened(path: Path, labels: Mapping[str, str]) -> Iterator[OutputContainer]:
    """An M4A to be written, labelled. A full disk stays an OSError; the rest is the encoder's."""
    import av

    try:
        with av.open(str(path), "w", format="ipod", options=_OPTIONS) as container:
            container.metadata.update({key: value.replace("\0", "") for key, value in labels.items() if value})
            container.metadata["comment"] = NOTICE
            yield container
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise EngineError(f"Writing the sound failed: {error}.", f"写入音频失败:{error}。") from error
