"""Cutting the model, on a tiny one with the real one's joints."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from avatar.errors import EngineError, StorageError, WeightsError
from avatar.voice.speaking.graph import Parts, cut_model
from avatar.voice.speaking.weights import read_weights

_SPEC = importlib.util.spec_from_file_location("tiny_kokoro", Path(__file__).with_name("tiny_kokoro.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
tiny_kokoro = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(tiny_kokoro)

TOKENS = np.array([[0, 3, 1, 4, 0]])
ONE = np.ones(1, dtype=np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path: Path = tiny_kokoro.write_tiny_kokoro(tmp_path / "tiny.onnx")
    return path


@pytest.fixture
def parts(model: Path, tmp_path: Path) -> Parts:
    return cut_model(model, tmp_path / "cache")


def run(path: Path, **feed: Any) -> dict[str, Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_outputs()]
    return dict(zip(names, session.run(names, feed), strict=True))


def encode(parts: Parts, **changed: Any) -> dict[str, Any]:
    neutral = {
        "tokens": TOKENS,
        "style": np.zeros((1, 256), dtype=np.float32),
        "speed": ONE,
        "dur_scale": np.ones(TOKENS.shape, dtype=np.float32),
    }
    return run(parts.encoder, **(neutral | changed))


def test_the_encoder_gives_what_the_whole_model_goes_on_with(parts: Parts) -> None:
    made = encode(parts)
    assert made["units"].tolist() == TOKENS.tolist()
    assert np.array_equal(made["features"], np.broadcast_to(TOKENS, (1, 512, TOKENS.size)).astype(np.float32))
    assert np.array_equal(made["frames"], made["features"].transpose(2, 0, 1))


def test_the_decoders_and_the_predictors_weights_are_taken_out(parts: Parts) -> None:
    stored = read_weights(parts.decoder)
    assert np.array_equal(stored.convolution("decode.0.conv1")[0], tiny_kokoro.SMALL)
    assert np.array_equal(stored.convolution("decode.0.conv1")[1], np.ones(2))
    assert np.array_equal(stored.convolution("F0_proj")[0], tiny_kokoro.SMALL)
    assert np.array_equal(stored.convolution("F0_proj")[1], np.full(2, 3))
    assert stored.has("decode.0.conv1")
    assert not stored.has("conv_post")


def test_the_generators_weights_are_taken_out(parts: Parts) -> None:
    stored = read_weights(parts.generator)
    assert np.array_equal(stored.convolution("conv_post")[0], tiny_kokoro.PLAIN)
    weight, bias = stored.convolution("noise_convs.0")
    assert np.array_equal(weight, np.full((2, 4, 3), (7 - 5) * 0.5))
    assert np.array_equal(bias, np.ones(2))
    assert np.array_equal(stored.array("resblocks.0.adain1.0.fc.weight"), tiny_kokoro.TURNED.T)
    assert stored.array("resblocks.0.alpha1.0").shape == (1, 2, 1)
    assert stored.array("inverse_basis").shape == (22, 1, 20)
    assert np.array_equal(stored.array("m_source.harmonics"), tiny_kokoro.MIXING)


def test_durations_can_be_scaled_for_each_token(parts: Parts) -> None:
    scale = np.array([[1, 2, 1, 0.5, 1]], dtype=np.float32)
    assert encode(parts, dur_scale=scale)["units"].tolist() == [[0, 6, 1, 2, 0]]


def test_the_second_cut_is_found(model: Path, parts: Parts, tmp_path: Path) -> None:
    before = parts.generator.stat().st_mtime_ns
    assert cut_model(model, tmp_path / "cache") == parts
    assert parts.generator.stat().st_mtime_ns == before
    assert {path.name for path in parts.encoder.parent.iterdir()} == {
        "encoder.onnx",
        "decoder.npz",
        "generator.npz",
    }


def test_another_model_has_another_place(model: Path, parts: Parts, tmp_path: Path) -> None:
    other = onnx.load(str(model))
    other.producer_name = "another"
    path = tmp_path / "other.onnx"
    path.write_bytes(other.SerializeToString())
    assert cut_model(path, tmp_path / "cache").encoder.parent != parts.encoder.parent


def test_two_may_cut_at_once(model: Path, tmp_path: Path) -> None:
    made: list[Parts] = []
    threads = [threading.Thread(target=lambda: made.append(cut_model(model, tmp_path / "both"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert len(set(made)) == 1
    assert sorted(path.suffix for path in made[0].encoder.parent.iterdir()) == [".npz", ".npz", ".onnx"]


def test_another_network_is_refused(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "other",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    path = tmp_path / "other.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(EngineError, match=r"other\.onnx"):
        cut_model(path, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("content", [b"", b"not a model at all"])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=r"broken\.onnx"):
        cut_model(path, tmp_path / "cache")


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="models pull"):
        cut_model(tmp_path / "absent.onnx", tmp_path / "cache")


def test_a_cache_that_cannot_be_written(model: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(StorageError):
        cut_model(model, tmp_path / "cache")
