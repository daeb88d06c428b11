"""The binary frames of the media socket: a header of sixteen bytes, then the payload.

    offset  size  field
    0       1     kind        1 microphone, 2 speech, 3 H.264 access unit, 4 JPEG
    1       1     flags       1 key picture, 2 end of the reply's sound, 4 picture of a reply that stands still
    2       2     generation  of the reply that the frame belongs to
    4       4     seq         frames of this kind since the socket opened; a gap means that pictures were dropped
    8       8     pts_us      microseconds since the first sample of the generation's reply

All numbers are unsigned and little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from avatar.errors import ProtocolError

_HEADER = struct.Struct("<BBHIQ")

HEADER_SIZE = _HEADER.size
"""Sixteen bytes."""


class Kind(IntEnum):
    """What a frame carries."""

    MICROPHONE = 1
    SPEECH = 2
    H264 = 3
    JPEG = 4


class Flag(IntFlag):
    """What is special about a frame."""

    NONE = 0
    KEY = 1
    END = 2
    WAITING = 4


@dataclass(frozen=True, slots=True)
class MediaFrame:
    """One binary frame.

    Attributes:
        kind: sound is signed 16-bit little-endian PCM, mono, at SPEECH_RATE.
        generation: 0..65535; a session's own counter modulo 65536.
        seq: 0..2^32-1.
        pts_us: 0..2^64-1.
    """

    kind: Kind
    flags: Flag
    generation: int
    seq: int
    pts_us: int
    payload: bytes

    @property
    def is_picture(self) -> bool:
        """Whether the frame may be dropped where the reader is slow."""
        return self.kind in (Kind.H264, Kind.JPEG)

    def pack(self) -> bytes:
        """The frame as it travels."""
        return _HEADER.pack(self.kind, self.flags, self.generation, self.seq, self.pts_us) + self.payload


def unpack(data: bytes) -> MediaFrame:
    """A frame from what a socket received.

    Raises:
        ProtocolError: shorter than a header, of an unknown kind, or with unknown flags.
    """
    if len(data) < HEADER_SIZE:
        raise ProtocolError(
            f"A binary frame has a header of {HEADER_SIZE} bytes; this one has {len(data)} bytes in all.",
            f"二进制帧须有 {HEADER_SIZE} 字节的帧头;这一帧总共只有 {len(data)} 字节。",
            code="invalid_frame",
        )
    kind, flags, generation, seq, pts_us = _HEADER.unpack_from(data)
    if kind not in set(Kind) or flags & ~int(Flag.KEY | Flag.END | Flag.WAITING):
        raise ProtocolError(
            f"A binary frame of kind {kind} with flags {flags} is not known. See docs/protocol.md.",
            f"未知的二进制帧:kind 为 {kind},flags 为 {flags}。见 docs/protocol.md。",
            code="invalid_frame",
        )
    return MediaFrame(Kind(kind), Flag(flags), generation, seq, pts_us, data[HEADER_SIZE:])
