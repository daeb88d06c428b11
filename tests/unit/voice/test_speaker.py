"""The speaker encoder's features, looks and errors; the network itself has random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from avatar.errors import AudioError, WeightsError
from avatar.media import HEARING_RATE, SPEECH_RATE, Samples
from avatar.voice.speaker import (
    FRAME,
    MELS,
    PARTIAL,
    STEP,
    SpeakerEncoder,
    SpeakerNetwork,
    likeness,
    look_starts,
    mean_embedding,
    mel_bank,
)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> SpeakerEncoder:
    folder = tmp_path_factory.mktemp("speaker-encoder")
    with torch.random.fork_rng():
        torch.manual_seed(1)
        state = dict(SpeakerNetwork().state_dict())
    torch.save({"model_state": {**state, "similarity_weight": torch.ones(1)}}, folder / "pretrained.pt")
    return SpeakerEncoder(folder)


def noise(seconds: float, rate: int = HEARING_RATE) -> Samples:
    return (0.1 * np.random.default_rng(3).standard_normal(round(seconds * rate))).astype(np.float32)


def test_the_mel_bank_covers_the_spectrum_with_unit_areas() -> None:
    bank = mel_bank()
    assert bank.shape == (MELS, FRAME // 2 + 1)
    assert bank.min() == 0.0
    assert (bank[:, 4:-4].max(axis=0) > 0).all()
    centres = bank.argmax(axis=1)
    assert (np.diff(centres.astype(int)) >= 0).all()
    areas = bank[10:].sum(axis=1) * (HEARING_RATE / FRAME)
    assert np.abs(areas - 1.0).max() < 0.15


def test_a_tone_lights_its_band() -> None:
    tone = np.sin(2 * np.pi * 2000 * np.arange(HEARING_RATE) / HEARING_RATE).astype(np.float32)
    mels = SpeakerNetwork().mels(torch.from_numpy(tone)[None])
    assert mels.shape == (1, 1 + HEARING_RATE // 160, MELS)
    brightest = int(mels[0, 50].argmax())
    assert abs(int(mel_bank()[brightest].argmax()) * HEARING_RATE / FRAME - 2000) < 150


@pytest.mark.parametrize(
    ("frames", "starts"),
    [
        (10, [0]),
        (PARTIAL, [0]),
        (PARTIAL + 1, [0]),
        (PARTIAL + 60, [0, STEP]),
        (3 * STEP + 130, [0, STEP, 2 * STEP, 3 * STEP]),
    ],
)
def test_looks_cover_what_there_is(frames: int, starts: list[int]) -> None:
    assert look_starts(frames) == starts


def test_an_embedding_has_unit_length_and_heeds_neither_level_nor_rate(encoder: SpeakerEncoder) -> None:
    sound = noise(3.0)
    one = encoder.embed(sound, HEARING_RATE)
    assert one.shape == (256,)
    assert one.dtype == np.float32
    assert np.linalg.norm(one) == pytest.approx(1.0, abs=1e-5)
    assert likeness(one, encoder.embed(sound * 0.05, HEARING_RATE)) > 0.9999
    assert encoder.embed(noise(3.0, SPEECH_RATE), SPEECH_RATE).shape == (256,)
    assert encoder.looks(sound, HEARING_RATE).shape == (3, 256)


def test_a_gradient_reaches_the_sound(encoder: SpeakerEncoder) -> None:
    sound = torch.from_numpy(noise(1.7))[None].requires_grad_()
    encoder.network(encoder.network.mels(sound)[:, :PARTIAL])[0, :8].sum().backward()
    assert sound.grad is not None
    assert float(sound.grad.abs().max()) > 0


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, dtype=np.float32),
        np.zeros(HEARING_RATE, dtype=np.float32),
        np.full(HEARING_RATE, np.nan, dtype=np.float32),
        np.ones(1000, dtype=np.float32),
    ],
)
def test_what_is_no_voice_is_refused(encoder: SpeakerEncoder, sound: Samples) -> None:
    with pytest.raises(AudioError) as caught:
        encoder.embed(sound, HEARING_RATE)
    assert caught.value.code == "voice_untellable"


def test_the_mean_of_embeddings_has_unit_length() -> None:
    rows = np.abs(np.random.default_rng(1).standard_normal((5, 256))).astype(np.float32)
    assert np.linalg.norm(mean_embedding(rows)) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("content", [None, b"", b"not a checkpoint"])
def test_missing_or_damaged_weights(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "pretrained.pt").write_bytes(content)
    with pytest.raises(WeightsError, match="models pull speaker-encoder"):
        SpeakerEncoder(tmp_path)
