"""Loading a network of Wav2Lip's signature, and what is said of files that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.errors import EngineError, WeightsError
from avatar.face.neural.network import SIDE, LipNetwork
from tests.unit.face.neural.lipnet import write_network

SILENCE = np.full((80, 16), -4.0, dtype=np.float32)
SPEECH = np.full((80, 16), 1.0, dtype=np.float32)


def face() -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    rows = np.linspace(90, 200, SIDE)[:, None, None] * np.array([1.0, 0.8, 0.6])
    return np.broadcast_to(rows, (SIDE, SIDE, 3)).astype(np.uint8)


def test_silence_gives_the_face_back_and_speech_another_mouth(tmp_path: Path) -> None:
    network = LipNetwork(write_network(tmp_path / "lips.onnx"))
    assert np.abs(network(SILENCE, face()).astype(int) - face()).max() <= 1
    spoken = network(SPEECH, face()).astype(int)
    assert (face() - spoken)[60:84, 40:56].mean() > 20
    assert np.abs(spoken - face())[:40].max() <= 1
    assert network.device == "cpu"


def test_it_works_in_blue_green_red(tmp_path: Path) -> None:
    network = LipNetwork(write_network(tmp_path / "lips.onnx", tint=(0.2, 0.0, 0.0)))
    change = network(SILENCE, face()).astype(int) - face()
    assert change[..., 2].mean() > 30
    assert np.abs(change[..., :2]).max() <= 1


def test_inputs_are_told_apart_by_their_shape_and_a_folder_will_do(tmp_path: Path) -> None:
    write_network(tmp_path / "any.onnx", names=("b", "a"), heard=("batch", 1, 80, 16), seen=(None, 6, 96, 96))
    assert LipNetwork(tmp_path)(SPEECH, face()).shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x09" * 400])
def test_a_damaged_file_is_told_in_both_languages(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lips.onnx").write_bytes(content)
    with pytest.raises(WeightsError, match=r"lips\.onnx") as raised:
        LipNetwork(tmp_path / "lips.onnx")
    assert "重新下载" in raised.value.zh


def test_a_cut_off_file_is_told(tmp_path: Path) -> None:
    whole = write_network(tmp_path / "lips.onnx").read_bytes()
    (tmp_path / "lips.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError):
        LipNetwork(tmp_path / "lips.onnx")


@pytest.mark.parametrize("where", ["nothing.onnx", "."])
def test_a_missing_file_is_told_with_what_to_do(tmp_path: Path, where: str) -> None:
    with pytest.raises(WeightsError, match=r"face\.lips") as raised:
        LipNetwork(tmp_path / where)
    assert "face.lips" in raised.value.zh


@pytest.mark.parametrize("other", [{"heard": (1, 1, 80, 27)}, {"seen": (1, 7, 96, 96)}, {"side": 48}])
def test_a_network_of_another_kind_is_told(tmp_path: Path, other: dict[str, object]) -> None:
    path = write_network(tmp_path / "other.onnx", **other)  # type: ignore[arg-type]
    with pytest.raises(WeightsError, match="Wav2Lip's kind"):
        LipNetwork(path)


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "tpu"])
def test_a_device_that_is_not_there_is_told(tmp_path: Path, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineError, match=r"face\.device"):
        LipNetwork(write_network(tmp_path / "lips.onnx"), device)
