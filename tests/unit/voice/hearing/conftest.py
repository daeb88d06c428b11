"""Tiny models with the signatures of the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def _save(graph: onnx.GraphProto, path: Path) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def tiny_vad(tmp_path: Path) -> Path:
    """Silero's signature. A window's output is the mean loudness of all windows so far, its own context included."""
    axis = numpy_helper.from_array(np.array(0, dtype=np.int64), "axis")
    flat = numpy_helper.from_array(np.array([-1], dtype=np.int64), "flat")
    nodes = [
        helper.make_node("Abs", ["input"], ["loud"]),
        helper.make_node("ReduceMean", ["loud"], ["rows"], axes=[1], keepdims=0),
        helper.make_node("CumSum", ["rows", "axis"], ["sums"]),
        helper.make_node("ReduceMax", ["h"], ["before"], keepdims=0),
        helper.make_node("Add", ["sums", "before"], ["raw"]),
        helper.make_node("Reshape", ["raw", "flat"], ["speech_probs"]),
        helper.make_node("ReduceSum", ["rows"], ["added"], keepdims=0),
        helper.make_node("Add", ["h", "added"], ["hn"]),
        helper.make_node("Identity", ["c"], ["cn"]),
    ]
    state = [1, 1, 128]
    graph = helper.make_graph(
        nodes,
        "vad",
        [
            helper.make_tensor_value_info("input", FLOAT, ["windows", 576]),
            helper.make_tensor_value_info("h", FLOAT, state),
            helper.make_tensor_value_info("c", FLOAT, state),
        ],
        [
            helper.make_tensor_value_info("speech_probs", FLOAT, ["windows"]),
            helper.make_tensor_value_info("hn", FLOAT, state),
            helper.make_tensor_value_info("cn", FLOAT, state),
        ],
        [axis, flat],
    )
    return _save(graph, tmp_path / "vad.onnx")


@pytest.fixture
def tiny_turn(tmp_path: Path) -> Path:
    """Smart Turn's signature. The output is the mean of the last quarter second, so 1 and more where it is loud."""
    names = ("starts", "ends", "axes")
    values = ([775], [800], [2])
    constants = [
        numpy_helper.from_array(np.array(value, dtype=np.int64), name)
        for name, value in zip(names, values, strict=True)
    ]
    nodes = [
        helper.make_node("Slice", ["input_features", *names], ["end"]),
        helper.make_node("ReduceMean", ["end"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("ReduceMean", ["mean"], ["logits"], axes=[1], keepdims=1),
    ]
    graph = helper.make_graph(
        nodes,
        "turn",
        [helper.make_tensor_value_info("input_features", FLOAT, ["n", 80, 800])],
        [helper.make_tensor_value_info("logits", FLOAT, ["n", 1])],
        constants,
    )
    return _save(graph, tmp_path / "smart-turn-v3.2-cpu.onnx")
