"""A tiny network of Wav2Lip's signature: the louder the sound, the darker the lower half of the face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 96


def write_network(
    path: Path,
    *,
    heard: tuple[str | int | None, ...] = (1, 1, 80, 16),
    seen: tuple[str | int | None, ...] = (1, 6, 96, 96),
    depth: float = 0.05,
    tint: tuple[float, float, float] = (0.0, 0.0, 0.0),
    names: tuple[str, str] = ("source", "target"),
    side: int = SIDE,
) -> Path:
    """Write it.

    Args:
        depth: how much darker a mouth of the loudest sound is, for each unit of the mel's mean.
        tint: added to blue, green and red of all it draws.
        side: of what it answers.
    """
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    mouth = np.exp(-(((rows - 0.75) / 0.07) ** 2) - ((columns - 0.5) / 0.14) ** 2).astype(np.float32)
    constants = {
        "from": np.array([3], np.int64),
        "to": np.array([6], np.int64),
        "axis": np.array([1], np.int64),
        "all": np.array([1, 2, 3], np.int64),
        "mouth": -depth * mouth[None, None],
        "tint": np.array(tint, np.float32).reshape(1, 3, 1, 1),
        "rest": np.array(4.0, np.float32),
        "low": np.array(0.0, np.float32),
        "high": np.array(1.0, np.float32),
        "rows": np.array([0, 0], np.int64),
        "square": np.array([side, side], np.int64),
        "both": np.array([2, 3], np.int64),
    }
    nodes = [
        helper.make_node("Slice", [names[1], "from", "to", "axis"], ["whole"]),
        helper.make_node("ReduceMean", [names[0], "all"], ["mean"], keepdims=1),
        helper.make_node("Add", ["mean", "rest"], ["loud"]),
        helper.make_node("Mul", ["loud", "mouth"], ["change"]),
        helper.make_node("Add", ["whole", "change"], ["spoken"]),
        helper.make_node("Add", ["spoken", "tint"], ["tinted"]),
        helper.make_node("Clip", ["tinted", "low", "high"], ["clipped"]),
        helper.make_node("Slice", ["clipped", "rows", "square", "both"], ["face"]),
    ]
    graph = helper.make_graph(
        nodes,
        "lips",
        [
            helper.make_tensor_value_info(names[0], TensorProto.FLOAT, list(heard)),
            helper.make_tensor_value_info(names[1], TensorProto.FLOAT, list(seen)),
        ],
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(path))
    return path
