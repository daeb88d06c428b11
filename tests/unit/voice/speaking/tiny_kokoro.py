"""A model with the tensors of Kokoro's export that the surgery cuts at, and next to nothing between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CHANNELS = 512
GENERATOR = "/decoder/decoder/generator/"


BIAS = "decoder.decoder.generator.conv_post.bias"
PLAIN = np.arange(2 * CHANNELS * 3, dtype=np.float32).reshape(2, CHANNELS, 3)
SMALL = np.arange(4, dtype=np.float32).reshape(2, 2, 1)
MIXING = np.arange(9, dtype=np.float32)[:, None]
TURNED = np.arange(3 * 256, dtype=np.float32).reshape(3, 256)


def node(kind: str, inputs: list[str], output: str, name: str = "", **attributes: Any) -> Any:
    return helper.make_node(kind, inputs, [output], name=name or output, **attributes)


def constant(name: str, values: Any) -> Any:
    return numpy_helper.from_array(np.asarray(values), name)


def write_tiny_kokoro(path: Path) -> Path:
    """Durations are the tokens; F0 is 100 Hz times the token, twice; of the generator a few layers are there."""
    nodes = [
        node("Cast", ["tokens"], "floats", to=TensorProto.FLOAT),
        node("Div", ["floats", "speed"], "/encoder/Div_output_0"),
        node("Round", ["/encoder/Div_output_0"], "/encoder/Round_output_0"),
        node("Cast", ["/encoder/Round_output_0"], "/encoder/Cast_output_0", to=TensorProto.INT64),
        node("Unsqueeze", ["floats", "one"], "row"),
        node("Expand", ["row", "rows"], "/encoder/MatMul_1_output_0"),
        node("Transpose", ["/encoder/MatMul_1_output_0"], "/encoder/shared/Reshape_output_0", perm=[2, 0, 1]),
        node("Concat", ["floats", "floats"], "twice", axis=1),
        node("Mul", ["twice", "hundred"], "/encoder/Squeeze_output_0"),
        node("Identity", ["twice"], "/encoder/Squeeze_1_output_0"),
        node("Unsqueeze", ["/encoder/Squeeze_output_0", "one"], "pitch"),
        node("Unsqueeze", ["/encoder/Squeeze_1_output_0", "one"], "loudness"),
        node("Concat", ["/encoder/MatMul_1_output_0", "/encoder/MatMul_1_output_0"], "frames", axis=2),
        node("Add", ["frames", "loudness"], "/decoder/decoder/decode.3/Div_4_output_0"),
        node("Expand", ["pitch", "harmonics"], "/decoder/decoder/generator/Concat_3_output_0"),
        node(
            "Conv", ["/decoder/decoder/decode.3/Div_4_output_0", "plain", BIAS], "audio", f"{GENERATOR}conv_post/Conv"
        ),
        node("MatMul", ["harmonics_made", "mixing"], "hum", f"{GENERATOR}m_source/l_linear/MatMul"),
        node("Conv", ["audio", "plain_small"], "bent", "/decoder/decoder/decode.0/conv1/Conv"),
        node("Conv", ["audio", "plain_small"], "curve", "/encoder/F0_proj/Conv"),
        node("Gemm", ["style", "turned", "fc_bias"], "scales", f"{GENERATOR}resblocks.0/adain1.0/fc/Gemm", transB=1),
        node(
            "ConvInteger",
            ["bytes", "bytes_quantized", "zero", "bytes_zero"],
            "whole",
            f"{GENERATOR}noise_convs.0/Conv_quant",
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "n"]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, [1, 2, "samples"])],
        [
            constant("one", np.array([1])),
            constant("zero", np.uint8(0)),
            constant("plain", PLAIN),
            constant("plain_small", SMALL),
            constant("mixing", MIXING),
            constant("harmonics_made", np.zeros((1, 1, 9), np.float32)),
            constant("decoder.decoder.decode.0.conv1.bias", np.ones(2, np.float32)),
            constant("encoder.predictor.F0_proj.bias", np.full(2, 3, np.float32)),
            constant(BIAS, np.zeros(2, np.float32)),
            constant("turned", TURNED),
            constant("fc_bias", np.zeros(3, np.float32)),
            constant("bytes", np.zeros((1, 4, 9), np.uint8)),
            constant("bytes_quantized", np.full((2, 4, 3), 7, np.uint8)),
            constant("bytes_zero", np.uint8(5)),
            constant("bytes_scale", np.float32(0.5)),
            constant("rows", np.array([1, CHANNELS, 1])),
            constant("harmonics", np.array([1, 22, 1])),
            constant("hundred", np.float32(100)),
            constant("decoder.decoder.generator.noise_convs.0.bias", np.ones(2, np.float32)),
            constant("decoder.decoder.generator.resblocks.0.alpha1.0", np.ones((1, 2, 1), np.float32)),
            constant("decoder.decoder.generator.stft.istft.stft.inverse_basis", np.ones((22, 1, 20), np.float32)),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
