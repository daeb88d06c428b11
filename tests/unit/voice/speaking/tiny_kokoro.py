"""A model with the tensors of Kokoro's export that the surgery cuts at, and next to nothing between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CHANNELS = 512
NORM = "/decoder/decoder/generator/resblocks.0/adain1.0"


def node(kind: str, inputs: list[str], output: str, name: str = "", **attributes: Any) -> Any:
    return helper.make_node(kind, inputs, [output], name=name or output, **attributes)


def constant(name: str, values: Any) -> Any:
    return numpy_helper.from_array(np.asarray(values), name)


def write_tiny_kokoro(path: Path) -> Path:
    """Durations are the tokens; F0 is 100 Hz times the token, twice; the sound is one normalised channel."""
    nodes = [
        node("Cast", ["tokens"], "floats", to=TensorProto.FLOAT),
        node("Div", ["floats", "speed"], "/encoder/Div_output_0"),
        node("Round", ["/encoder/Div_output_0"], "/encoder/Round_output_0"),
        node("Cast", ["/encoder/Round_output_0"], "/encoder/Cast_output_0", to=TensorProto.INT64),
        node("Unsqueeze", ["floats", "one"], "row"),
        node("Expand", ["row", "rows"], "/encoder/MatMul_1_output_0"),
        node("Concat", ["floats", "floats"], "twice", axis=1),
        node("Mul", ["twice", "hundred"], "/encoder/Squeeze_output_0"),
        node("Identity", ["twice"], "/encoder/Squeeze_1_output_0"),
        node("Unsqueeze", ["/encoder/Squeeze_output_0", "one"], "pitch"),
        node("Unsqueeze", ["/encoder/Squeeze_1_output_0", "one"], "loudness"),
        node("Concat", ["/encoder/MatMul_1_output_0", "/encoder/MatMul_1_output_0"], "frames", axis=2),
        node("Add", ["frames", "loudness"], "/decoder/decoder/decode.3/Div_4_output_0"),
        node("Expand", ["pitch", "harmonics"], "/decoder/decoder/generator/Concat_3_output_0"),
        *_norm("/decoder/decoder/decode.3/Div_4_output_0"),
        node("ReduceMean", ["/decoder/decoder/generator/Concat_3_output_0", "all_axes"], "level", keepdims=0),
        node("Gather", ["normal", "zero"], "channel", axis=1),
        node("Squeeze", ["channel", "batch"], "wave"),
        node("Sum", ["wave", "level", "tint"], "audio"),
        node("ReduceMean", ["style", "pair"], "tint", keepdims=0),
    ]
    nodes = [*nodes[:-2], nodes[-1], nodes[-2]]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "n"]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["samples"])],
        [
            constant("one", np.array([1])),
            constant("zero", np.array(0)),
            constant("batch", np.array([0])),
            constant("pair", np.array([0, 1])),
            constant("all_axes", np.array([0, 1, 2])),
            constant("time", np.array([2])),
            constant("rows", np.array([1, CHANNELS, 1])),
            constant("harmonics", np.array([1, 22, 1])),
            constant("hundred", np.float32(100)),
            constant("epsilon", np.float32(1e-5)),
            constant("decoder.decoder.generator.resblocks.0.adain1.0.fc.bias", np.zeros(2 * CHANNELS, np.float32)),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def _norm(tensor: str) -> list[Any]:
    """An instance normalisation, named as the export names it."""
    return [
        node("ReduceMean", [tensor, "time"], f"{NORM}/ReduceMean_output_0", f"{NORM}/ReduceMean"),
        node("Sub", [tensor, f"{NORM}/ReduceMean_output_0"], "centred"),
        node("Mul", ["centred", "centred"], "squares"),
        node("ReduceMean", ["squares", "time"], f"{NORM}/ReduceMean_2_output_0", f"{NORM}/ReduceMean_2"),
        node("Add", [f"{NORM}/ReduceMean_2_output_0", "epsilon"], "stable"),
        node("Sqrt", ["stable"], "spread"),
        node("Div", ["centred", "spread"], "normal"),
    ]
