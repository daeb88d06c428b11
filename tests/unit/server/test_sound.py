"""G.711 and base64."""

from __future__ import annotations

import numpy as np
import pytest

from avatar.errors import AudioError
from avatar.media import SPEECH_RATE
from avatar.server.g711 import Law, compress, expand, levels
from avatar.server.protocol.objects import Pcm, Pcmu
from avatar.server.sound import SoundIn, SoundOut, from_base64, to_base64
from tests.unit.server.fake_session import tone

KNOWN: list[tuple[Law, int, int]] = [
    ("mu", 0xFF, 0),
    ("mu", 0x7F, 0),
    ("mu", 0x80, 32124),
    ("mu", 0x00, -32124),
    ("mu", 0xFE, 8),
    ("a", 0xD5, 8),
    ("a", 0x55, -8),
    ("a", 0xAA, 32256),
    ("a", 0x2A, -32256),
]


@pytest.mark.parametrize(("law", "code", "level"), KNOWN)
def test_levels_are_those_of_the_recommendation(law: Law, code: int, level: int) -> None:
    assert levels(law)[code] == level


@pytest.mark.parametrize("law", ["mu", "a"])
def test_every_code_comes_back(law: Law) -> None:
    codes = bytes(range(256))
    again = compress(expand(codes, law), law)
    assert np.array_equal(levels(law)[list(again)], levels(law)[list(codes)])


@pytest.mark.parametrize("law", ["mu", "a"])
def test_speech_is_close_and_loud_sound_is_clipped(law: Law) -> None:
    samples = tone(0.1)
    error = expand(compress(samples, law), law) - samples
    assert 10 * np.log10(np.mean(samples**2) / np.mean(error**2)) > 35
    clipped = expand(compress(np.array([5.0, -5.0], dtype=np.float32), law), law)
    assert np.all(np.abs(clipped) > 0.97)


def test_a_telephone_stream_in_blocks_is_the_stream_in_one() -> None:
    samples = tone(1.0)
    whole, blocks = SoundOut(Pcmu()), SoundOut(Pcmu())
    in_one = whole.encode(samples) + whole.finish()
    in_blocks = b"".join(blocks.encode(part) for part in np.array_split(samples, 50)) + blocks.finish()
    assert in_blocks == in_one
    assert len(in_one) == 8000
    back = SoundIn(Pcmu()).decode(in_one)
    assert back.size == pytest.approx(SPEECH_RATE, abs=2000)


def test_pcm_has_no_tail() -> None:
    assert SoundOut(Pcm()).finish() == b""


def test_base64_comes_back_and_nothing_else_is_taken() -> None:
    assert from_base64(to_base64(b"\x00\xff")) == b"\x00\xff"
    for text in ("é", "AA", "A A=", "AAAA=AAA"):
        with pytest.raises(AudioError):
            from_base64(text)
