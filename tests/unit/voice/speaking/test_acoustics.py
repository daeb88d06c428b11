"""In which windows and parts a stretch of speech is made, also while its encoding grows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from avatar.media import Samples
from avatar.voice.speaking.acoustics import (
    CONTEXT,
    LEAST_PART,
    PARTS,
    WINDOWS,
    Acoustics,
    Encoded,
    Whole,
    parts,
    windows,
)
from avatar.voice.speaking.decoder import LENGTHS, REACH, Decoder
from avatar.voice.speaking.generator import Generator
from avatar.voice.speaking.graph import UNIT
from avatar.voice.speaking.source import HARMONICS, Source
from avatar.voice.speaking.weights import Weights
from tests.unit.voice.fitting.tiny_decoder import FEATURES, tiny_arrays
from tests.unit.voice.speaking.test_generator import tiny_weights


def encoded(units: int) -> Encoded:
    rng = np.random.default_rng(7)
    curve = np.linspace(0, 20, 2 * units)
    return Encoded(
        np.arange(units),
        rng.normal(0, 1, (1, FEATURES, units)).astype(np.float32),
        (150 + 40 * np.sin(curve)).astype(np.float32)[None],
        (5 + 3 * np.cos(curve)).astype(np.float32)[None],
        rng.normal(0, 1, (1, 256)).astype(np.float32),
    )


class Growing:
    """A stretch of which so many units are known at first, and then so many more each time."""

    def __init__(self, whole: Encoded, first: int, step: int) -> None:
        self._whole, self._known, self._step = whole, first, step

    @property
    def encoded(self) -> Encoded:
        known, whole = self._known, self._whole
        return replace(
            whole,
            owners=whole.owners[:known],
            features=whole.features[:, :, :known],
            f0=whole.f0[:, : 2 * known],
            energy=whole.energy[:, : 2 * known],
        )

    @property
    def complete(self) -> bool:
        return self._known >= self._whole.owners.size

    def reach(self, units: int) -> None:
        while not self.complete and self._known < units:
            self._known += self._step


@pytest.mark.parametrize("units", [1, 19, 20, 28, 29, 30, 100, 501])
@pytest.mark.parametrize("first", [1, 30, 600])
def test_windows_cover_the_stretch(units: int, first: int) -> None:
    course = Growing(encoded(units), first, 50)
    spans = []
    for start, end in windows(course):
        assert course.complete or 2 * course.encoded.owners.size >= end + CONTEXT
        spans.append((start, end))
    assert spans == list(windows(Whole(encoded(units))))
    assert spans[0][0] == 0
    assert spans[-1][1] == 2 * units
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert all(end - start <= WINDOWS[-1] + WINDOWS[0] for start, end in spans)


def test_windows_grow() -> None:
    sizes = [end - start for start, end in windows(Whole(encoded(500)))]
    assert tuple(sizes[: len(WINDOWS)]) == WINDOWS
    assert sizes[:-1] == sorted(sizes[:-1])
    assert list(windows(Whole(encoded(0)))) == []


@pytest.mark.parametrize("units", [1, PARTS[0], PARTS[0] + REACH, PARTS[0] + REACH + 1, 260, 1001])
@pytest.mark.parametrize("first", [20, 70, 2000])
def test_parts_cover_the_stretch(units: int, first: int) -> None:
    course = Growing(encoded(units), first, 90)
    spans = []
    for start, end in parts(course):
        known = course.encoded.owners.size
        assert course.complete or known >= end + REACH
        assert min(known, end + REACH) - max(0, start - REACH) <= LENGTHS[-1]
        spans.append((start, end))
    assert spans[0][0] == 0
    assert spans[-1][1] == units
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert all(end - start >= LEAST_PART for start, end in spans[:-1])


def test_what_is_short_is_one_part() -> None:
    assert list(parts(Whole(encoded(0)))) == []
    assert len(list(parts(Whole(encoded(PARTS[0] + REACH))))) == 1
    assert len(list(parts(Whole(encoded(PARTS[0] + REACH + 1))))) == 2


def test_the_first_part_takes_what_is_known() -> None:
    assert next(parts(Growing(encoded(400), 80, 320))) == (0, 80 - REACH)
    assert next(parts(Growing(encoded(400), 200, 320))) == (0, PARTS[0])


@pytest.fixture(scope="module")
def acoustics(tmp_path_factory: pytest.TempPathFactory) -> Acoustics:
    """With tiny networks, and without an encoder."""
    path = tmp_path_factory.mktemp("acoustics") / "generator.npz"
    np.savez(path, allow_pickle=False, **tiny_weights())
    made, cpu = Acoustics.__new__(Acoustics), torch.device("cpu")
    mix = np.linspace(1.0, 0.1, HARMONICS, dtype=np.float32)[:, None]
    hum = Weights({"m_source.harmonics": mix, "m_source.l_linear.bias": np.zeros(1, np.float32)})
    made.device = "cpu"
    made._generator = Generator(path, "cpu", 1, torch.float32)
    made._decoder = Decoder(Weights(tiny_arrays()), cpu, 1, torch.float32)
    made._source = Source(hum, cpu)
    made.no_stats = np.zeros((2, made._generator.channels, 1), dtype=np.float32)
    return made


def sound(acoustics: Acoustics, course: Growing | Whole, *, whole: bool = False) -> Samples:
    stats = np.stack([np.zeros(acoustics.stats_shape[1:]), np.ones(acoustics.stats_shape[1:])]).astype(np.float32)
    return np.concatenate(list(acoustics.stream(course, stats, whole=whole)))


def test_a_stretch_that_grows_sounds_as_one_that_is_known(acoustics: Acoustics) -> None:
    """Bit for bit, where its first part is as long."""
    known = encoded(300)
    expected = sound(acoustics, Whole(known))
    assert expected.size == 300 * UNIT
    assert np.array_equal(sound(acoustics, Growing(known, PARTS[0] + REACH, 30)), expected)
    assert np.array_equal(sound(acoustics, Growing(known, 200, 170)), expected)


def test_with_a_shorter_first_part_it_is_the_same_each_time_and_has_no_seam(acoustics: Acoustics) -> None:
    known = encoded(300)
    one, other = (sound(acoustics, Growing(known, 70, step)) for step in (250, 250))
    assert np.array_equal(one, other)
    assert one.size == 300 * UNIT
    steps = np.abs(np.diff(one))
    assert steps[60 * UNIT - 300 : 60 * UNIT + 300].max() <= 1.5 * np.quantile(steps, 0.999)


def test_in_one_piece_all_is_asked_for(acoustics: Acoustics) -> None:
    course = Growing(encoded(100), 20, 10)
    assert sound(acoustics, course, whole=True).size == 100 * UNIT
    assert course.complete
