"""What the network for visemes is taught with, and that what is written is what was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from avatar.errors import Language
from avatar.face.audio_visemes import AHEAD, BANDS, BEHIND, CLOSE, FEATURES, LOOKS, MEMORY, OPEN, features
from avatar.face.motion import LEAD
from avatar.face.params import MOUTH
from avatar.face.visemes import VISEMES
from avatar.media import SAMPLES_PER_FRAME, PhoneSpan, Samples
from scripts.viseme.examples import example, seen, targets
from scripts.viseme.network import Network, export
from scripts.viseme.speech import Take, read_take, write_take
from scripts.viseme.texts import line, shared_out

SPANS = (
    PhoneSpan("a", 0, 6000),
    PhoneSpan("m", 6000, 9000),
    PhoneSpan("i", 9000, 15000),
    PhoneSpan("sil", 15000, 24000),
)


def noise(seed: int, length: int = 24_000) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal(length)).astype(np.float32)


def test_training_sees_what_the_face_will_see() -> None:
    sound = noise(1)
    looks = seen(sound)
    assert looks.shape == (4 * 25 + LOOKS - 4, BANDS)
    for frame in (5, 12):
        moment = frame * SAMPLES_PER_FRAME + LEAD
        live = features(sound[moment - BEHIND : moment + AHEAD]).reshape(LOOKS, BANDS)
        np.testing.assert_allclose(looks[4 * frame : 4 * frame + LOOKS], live, atol=1e-5)


def test_targets_close_for_m_and_open_for_a() -> None:
    shapes = targets(SPANS, 24_000)
    assert shapes.shape == (25, len(MOUTH))
    assert shapes[7, CLOSE] == 1.0
    assert shapes[3, OPEN] > 0.4 > shapes[12, OPEN] > shapes[24, OPEN]


@pytest.mark.parametrize("spoiled", [False, True])
def test_an_example_names_the_viseme_of_each_of_its_frames(spoiled: bool) -> None:
    one = example(Take(noise(2), SPANS, "x"), np.random.default_rng(3), spoiled=spoiled)
    assert len(one.looks) == 4 * len(one.shapes) + LOOKS - 4
    assert len(one.sounds) == len(one.shapes)
    names = [list(VISEMES)[place] for place in one.sounds]
    assert list(dict.fromkeys(names)) == ["sil", "AA", "MM", "IH"] or names[0] == "AA"
    assert names[int(one.shapes[:, CLOSE].argmax())] == "MM"


def test_the_written_network_is_the_trained_one(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Network().eval()
    export(network, tmp_path / "net.onnx")
    looks = seen(noise(4))
    with torch.no_grad():
        shapes, _ = network(torch.from_numpy(looks)[None])
    shapes[..., CLOSE] = torch.sigmoid(shapes[..., CLOSE])
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    memory = np.zeros((1, 1, MEMORY), dtype=np.float32)
    for frame in range(12):
        sound = looks[4 * frame : 4 * frame + LOOKS].reshape(1, 1, FEATURES)
        told, memory = session.run(None, {"sound": sound, "memory": memory})
        np.testing.assert_allclose(told[0, 0], shapes[0, frame].numpy(), atol=5e-3)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_held_out_sentences_are_never_said_for_training(language: Language) -> None:
    rng = np.random.default_rng(5)
    said = {line(language, rng) for _ in range(300)}
    assert len(said) > 200
    assert said.isdisjoint(shared_out(language, held_out=True))


def test_a_take_is_kept_as_it_was(tmp_path: Path) -> None:
    write_take(Take(noise(6), SPANS, "x+y"), tmp_path / "000001.npz")
    kept = read_take(tmp_path / "000001.npz")
    assert kept.phones == SPANS
    assert kept.voice == "x+y"
    np.testing.assert_allclose(kept.sound, noise(6), atol=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["000001.npz"]
