"""Sound that comes as bytes in pieces."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar.media import SPEECH_RATE, Samples, to_pcm16, wav_bytes
from avatar.voice.speaking.pcm import Pcm, PcmError

SOUND = (0.5 * np.sin(np.arange(4800) / 12)).astype(np.float32)


def heard(data: bytes, kind: str = "audio/pcm", step: int = 331) -> Samples:
    pcm = Pcm(kind)
    parts = [pcm.push(data[at : at + step]) for at in range(0, len(data), step)]
    return np.concatenate([*parts, pcm.flush()])


def wav(code: int, bits: int, channels: int, rate: int, data: bytes, *, size: int | None = None) -> bytes:
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", code, channels, rate, rate * width, width, bits)
    told = len(data) if size is None else size
    return (
        b"RIFF\xff\xff\xff\xffWAVE"
        + b"LIST\x05\0\0\0odd!!\0"
        + b"fmt \x10\0\0\0"
        + form
        + b"data"
        + struct.pack("<I", told)
        + data
    )


@pytest.mark.parametrize("step", [1, 3, 331, 10**6])
def test_raw_pcm(step: int) -> None:
    assert np.allclose(heard(to_pcm16(SOUND), step=step), SOUND, atol=1e-4)


@pytest.mark.parametrize("step", [1, 331, 10**6])
def test_a_wav_file_is_known_by_its_beginning(step: int) -> None:
    assert np.allclose(heard(wav_bytes(SOUND), "application/octet-stream", step), SOUND, atol=1e-4)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_file_that_is_still_being_made(size: int) -> None:
    assert np.allclose(heard(wav(1, 16, 1, SPEECH_RATE, to_pcm16(SOUND), size=size)), SOUND, atol=1e-4)


def test_what_follows_the_sound_is_none() -> None:
    data = wav(1, 16, 1, SPEECH_RATE, to_pcm16(SOUND)) + b"LIST\x10\0\0\0" + b"not sound at all"
    assert heard(data).size == SOUND.size


@pytest.mark.parametrize("rate", ["0000", "0001", "3999", "192001", "999999"])
def test_a_rate_that_no_sound_has(rate: str) -> None:
    with pytest.raises(PcmError, match="samples a second"):
        Pcm(f"audio/pcm; rate={rate}")


def test_two_channels_of_floats_at_another_rate() -> None:
    both = np.repeat(SOUND, 2).astype("<f4").tobytes()
    sound = heard(wav(3, 32, 2, 48_000, both))
    assert sound.size == SOUND.size // 2
    assert np.allclose(sound[200:-200], SOUND[::2][200:-200], atol=0.02)


def test_the_rate_of_raw_pcm_may_be_told() -> None:
    assert heard(to_pcm16(SOUND), "audio/pcm;rate=16000").size == pytest.approx(SOUND.size * 1.5, abs=2)


@pytest.mark.parametrize(
    ("data", "kind", "what"),
    [
        (b"{}", "application/json; charset=utf-8", "application/json"),
        (b"ID3", "audio/mpeg", "audio/mpeg"),
        (wav(6, 8, 1, 8000, b"alaw"), "audio/wav", "kind 6 with 8 bits"),
        (wav(1, 16, 99, 8000, b""), "audio/wav", "kind 1"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav", "breaks off"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "audio/wav", "without a format"),
    ],
)
def test_what_is_no_sound_is_named(data: bytes, kind: str, what: str) -> None:
    with pytest.raises(PcmError, match=what):
        heard(data, kind)


def test_values_that_are_no_numbers_are_silence() -> None:
    sound = heard(wav(3, 32, 1, SPEECH_RATE, np.array([np.nan, np.inf, -5.0, 0.25], dtype="<f4").tobytes()))
    assert np.array_equal(sound, np.array([0.0, 1.0, -1.0, 0.25], dtype=np.float32))


@given(
    st.binary(max_size=300), st.integers(1, 64), st.sampled_from(["", "audio/pcm", "audio/wav", "audio/pcm;rate=8000"])
)
def test_whatever_comes_is_sound_or_refused(data: bytes, step: int, kind: str) -> None:
    for beginning in (b"", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0"):
        try:
            sound = heard(beginning + data, kind, step)
        except PcmError:
            continue
        assert sound.dtype == np.float32
        assert sound.size == 0 or np.abs(sound).max() <= 1.5
