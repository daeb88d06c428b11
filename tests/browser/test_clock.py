"""Ten minutes of the page's own player on a virtual clock, with a sound card that is too fast."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from avatar.live.events import (
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyResumed,
    ReplyStarted,
    SessionEvent,
    StageTimes,
    Video,
)
from avatar.media import SPEECH_RATE, Packet
from benchmarks._replay import replay

pytestmark = pytest.mark.browser

REPLIES, EVERY_S, REPLY_S = 10, 60.0, 45.0
AHEAD_S, LEAD_S = 2.0, 0.1
BLOCK_S, PICTURE_S = 0.2, 0.04
DRY_AT_S, DRY_S = 20.0, 4.0
HOLD_AT_S, HOLD_S = 30.0, 0.5

Told = tuple[float, SessionEvent]


def reply(generation: int, start: float, *, dry: bool, held: bool) -> Iterator[Told]:
    """What a server tells of one reply, out of order: its sound two seconds ahead, its pictures a tenth of one."""
    name = f"resp_{generation}"
    silent = np.zeros(round(BLOCK_S * SPEECH_RATE), dtype=np.float32)

    def moved(at: float) -> float:
        """When a time of the reply is heard, where it runs dry and is held."""
        dried = DRY_S - AHEAD_S if dry and at >= DRY_AT_S else 0.0
        return start + at + dried + (HOLD_S if held and at >= HOLD_AT_S else 0.0)

    yield start, ReplyStarted(name, generation, "zh")
    for block in range(round(REPLY_S / BLOCK_S)):
        at = block * BLOCK_S
        earliest = moved(DRY_AT_S) if dry and at >= DRY_AT_S else start
        yield max(earliest, moved(at) - AHEAD_S), ReplyAudio(name, generation, round(at * SPEECH_RATE), silent)
    for picture in range(round(REPLY_S / PICTURE_S)):
        at = picture * PICTURE_S
        yield max(start + 0.05, moved(at) - LEAD_S), Video(generation, round(1000 * at), Packet(b"", key=picture == 0))
    if held:
        middle = moved(HOLD_AT_S) - HOLD_S
        yield from ((middle, ReplyHeld(name)), (middle + HOLD_S, ReplyResumed(name)))
    length = round(REPLY_S * SPEECH_RATE)
    yield moved(REPLY_S) - 1.0, ReplyDone(name, generation, "completed", "", length, StageTimes())


def conversation() -> list[Told]:
    """Ten replies; every third runs dry, and every second is held."""
    told = [
        event
        for turn in range(REPLIES)
        for event in reply(turn + 1, turn * EVERY_S, dry=turn % 3 == 2, held=turn % 2 == 1)
    ]
    return sorted(told, key=lambda each: each[0])


def test_sound_and_picture_stay_together_however_long_it_lasts() -> None:
    played = replay(conversation())
    _, generation, picture, heard = played.shown.T
    late = heard - picture
    assert played.samples == REPLIES * REPLY_S * SPEECH_RATE
    assert played.starved == 3
    assert late.size > 0.9 * REPLIES * REPLY_S / PICTURE_S
    assert np.percentile(np.abs(late), 95) <= 40
    assert np.abs(late).max() <= 80
    middles = [float(np.median(late[generation == turn])) for turn in (1, REPLIES)]
    assert abs(middles[1] - middles[0]) < 5
