"""The binary frames of the media socket."""

from __future__ import annotations

import pytest

from avatar.errors import ProtocolError
from avatar.server.protocol.framing import HEADER_SIZE, Flag, Kind, MediaFrame, unpack


def test_the_header_has_the_documented_layout() -> None:
    frame = MediaFrame(Kind.H264, Flag.KEY, 0x0102, 0x03040506, 0x0708090A0B0C0D0E, b"xyz")
    assert frame.pack() == bytes([3, 1, 2, 1, 6, 5, 4, 3, 14, 13, 12, 11, 10, 9, 8, 7]) + b"xyz"
    assert HEADER_SIZE == 16


@pytest.mark.parametrize(("kind", "picture"), [(Kind.SPEECH, False), (Kind.H264, True), (Kind.JPEG, True)])
def test_only_pictures_may_be_dropped(kind: Kind, picture: bool) -> None:
    assert MediaFrame(kind, Flag.NONE, 0, 0, 0, b"").is_picture is picture


@pytest.mark.parametrize(
    "data",
    [b"", b"\x01" * 15, bytes([0]) + bytes(15), bytes([5]) + bytes(15), bytes([1, 8]) + bytes(14)],
    ids=["empty", "short", "kind 0", "kind 5", "unknown flag"],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        unpack(data)
    assert caught.value.code == "invalid_frame"
    assert caught.value.zh
