"""Alignment, the library of styles, the files of deltas, and the choice of what is kept."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from avatar.errors import WeightsError
from avatar.voice.checking.comparing import distance, units
from avatar.voice.deltas import packed, read_deltas, unpacked
from avatar.voice.fitting.alignment import token_units, warped
from avatar.voice.fitting.instant import pitch_factor
from avatar.voice.fitting.library import REACH, Library, Space

RATE = 24_000


def tones(seconds: list[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """One hum after the other, each with its own colour."""
    parts = []
    for place, length in enumerate(seconds):
        time = np.arange(int(length * RATE)) / RATE
        parts.append(sum(np.sin(2 * np.pi * 110 * k * time) / (1 + abs(k - 3 * place - 2)) for k in range(1, 30)))
    return np.asarray(0.02 * np.concatenate(parts), dtype=np.float32)


def test_tokens_are_found_where_they_sound() -> None:
    spoken, recorded = tones([0.2, 0.3, 0.2, 0.3]), tones([0.4, 0.2, 0.4, 0.2])
    owners = np.repeat([0, 1, 3, 4], [8, 12, 8, 12])
    found = token_units(owners, 6, spoken, recorded)
    assert found is not None
    assert found.tolist()[2] == found.tolist()[5] == 0
    assert found.sum() == 48
    assert np.abs(found[[0, 1, 3, 4]] - [16, 8, 16, 8]).max() <= 2


def test_every_token_that_sounds_has_a_unit_and_too_short_is_told() -> None:
    spoken = tones([0.2, 0.3, 0.2, 0.3])
    owners = np.arange(40)
    found = token_units(owners, 40, spoken, tones([0.6, 0.5])[: 44 * 600])
    assert found is not None
    assert found.min() >= 1
    assert token_units(owners, 40, spoken, tones([0.5])) is None


def test_time_only_goes_forward() -> None:
    rng = np.random.default_rng(0)
    place = warped(rng.normal(size=(60, 5)).astype(np.float32), rng.normal(size=(90, 5)).astype(np.float32))
    assert (np.diff(place) >= 0).all()
    assert place[0] >= 0
    assert place[-1] <= 89


def library() -> Library:
    rng = np.random.default_rng(1)
    mix = rng.normal(size=(128, 256)).astype(np.float32)
    timbres = rng.normal(size=(40, 128)).astype(np.float32)
    sounds = np.abs(timbres @ mix)
    sounds /= np.linalg.norm(sounds, axis=1, keepdims=True)
    names = tuple("zf_a" if row < 10 else "am_b" if row < 20 else "" for row in range(40))
    male = np.array([10 <= row < 20 or (row % 2 == 1 and row >= 20) for row in range(40)])
    return Library(names, male, timbres, {"zh": sounds, "en": sounds})


def test_the_nearest_is_a_stock_voice_of_the_sex() -> None:
    known = library()
    assert known.nearest(known.embeddings["zh"][4], "female", "zh") == 4
    assert known.nearest(known.embeddings["en"][14], "male", "en") == 14
    assert 10 <= known.nearest(known.embeddings["en"][4], "male", "en") < 20
    assert known.stock("female", "zh").tolist() == list(range(10))
    assert known.stock("female", "en").size == 0


def test_regression_leans_towards_the_voice() -> None:
    known = library()
    row = 24
    guess, mean = (
        known.regressed(known.embeddings["en"][row], "female", "en"),
        known.timbres[known.of_sex("female")].mean(0),
    )
    assert (guess - mean) @ (known.timbres[row] - mean) > 0


def test_a_timbre_out_of_reach_is_drawn_back() -> None:
    space = Space(np.ones(128, dtype=np.float32), np.eye(128, dtype=np.float32))
    far = np.full(128, 50, dtype=np.float32)
    assert space.distance(space.within(far)) == pytest.approx(REACH, rel=1e-4)
    near = np.full(128, 1.1, dtype=np.float32)
    assert space.within(near) is near


def test_deltas_come_back_as_they_were(tmp_path: Path) -> None:
    deltas = {
        "encode.norm1.fc": np.arange(8, dtype=np.float32),
        "generator.resblocks.0.adain1.2.fc": np.ones(4, np.float32),
    }
    path = tmp_path / "deltas.npz"
    path.write_bytes(packed(deltas))
    found = read_deltas(path)
    assert found.keys() == deltas.keys()
    assert all(np.array_equal(found[layer], deltas[layer]) for layer in deltas)


@pytest.mark.parametrize(
    "deltas",
    [
        {"encode.conv1": np.ones(4, np.float32)},
        {"../x": np.ones(4, np.float32)},
        {"encode.norm1.fc": np.array([1, np.nan], dtype=np.float32)},
        {"encode.norm1.fc": np.ones((2, 2), np.float32)},
        {"encode.norm1.fc": np.ones(5000, np.float32)},
    ],
)
def test_what_is_no_delta_is_refused(
    tmp_path: Path, deltas: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]
) -> None:
    path = tmp_path / "deltas.npz"
    path.write_bytes(packed(deltas))
    with pytest.raises(WeightsError):
        read_deltas(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"x" * (2 << 20)])
def test_a_damaged_file_of_deltas_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "deltas.npz"
    path.write_bytes(content)
    with pytest.raises(WeightsError):
        read_deltas(path)


def test_pitch_stays_within_what_a_profile_allows() -> None:
    assert pitch_factor(150, 100) == pytest.approx(1.5)
    assert pitch_factor(0, 100) == 1.0
    assert pitch_factor(900, 100) <= 2.0


def test_words_are_counted_by_how_they_sound() -> None:
    assert units("他在那里。", "zh") == units("她在那里", "zh")
    assert units("It is 3 o'clock.", "en") != units("It is 4 o'clock.", "en")
    assert distance(["a", "b", "c"], ["a", "c"]) == 1


def test_deltas_that_swell_are_refused_before_they_do() -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **{"decode.0.norm1.fc": np.zeros(1 << 24, np.float32)})
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="no deltas"):
            unpacked(buffer.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 1 << 22
    finally:
        tracemalloc.stop()
