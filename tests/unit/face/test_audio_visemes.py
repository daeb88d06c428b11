"""The network that reads visemes from sound: what goes in, what comes out, and what it must never do."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from avatar.face.audio_visemes import AHEAD, BEHIND, FEATURES, LOOKS, SPAN, AudioVisemes, features
from avatar.face.motion import Motion
from avatar.face.params import MOUTH
from avatar.media import SPEECH_RATE, Samples


def noise(seed: int, loudness: float, length: int = SPAN) -> Samples:
    return (loudness * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)


def test_a_frame_sees_275_ms_of_which_155_lie_ahead() -> None:
    assert pytest.approx(0.275, abs=1e-4) == SPAN / SPEECH_RATE
    assert pytest.approx(0.155, abs=1e-4) == AHEAD / SPEECH_RATE
    assert BEHIND + AHEAD == SPAN
    assert features(np.zeros(SPAN, np.float32)).shape == (FEATURES,)


def test_features_tell_low_from_high() -> None:
    time = np.arange(SPAN) / SPEECH_RATE
    low, high = (
        features((0.2 * np.sin(2 * np.pi * hz * time)).astype(np.float32)).reshape(LOOKS, -1) for hz in (200, 5000)
    )
    assert low.mean(axis=0).argmax() < 6
    assert high.mean(axis=0).argmax() > 24


def test_silence_is_rest_even_after_speech() -> None:
    follower = AudioVisemes()
    for seed in range(20):
        follower.step(noise(seed, 0.1))
    assert (follower.step(np.zeros(SPAN, np.float32)) == 0).all()


@pytest.mark.parametrize("loudness", [1e-4, 0.01, 0.3, 30.0])
def test_any_sound_gives_weights_in_range(loudness: float) -> None:
    follower = AudioVisemes()
    shapes = np.stack([follower.step(noise(seed, loudness)) for seed in range(50)])
    assert shapes.shape == (50, len(MOUTH))
    assert np.isfinite(shapes).all()
    assert np.abs(shapes).max() <= 1.0
    signed = [MOUTH.index("wide"), MOUTH.index("smile")]
    assert np.delete(shapes, signed, axis=1).min() >= 0.0


def test_two_followers_share_the_network_but_no_memory() -> None:
    one, other = AudioVisemes(), AudioVisemes()
    for seed in range(10):
        one.step(noise(seed, 0.1))
    fresh = AudioVisemes().step(noise(99, 0.1))
    assert (other.step(noise(99, 0.1)) == fresh).all()
    assert (one.step(noise(99, 0.1)) != fresh).any()


def test_what_comes_later_than_it_may_hear_changes_nothing() -> None:
    sound = noise(1, 0.1, SPEECH_RATE)
    other = sound.copy()
    other[SPEECH_RATE // 2 :] = noise(2, 0.1, SPEECH_RATE - SPEECH_RATE // 2)
    tracks = []
    for samples in (sound, other):
        motion = Motion(0, liveliness=0.0)
        motion.begin()
        motion.hear(samples, [], 0)
        tracks.append(np.stack([motion.step().vector() for _ in range(20)]))
    same = (tracks[0] == tracks[1]).all(axis=1)
    assert same[:9].all()
    assert not same[13:].all()


def test_the_network_is_small() -> None:
    assert len(files("avatar.face").joinpath("audio_visemes.onnx").read_bytes()) < 400_000
