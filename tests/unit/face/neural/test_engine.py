"""The portrait with a network's mouth: on time, from pieces as from the whole, and gone when the reply is over."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.engines import find_engine
from avatar.errors import EngineError, WeightsError
from avatar.face.neural.engine import FADE_FRAMES, NeuralLips
from avatar.face.neural.mel import BEHIND, SPAN, Floats, first_sample
from avatar.face.neural.network import LipNetwork
from avatar.face.rig import Rig
from avatar.face.warp import WarpAnimator
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, Pixels, Samples
from avatar.settings import FaceSettings, Settings
from avatar.stages import Animator
from tests.unit.face.drawn import drawn_rig
from tests.unit.face.neural.lipnet import write_network

AHEAD = SPAN - BEHIND - SAMPLES_PER_FRAME
"""Samples beyond its own end that a frame hears."""


SIZE = 256


@lru_cache
def rig() -> Rig:
    return drawn_rig(SIZE)


@pytest.fixture
def network(tmp_path: Path) -> LipNetwork:
    return LipNetwork(write_network(tmp_path / "lips.onnx"))


def speech(seconds: float) -> Samples:
    """A hum that comes and goes twice a second."""
    time = np.arange(round(seconds * SPEECH_RATE)) / SPEECH_RATE
    hum = np.sin(2 * np.pi * 220 * time) + 0.5 * np.sin(2 * np.pi * 1800 * time)
    return np.asarray(0.3 * hum * (np.sin(2 * np.pi * 2 * time) > 0), dtype=np.float32)


def drawn(face: Animator, count: int) -> NDArray[np.int16]:
    return np.stack([face.frame().image for _ in range(count)]).astype(np.int16)


def talking(network: LipNetwork, sound: Samples, *, seed: int = 4) -> NeuralLips:
    face = NeuralLips(rig(), network, seed)
    face.begin()
    face.speak(sound, (), 0)
    return face


def test_only_the_lower_face_is_the_network_s(network: LipNetwork) -> None:
    face = talking(network, speech(1.0))
    twin = WarpAnimator(rig(), 4)
    twin.begin()
    twin.speak(speech(1.0), (), 0)
    change = np.abs(drawn(face, 20) - drawn(twin, 20)).max(axis=(0, 3))
    upper = int(rig().landmarks[[159, 386], 1].max())
    assert change[:upper].max() <= 2
    assert change[upper:].max() > 25


def test_the_mouth_is_the_sound_s_and_at_its_time(network: LipNetwork) -> None:
    """A sound that begins after half a second is seen when it begins to be heard, and not before."""
    quiet = np.zeros(SPEECH_RATE // 2, dtype=np.float32)
    face = talking(network, np.concatenate([quiet, 0.4 * np.sign(speech(0.5) + 1e-6)]))
    still = talking(network, np.zeros(SPEECH_RATE, dtype=np.float32))
    moved = np.abs(drawn(face, 20) - drawn(still, 20)).reshape(20, -1).max(axis=1)
    first = next(frame for frame in range(20) if first_sample(frame) + SPAN > SPEECH_RATE // 2)
    assert moved[:first].max() <= 2
    assert moved[first : first + 4].max() > 10


def test_told_in_pieces_it_is_the_same(network: LipNetwork) -> None:
    sound = speech(1.2)
    whole = drawn(talking(network, sound), 24)
    face = NeuralLips(rig(), network, 4)
    face.begin()
    told, frames = 0, []
    for frame in range(24):
        while told < min(sound.size, (frame + 1) * SAMPLES_PER_FRAME + AHEAD):
            face.speak(sound[told : told + 700], (), 0)
            told += 700
        frames.append(face.frame().image)
    assert np.abs(np.stack(frames).astype(np.int16) - whole).max() <= 1


def test_it_goes_on_in_the_middle(network: LipNetwork) -> None:
    sound = speech(1.2)
    face, later = talking(network, sound), NeuralLips(rig(), network, 4)
    for _ in range(10):
        face.skip()
        later.skip()
    later.begin(10 * SAMPLES_PER_FRAME)
    later.speak(sound[10 * SAMPLES_PER_FRAME :], (), 0)
    assert np.abs(drawn(face, 10)[FADE_FRAMES:] - drawn(later, 10)[FADE_FRAMES:]).mean() < 2


def test_a_reply_that_is_broken_off_fades_and_the_network_rests(network: LipNetwork) -> None:
    calls: list[Floats] = []

    class Counting(LipNetwork):
        def __init__(self) -> None:
            self.device = "cpu"

        def __call__(self, mel: Floats, face: Pixels) -> Pixels:
            calls.append(mel)
            return network(mel, face)

    face = NeuralLips(rig(), Counting(), 4)
    drawn(face, 3)
    assert calls == []
    face.begin()
    face.speak(speech(3.0), (), 0)
    drawn(face, 10)
    assert len(calls) == 10
    face.stop()
    face.speak(speech(1.0), (), 0)
    drawn(face, 10)
    assert len(calls) == 10 + FADE_FRAMES - 1
    assert (calls[-1] == -4.0).all()
    face.skip()
    assert len(calls) == 10 + FADE_FRAMES - 1


def test_at_rest_it_is_the_portrait(network: LipNetwork) -> None:
    face, twin = NeuralLips(rig(), network, 9), WarpAnimator(rig(), 9)
    assert np.array_equal(drawn(face, 10), drawn(twin, 10))


def test_with_nothing_behind_it_the_person_has_the_portrait_s_outline(network: LipNetwork) -> None:
    face, twin = NeuralLips(rig(), network, 2, clear=True), WarpAnimator(rig(), 2, clear=True)
    for each in (face, twin):
        each.begin()
        each.speak(speech(0.5), (), 0)
    shown, portrait = face.frame().alpha, twin.frame().alpha
    assert shown is not None
    assert portrait is not None
    half = SIZE // 2  # a jaw that drops changes the outline below
    assert np.array_equal(shown[:half], portrait[:half])
    assert (shown.min(), shown.max()) == (0, 255)


def test_a_network_that_fails_is_told(network: LipNetwork) -> None:
    face = talking(network, speech(0.5))
    network._mel = "no such input"
    with pytest.raises(EngineError, match="lip network"):
        face.frame()


def test_the_engine_is_chosen_by_name_and_says_what_it_lacks(tmp_path: Path) -> None:
    build = find_engine("animator", "wav2lip")
    with pytest.raises(WeightsError, match=r"face\.lips") as raised:
        build(Settings(face=FaceSettings(animator="wav2lip")))
    assert "face.lips" in raised.value.zh
    (tmp_path / "lips.onnx").write_bytes(b"broken")
    with pytest.raises(WeightsError, match=r"lips\.onnx"):
        build(Settings(face=FaceSettings(animator="wav2lip", lips=str(tmp_path / "lips.onnx"), device="cpu")))
