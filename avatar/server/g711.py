"""G.711, the telephone's companded sound: eight bits a sample (ITU-T Recommendation G.711, 1988).

Both laws are a table of 256 levels. A sample is written as the level nearest to it, which is never farther off than
what the recommendation's decision values give.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from avatar.media import Samples

RATE = 8_000
"""Samples per second."""

Law = Literal["mu", "a"]


@cache
def levels(law: Law) -> NDArray[np.int32]:
    """int32 [256]: the level of each byte, on the scale of 16-bit PCM."""
    codes = np.arange(256, dtype=np.int32)
    if law == "mu":
        codes = ~codes & 0xFF
        magnitude = ((((codes & 0x0F) << 3) + 132) << ((codes & 0x70) >> 4)) - 132
        return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int32)
    codes ^= 0x55
    segment = (codes & 0x70) >> 4
    magnitude = ((codes & 0x0F) << 4) + np.where(segment == 0, 8, 264)
    magnitude <<= np.maximum(segment - 1, 0)
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int32)


@cache
def _decisions(law: Law) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """The values between neighbouring levels, and the bytes of the levels in order."""
    ordered, codes = np.unique(levels(law), return_index=True)
    return (ordered[1:] + ordered[:-1]) / 2, codes.astype(np.uint8)


def expand(data: bytes, law: Law) -> Samples:
    """float32 [n] in -1..1 at RATE from n bytes."""
    return levels(law)[np.frombuffer(data, dtype=np.uint8)].astype(np.float32) / np.float32(32768.0)


def compress(samples: Samples, law: Law) -> bytes:
    """n bytes from float32 [n] in -1..1 at RATE; what is beyond is clipped."""
    decisions, codes = _decisions(law)
    return codes[np.searchsorted(decisions, samples * 32768.0)].tobytes()
