"""What waits for a client that reads slowly."""

from __future__ import annotations

import asyncio

import pytest

from avatar.server.outbox import Outbox, SlowReaderError
from avatar.server.protocol.framing import Flag, Kind, MediaFrame, unpack
from avatar.server.protocol.server import AvatarState, AvatarVideoDelta


def picture(seq: int, *, key: bool = False) -> MediaFrame:
    return MediaFrame(Kind.H264, Flag.KEY if key else Flag.NONE, 0, seq, seq * 40_000, b"p")


def sound(seq: int, size: int = 4) -> MediaFrame:
    return MediaFrame(Kind.SPEECH, Flag.NONE, 0, seq, 0, bytes(size))


class Reader:
    """Takes what an outbox has, and counts the key frames asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.outbox = Outbox(self._ask)

    def _ask(self) -> None:
        self.asked += 1

    async def take(self) -> list[MediaFrame]:
        """Everything that waits."""
        taken: list[MediaFrame] = []
        while True:
            try:
                data = await asyncio.wait_for(self.outbox.get(), 0.01)
            except asyncio.TimeoutError:
                return taken
            assert isinstance(data, bytes)
            taken.append(unpack(data))


async def test_order_is_kept() -> None:
    reader = Reader()
    for seq in range(5):
        reader.outbox.put(sound(seq))
        reader.outbox.put(picture(seq, key=seq == 0))
    assert [(frame.kind, frame.seq) for frame in await reader.take()] == [
        (kind, seq) for seq in range(5) for kind in (Kind.SPEECH, Kind.H264)
    ]
    assert reader.asked == 0


async def test_a_slow_reader_loses_pictures_and_nothing_else() -> None:
    reader = Reader()
    for seq in range(100):
        reader.outbox.put(picture(seq, key=seq == 0))
        reader.outbox.put(sound(seq))
    taken = await reader.take()
    assert [frame.seq for frame in taken if frame.kind is Kind.SPEECH] == list(range(100))
    assert [frame for frame in taken if frame.is_picture] == []
    assert reader.outbox.pictures_dropped == 100


async def test_after_a_drop_a_key_picture_comes_first() -> None:
    reader = Reader()
    for seq in range(13):
        reader.outbox.put(picture(seq, key=seq == 0))
    reader.outbox.put(sound(0))
    reader.outbox.put(picture(13, key=True))
    assert reader.asked == 0
    assert [frame.kind for frame in await reader.take()] == [Kind.SPEECH]
    assert reader.asked == 1
    reader.outbox.put(picture(14))
    reader.outbox.put(picture(15, key=True))
    reader.outbox.put(picture(16))
    assert [frame.seq for frame in await reader.take()] == [15, 16]
    assert reader.asked == 1


async def test_base64_pictures_are_dropped_too() -> None:
    reader = Reader()
    for seq in range(20):
        picture = AvatarVideoDelta(
            response_id=None, generation=0, pts_ms=seq, key=seq == 0, waiting=False, codec="h264", delta="AAAA"
        )
        reader.outbox.put(picture)
    assert await reader.take() == []
    assert reader.outbox.pictures_dropped == 20


async def test_sound_that_piles_up_ends_the_socket() -> None:
    reader = Reader()
    with pytest.raises(SlowReaderError):
        for seq in range(10_000):
            reader.outbox.put(sound(seq, 4096))
    assert reader.outbox.pictures_dropped == 0


async def test_events_that_pile_up_end_the_socket() -> None:
    reader = Reader()
    with pytest.raises(SlowReaderError):
        for _ in range(100_000):
            reader.outbox.put(AvatarState(state="idle"))


async def test_what_was_read_weighs_nothing() -> None:
    reader = Reader()
    for _ in range(20):
        reader.outbox.put(sound(0, 1024 * 1024))
        await reader.take()
