"""Recordings come in and go out sample for sample."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from avatar.errors import AudioError, InputError, StorageError
from avatar.voice.editing.recording import Recording, as_raw, as_waves, encoded, read, write
from tests.unit.voice.enrolment.sounds import file_of, syllables


def noise(kind: str, channels: int) -> NDArray[Any]:
    draw = np.random.default_rng(0)
    if kind.startswith("float"):
        return (0.1 * draw.standard_normal((9000, channels))).astype(kind)
    top = {"int16": 2**13, "int32": 2**29}[kind]
    return draw.integers(-top, top, (9000, channels)).astype(kind)


@pytest.mark.parametrize(
    ("kind", "subtype", "suffix", "channels", "rate"),
    [
        ("int16", "PCM_16", ".wav", 1, 8000),
        ("int16", "PCM_16", ".flac", 2, 44_100),
        ("int32", "PCM_24", ".flac", 2, 48_000),
        ("int32", "PCM_24", ".wav", 1, 24_000),
        ("int32", "PCM_32", ".wav", 1, 24_000),
        ("float32", "FLOAT", ".wav", 3, 22_050),
        ("float64", "DOUBLE", ".wav", 1, 16_000),
    ],
)
def test_a_recording_survives(tmp_path: Path, kind: str, subtype: str, suffix: str, channels: int, rate: int) -> None:
    raw = noise(kind, channels)
    if subtype == "PCM_24":
        raw &= ~np.int32(0xFF)
    soundfile.write(tmp_path / f"a{suffix}", raw, rate, subtype=subtype)
    before = read(tmp_path / f"a{suffix}")
    assert (before.raw.dtype, before.rate, before.raw.shape) == (raw.dtype, rate, raw.shape)
    write(before, tmp_path / f"b{suffix}", "said of itself")
    assert soundfile.info(str(tmp_path / f"b{suffix}")).subtype == subtype
    assert np.array_equal(read(tmp_path / f"b{suffix}").raw, raw)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]


def test_what_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence in eight channels is packed a thousandfold."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((48_000, 8), dtype=np.int16), 48_000, format="FLAC")
    assert len(buffer.getvalue()) < 4000
    monkeypatch.setattr("avatar.voice.editing.recording.MOST_VALUES", 8 * 48_000 - 1)
    with pytest.raises(AudioError) as caught:
        read(buffer.getvalue())
    assert caught.value.code == "edit_too_large"


@pytest.mark.parametrize("kind", ["int16", "int32", "float32", "float64"])
def test_waves_are_exact(kind: str) -> None:
    raw = noise(kind, 2)
    full = {"int16": 2.0**15, "int32": 2.0**31}.get(kind, 1.0)
    assert np.array_equal(as_waves(raw), (raw / full).astype(np.float32))


def test_eight_bits_become_sixteen() -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, noise("float32", 1), 16_000, format="WAV", subtype="PCM_U8")
    assert read(buffer.getvalue()).raw.dtype == np.int16


def test_lossy_recordings_are_floats() -> None:
    assert read(file_of(syllables(1.0), "mp3", "libmp3lame")).raw.dtype == np.float32


def test_samples_go_to_their_kind_and_back() -> None:
    for kind in ("int16", "int32", "float32"):
        raw = noise(kind, 2)
        near = as_waves(as_raw(as_waves(raw), raw)) - as_waves(raw)
        assert np.abs(near).max() <= 2**-15
    coarse = noise("int32", 1) & ~np.int32(0xFF)
    assert not (as_raw(as_waves(noise("int32", 1)), coarse) & 0xFF).any()
    loud = np.array([[2.0], [-2.0]], dtype=np.float32)
    assert as_raw(loud, noise("int16", 1)).tolist() == [[32767], [-32768]]


def test_too_few_samples_a_second() -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, noise("int16", 1), 6000, format="WAV")
    with pytest.raises(AudioError) as caught:
        read(buffer.getvalue())
    assert caught.value.code == "edit_rate_too_low"


def test_samples_that_are_no_numbers() -> None:
    raw = noise("float32", 1)
    raw[500] = np.nan
    with pytest.raises(AudioError) as caught:
        read(encoded(Recording(raw, 16_000)))
    assert caught.value.code == "audio_not_finite"


def test_what_would_not_stay_as_it_is_is_not_written(tmp_path: Path) -> None:
    for kind, name in (("int16", "a.mp3"), ("float32", "a.flac")):
        with pytest.raises(InputError) as caught:
            write(Recording(noise(kind, 1), 16_000), tmp_path / name)
        assert caught.value.code == "edit_lossy"
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        write(Recording(noise("int16", 1), 16_000), tmp_path / "file" / "a.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
