"""A film file: frames and sound as MP4 (H.264 and AAC), as WebM (VP9 and Opus), or as a GIF without its sound.

The encoders of sound need a run-up; the file tells a player to leave it out, and no picture is reordered, so both
tracks begin at zero and stay together. An MP4 starts to play before all of it has arrived, and holds what is said as
subtitles that a player can show (3GPP timed text). WebM and GIF can be transparent. Frames are pulled one at a time and
never kept (but for a GIF). The file appears under its name only when it is whole.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from avatar.errors import AvatarError, EngineError, InputError, StorageError
from avatar.face.encode import describe_colours, video_frame
from avatar.face.gif import write_gif
from avatar.face.timedtext import SubtitleTrack
from avatar.files import whole
from avatar.media import FPS, SAMPLES_PER_FRAME, SPEECH_RATE, Pixels, Samples, WordSpan

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

NOTICE = "AI-generated: this face and this voice are synthetic. 本视频由人工智能生成。"
"""What every film says of itself in its metadata."""

Progress = Callable[[int], None]
"""Told how many frames are written."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind of film is made: names and options as FFmpeg has them; `block` is what its sound comes in."""

    container: str
    options: dict[str, str]
    video: str
    video_options: dict[str, str]
    audio: str
    block: int


_X264 = {"preset": "veryfast", "profile": "high", "crf": "20", "threads": "2"}
_VP9 = {
    "deadline": "realtime",
    "cpu-used": "8",
    "crf": "30",
    "b": "0",
    "row-mt": "1",
    "threads": "2",
    "lag-in-frames": "0",
    "auto-alt-ref": "0",
}
_FORMS = {
    ".mp4": _Form("mp4", {"movflags": "+faststart"}, "libx264", _X264, "aac", 1024),
    ".webm": _Form("webm", {}, "libvpx-vp9", _VP9, "libopus", 480),
}

FILM_KINDS = (*_FORMS, ".gif")
"""What a film's name may end in."""

TRANSPARENT_KINDS = (".webm", ".gif")
"""Those that can be transparent; a GIF only wholly or not at all."""

_AUDIO_BITS = 96_000
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_film(
    path: Path,
    frames: Iterator[Pixels],
    sound: Samples,
    *,
    title: str = "",
    comment: str = "",
    lines: Sequence[WordSpan] = (),
    progress: Progress | None = None,
) -> int:
    """Write a film; what shorter ends first is held: the last picture, or silence.

    Args:
        path: the file, of one of FILM_KINDS; its folder is made where it is missing, and an older file of that name is
            replaced.
        frames: uint8 [size, size, 3] RGB, sides even, FPS of them a second; with a fourth channel, the alpha, all of
            them, in a film of TRANSPARENT_KINDS.
        sound: float32 [n] in -1..1 at SPEECH_RATE; its first sample sounds with the first frame.
        title, comment: the film's metadata; the comment always ends with NOTICE.
        lines: what is said when, in order; an MP4 holds it.
        progress: told the count after each frame.

    Returns:
        How many frames the film has.

    Raises:
        InputError: the name ends in something else, or such a film cannot be transparent.
        StorageError: the disk is full or the folder is not writable.
        EngineError: there are no frames, or encoding failed.
    """
    kind = film_kind(path)
    first = next(frames, None)
    if first is None:
        raise EngineError("There is no picture to make a film of.", "没有画面,无法生成视频。")
    film_kind(path, transparent=first.shape[2] == 4)
    with _whole_or_nothing(path) as unfinished:
        labels = {"title": title, "comment": f"{comment} {NOTICE}".strip()}
        pictures = chain([first], frames)
        if kind == ".gif":
            count = write_gif(unfinished, pictures, labels["comment"], progress)
        else:
            count = _write(unfinished, _FORMS[kind], pictures, sound, labels, lines, progress)
    logger.info("film_written", extra={"frames": count})
    return count


def film_kind(path: Path, *, transparent: bool = False) -> str:
    """One of FILM_KINDS.

    Raises:
        InputError: the name ends in something else, or such a film cannot be transparent.
    """
    kind = path.suffix.lower()
    if kind not in FILM_KINDS:
        known = ", ".join(FILM_KINDS)
        raise InputError(
            f"{path.name} must end in one of {known}.", f"{path.name} 必须以 {known} 之一结尾。", code="bad_output"
        )
    if transparent and kind not in TRANSPARENT_KINDS:
        able = ", ".join(TRANSPARENT_KINDS)
        raise InputError(
            f"A film in {kind} cannot be transparent. Choose one of {able}, or another background.",
            f"{kind} 视频不能透明。请改用 {able} 之一,或换一种背景。",
            code="no_transparency",
        )
    return kind


def _write(
    path: Path,
    form: _Form,
    frames: Iterator[Pixels],
    sound: Samples,
    labels: dict[str, str],
    lines: Sequence[WordSpan],
    progress: Progress | None,
) -> int:
    """Mux everything into one file; how many frames it took."""
    import av

    first = next(frames)
    with av.open(os.fspath(path), "w", format=form.container, options=form.options) as container:
        container.metadata.update({key: value.replace("\0", "") for key, value in labels.items() if value})
        writer = _Writer(container, form, first.shape, sound, lines)
        for frame in chain([first], frames):
            writer.put(frame)
            if progress is not None:
                progress(writer.count)
        return writer.finish()


class _Writer:
    """The streams of a container, filled side by side so that a player never has to seek between them."""

    def __init__(
        self,
        container: OutputContainer,
        form: _Form,
        shape: tuple[int, ...],
        sound: Samples,
        lines: Sequence[WordSpan],
    ) -> None:
        self._container = container
        self._block = form.block
        options = dict(form.video_options)
        self._video = cast("VideoStream", container.add_stream(form.video, rate=FPS, options=options))
        self._video.height, self._video.width = shape[0], shape[1]
        self._video.pix_fmt = "yuva420p" if shape[2] == 4 else "yuv420p"
        if shape[2] == 4:
            self._video.metadata["alpha_mode"] = "1"
        self._video.codec_context.max_b_frames = 0
        self._video.codec_context.gop_size = 2 * FPS
        describe_colours(self._video.codec_context)
        self._audio = cast("AudioStream", container.add_stream(form.audio, rate=SPEECH_RATE, layout="mono"))
        self._audio.bit_rate = _AUDIO_BITS
        self._subtitles = SubtitleTrack(container, lines) if lines and form.container == "mp4" else None
        self._sound = np.asarray(sound, dtype=np.float32).reshape(-1)
        self._heard = 0
        self._last: Pixels | None = None
        self.count = 0

    def put(self, frame: Pixels) -> None:
        """Append a frame, and the sound up to its end."""
        picture = video_frame(frame)
        picture.pts, picture.time_base = self.count, Fraction(1, FPS)
        self._container.mux(self._video.encode(picture))
        self._last = frame
        self.count += 1
        self._sound_until(self.count * SAMPLES_PER_FRAME)
        if self._subtitles is not None:
            self._subtitles.until(self.count * SAMPLES_PER_FRAME)

    def finish(self) -> int:
        """Hold the last picture while there is sound, and end both streams; how many frames there are."""
        while self._last is not None and self.count * SAMPLES_PER_FRAME < self._sound.size:
            self.put(self._last)
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))
        return self.count

    def _sound_until(self, end: int) -> None:
        """Append the sound up to a sample, in whole blocks but for the last; silence where there is none left."""
        from av import AudioFrame

        last = end >= self._sound.size
        while self._heard < end and (last or self._heard + self._block <= end):
            length = min(self._block, end - self._heard)
            block = np.zeros((1, length), dtype=np.float32)
            taken = self._sound[self._heard : self._heard + length]
            block[0, : taken.size] = np.clip(np.nan_to_num(taken), -1.0, 1.0)
            frame = AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SPEECH_RATE, self._heard, Fraction(1, SPEECH_RATE)
            self._container.mux(self._audio.encode(frame))
            self._heard += length


@contextmanager
def _whole_or_nothing(path: Path) -> Iterator[Path]:
    """A temporary file beside the path that takes its name at the end, or vanishes."""
    with _storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as unfinished, _mux_errors(path):
            yield unfinished


@contextmanager
def _mux_errors(path: Path) -> Iterator[None]:
    """Tell a full disk from a failed encoder; frames that fail to be drawn speak for themselves."""
    from av import FFmpegError

    try:
        yield
    except AvatarError:
        raise
    except FFmpegError as error:
        if isinstance(error, OSError) and error.errno in _FULL_DISK:
            raise _not_stored(path, error) from error
        raise EngineError(f"Writing the film failed: {error}.", f"写入视频失败:{error}。") from error
    except OSError as error:
        raise _not_stored(path, error) from error


@contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _not_stored(path, error) from error


def _not_stored(path: Path, error: OSError) -> StorageError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StorageError(
        f"The film {path.name} could not be stored in {path.parent}: {reason}. "
        "Free some space or choose another place.",
        f"视频 {path.name} 无法保存到 {path.parent}:{reason}。请腾出空间,或换一个位置。",
    )
