"""Subtitles inside of an MP4: 3GPP timed text (TS 26.245), which players call soft subtitles."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from avatar.media import SPEECH_RATE, WordSpan

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.subtitles.stream import SubtitleStream

logger = logging.getLogger(__name__)

_HAN = re.compile("[\u4e00-\u9fff]")
_LONGEST = 0xFFFF  # bytes of one text


class SubtitleTrack:
    """A track of a container, filled as the film grows. Nothing is written where PyAV is too old for it.

    Args:
        container: an MP4 of which nothing is written yet.
        lines: what is said when, in order.
    """

    def __init__(self, container: OutputContainer, lines: Sequence[WordSpan]) -> None:
        self._container = container
        self._lines = [line for line in lines if line.text.strip() and line.end > line.start]
        self._stream = _stream(container, "".join(line.text for line in lines))

    def until(self, sample: int) -> None:
        """Write the lines that begin before a sample."""
        while self._stream is not None and self._lines and self._lines[0].start < sample:
            self._put(self._stream, self._lines.pop(0))

    def _put(self, stream: SubtitleStream, line: WordSpan) -> None:
        from av import Packet

        text = line.text.strip().encode("utf-8")[:_LONGEST].decode("utf-8", "ignore").encode("utf-8")
        end = min(line.end, self._lines[0].start) if self._lines else line.end
        packet = Packet(len(text).to_bytes(2, "big") + text)
        packet.stream, packet.time_base = stream, Fraction(1, SPEECH_RATE)
        packet.pts = packet.dts = line.start
        packet.duration = max(end - line.start, 1)
        packet.is_keyframe = True
        self._container.mux(packet)


def _stream(container: OutputContainer, text: str) -> SubtitleStream | None:
    """The container's new track; None where PyAV cannot write one."""
    try:
        stream: SubtitleStream = container.add_stream("mov_text")
        stream.codec_context.subtitle_header = b""
    except (AttributeError, ValueError, NotImplementedError):
        logger.info("subtitle_track_unavailable")
        return None
    stream.time_base = Fraction(1, SPEECH_RATE)
    stream.metadata["language"] = "chi" if _HAN.search(text) else "eng"
    return stream
