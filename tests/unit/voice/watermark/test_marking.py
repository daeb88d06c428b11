"""The watermark's arithmetic, on small generated networks of the true signature."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar.errors import WeightsError
from avatar.media import SPEECH_RATE, Samples
from avatar.voice.watermark import Marker, MarkNetwork, detect
from avatar.voice.watermark.network import BINS, HOP, LEVEL_SPAN_DB, WINDOW, levels_of, overlapped, spectrum

HIDDEN = 8


def state(shift_db: float = 0.0, judged: float = 0.0) -> dict[str, torch.Tensor]:
    """A checkpoint whose networks say the same of every frame."""
    tensors: dict[str, torch.Tensor] = {}
    for name, outputs in [("encoder.layers", BINS), *((f"decoder.{s}_layers", 2) for s in ("slow", "normal", "fast"))]:
        for index, taps in enumerate([1, 7, 7, 7, 7, 7, 1]):
            inputs, out = BINS if index == 0 else HIDDEN, outputs if index == 6 else HIDDEN
            tensors[f"{name}.{index}.conv.weight"] = torch.zeros(out, inputs, taps)
            tensors[f"{name}.{index}.conv.bias"] = torch.zeros(out)
        last = shift_db / LEVEL_SPAN_DB if name.startswith("encoder") else judged
        tensors[f"{name}.6.conv.bias"].fill_(last)
    return tensors


def tone(hertz: float, seconds: float = 1.0, size: float = 0.2) -> Samples:
    return (size * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SPEECH_RATE)) / SPEECH_RATE)).astype(np.float32)


def run(network: MarkNetwork, blocks: list[Samples]) -> Samples:
    marker = Marker(network)
    return np.concatenate([*(marker.push(block) for block in blocks), marker.flush()])


def test_what_lies_below_2_khz_is_changed_by_what_the_network_says() -> None:
    louder = MarkNetwork(state(shift_db=3.0))
    middle = slice(SPEECH_RATE // 4, -SPEECH_RATE // 4)
    low, high = tone(500), tone(5000)
    np.testing.assert_allclose(run(louder, [low])[middle], low[middle] * 10 ** (3 / 20), atol=1e-3)
    np.testing.assert_allclose(run(louder, [high])[middle], high[middle], atol=1e-4)


def test_a_silent_mark_leaves_the_speech_as_it_is() -> None:
    speech = tone(300)
    np.testing.assert_allclose(run(MarkNetwork(state()), [speech]), speech, atol=1e-6)


@settings(max_examples=30)
@given(sizes=st.lists(st.integers(0, 5000), max_size=8))
def test_blocks_of_any_length_give_as_many_samples_and_the_same_ones(sizes: list[int]) -> None:
    speech = tone(700, sum(sizes) / SPEECH_RATE)[: sum(sizes)]
    network = MarkNetwork(state(shift_db=2.0))
    blocks = np.split(speech, np.cumsum(sizes))
    got = run(network, blocks)
    assert got.size == speech.size
    np.testing.assert_allclose(got, run(network, [speech]), atol=1e-5)


def test_a_block_waits_for_no_more_than_a_window() -> None:
    assert Marker(MarkNetwork(state())).push(tone(300, 0.3)).size >= 0.3 * SPEECH_RATE - WINDOW - HOP


def test_a_spectrum_put_together_again_is_the_sound() -> None:
    speech = tone(900)
    again = overlapped(spectrum(speech))
    np.testing.assert_allclose(again[WINDOW:-WINDOW], speech[WINDOW : again.size - WINDOW], atol=1e-4)


def test_levels_are_those_of_perths_own_windows_at_32_khz() -> None:
    samples = np.sin(2 * np.pi * 1000 * np.arange(2048) / 32_000) * np.hanning(2049)[:-1]
    theirs = 20 * np.log10(np.abs(np.fft.rfft(samples))[64])
    ours = levels_of(spectrum(tone(1000, 1.0, 1.0)))[20, 64] * LEVEL_SPAN_DB - 180
    assert abs(ours - theirs) < 0.1


def test_sound_is_judged_and_silence_is_not() -> None:
    yes, no = MarkNetwork(state(judged=1.0)), MarkNetwork(state(judged=0.0))
    speech = tone(400, 6.0)
    assert detect(speech, yes).spans == ((0.0, 6.0),)
    assert detect(speech, yes).share == pytest.approx(1.0)
    assert not detect(speech, no).marked
    assert not detect(np.zeros(SPEECH_RATE * 6, dtype=np.float32), yes).marked
    assert not detect(speech[: SPEECH_RATE // 4], yes).marked
    assert detect(np.zeros(0, dtype=np.float32), yes).share == 0.0


def test_a_mark_in_a_part_is_found_there() -> None:
    yes = MarkNetwork(state(judged=1.0))
    speech = np.concatenate([np.zeros(SPEECH_RATE * 8, dtype=np.float32), tone(400, 4.0)])
    ((start, end),) = detect(speech, yes).spans
    assert (start, end) == (6.0, 12.0)


@pytest.mark.parametrize("damage", ["missing", "empty", "another", "shape", "code"])
def test_other_files_are_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "perth.pth.tar"
    tensors = state()
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "another":
        torch.save({"model": {"x": torch.zeros(1)}}, path)
    elif damage == "shape":
        tensors["decoder.slow_layers.3.conv.weight"] = torch.zeros(3, 3, 3)
        torch.save({"model": tensors}, path)
    elif damage == "code":
        path.write_bytes(pickle.dumps(Path, protocol=2))
    with pytest.raises(WeightsError, match="avatar models pull perth"):
        MarkNetwork.load(path)
