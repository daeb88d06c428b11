"""Sound in and out of files, and the rates it travels at."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from avatar.errors import AudioError
from avatar.media import (
    FPS,
    HEARING_RATE,
    SAMPLES_PER_FRAME,
    SPEECH_RATE,
    Samples,
    from_pcm16,
    read_audio,
    resample,
    to_pcm16,
    wav_bytes,
)


def tone(seconds: float, rate: int, pitch: float = 440.0) -> Samples:
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def encoded(container: str, codec: str, samples: Samples, rate: int, layout: str = "mono") -> bytes:
    """A recording in a format that people have."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        stream: Any = file.add_stream(codec, rate=rate)
        stream.layout = layout
        channels = len(stream.layout.channels)
        frame = av.AudioFrame.from_ndarray(np.tile(samples, (channels, 1)), format="fltp", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return buffer.getvalue()


def pitch_of(samples: Samples, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * rate / samples.size)


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [("mp3", "libmp3lame", 44_100), ("flac", "flac", 16_000), ("ogg", "libopus", 48_000), ("mp4", "aac", 44_100)],
)
def test_common_formats_are_read(container: str, codec: str, rate: int) -> None:
    samples = read_audio(encoded(container, codec, tone(1.0, rate), rate), HEARING_RATE)
    assert samples.dtype == np.float32
    assert abs(samples.size - HEARING_RATE) < HEARING_RATE // 10
    assert abs(pitch_of(samples, HEARING_RATE) - 440) < 5


def test_stereo_becomes_mono() -> None:
    samples = read_audio(encoded("flac", "flac", tone(0.5, 24_000), 24_000, "stereo"), SPEECH_RATE)
    assert samples.ndim == 1
    assert abs(samples.size - SPEECH_RATE // 2) <= 64


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(tone(0.25, SPEECH_RATE)))
    assert read_audio(tmp_path / "a.wav", SPEECH_RATE).size == SPEECH_RATE // 4


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"not a recording" * 50, b"\x00" * 4096, "声音".encode() * 500], ids=range(5)
)
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(AudioError) as error:
        read_audio(data, HEARING_RATE)
    assert error.value.exit_code == 2
    assert error.value.zh


def test_a_picture_is_no_recording() -> None:
    import cv2

    png = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    with pytest.raises(AudioError):
        read_audio(png, HEARING_RATE)


def test_a_recording_without_samples_is_refused() -> None:
    with pytest.raises(AudioError) as error:
        read_audio(wav_bytes(np.zeros(0, dtype=np.float32)), HEARING_RATE)
    assert error.value.code in ("audio_empty", "invalid_audio")


def test_the_length_is_counted_and_not_believed() -> None:
    with pytest.raises(AudioError) as error:
        read_audio(wav_bytes(tone(3.0, SPEECH_RATE)), HEARING_RATE, max_seconds=2.0)
    assert error.value.code == "audio_too_long"


def test_a_damaged_recording_is_refused_or_read_in_part() -> None:
    whole = encoded("flac", "flac", tone(2.0, 16_000), 16_000)
    try:
        samples = read_audio(whole[: len(whole) // 2], HEARING_RATE)
    except AudioError:
        return
    assert 0 < samples.size < 2 * HEARING_RATE


@given(arrays(np.int16, st.integers(0, 200)))
def test_pcm_comes_back_as_it_went(values: np.ndarray) -> None:
    samples = from_pcm16(values.astype("<i2").tobytes())
    again = np.frombuffer(to_pcm16(samples), "<i2").astype(int)
    assert np.all(np.abs(again - values.astype(int)) <= 1)


def test_loud_sound_is_clipped_and_not_wrapped() -> None:
    assert np.frombuffer(to_pcm16(np.array([2.0, -2.0], np.float32)), "<i2").tolist() == [32767, -32767]


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(AudioError, match="odd"):
        from_pcm16(b"\x00\x01\x02")


def test_resampling_keeps_pitch_and_length() -> None:
    samples = resample(tone(1.0, SPEECH_RATE), SPEECH_RATE, HEARING_RATE)
    assert samples.size == HEARING_RATE
    assert abs(pitch_of(samples, HEARING_RATE) - 440) < 2


def test_a_frame_lasts_a_whole_number_of_samples() -> None:
    assert SAMPLES_PER_FRAME * FPS == SPEECH_RATE
