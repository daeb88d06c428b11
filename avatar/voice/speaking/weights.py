"""Weights taken out of Kokoro's ONNX export and kept in files of their own, as they were stored: most in 8 bits.

Names are those of the networks: `resblocks.0.convs1.2`, `noise_res.1.adain2.0.fc`, `ups.0`, `resblocks.3.alpha1.0` of
the generator, `decode.0.norm1.fc` of the decoder, `F0.1.conv2` and `N_proj` of the predictors.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto

Floats = NDArray[np.float32]

GENERATOR = "decoder.decoder.generator."
DECODER = "decoder.decoder."
"""How the initializers of a part begin; its nodes are called the same with other strokes."""

_ENCODER = "encoder."
_PREDICTORS = ("F0", "N")
_HARMONICS = "m_source/l_linear/MatMul"
"""The node that mixes the harmonics of the source."""

_LAYERS = {
    "ConvInteger": "/Conv_quant",
    "Conv": "/Conv",
    "ConvTranspose": "/ConvTranspose",
    "MatMulInteger": "/Gemm_MatMul_quant",
    "Gemm": "/Gemm",
}
"""The nodes that have weights, and how their names end after the layer's."""


class Weights:
    """What `read_weights` found."""

    def __init__(self, stored: dict[str, NDArray[Any]]) -> None:
        self._stored = stored

    def array(self, name: str) -> Floats:
        """A plain array. Raises: KeyError: there is none of this name."""
        return np.asarray(self._stored[name], dtype=np.float32)

    def has(self, layer: str) -> bool:
        """Whether there is a layer of this name."""
        return f"{layer}.weight" in self._stored

    def names(self) -> tuple[str, ...]:
        """Of all arrays: `LAYER.weight`, `LAYER.bias`, and those that belong to no layer."""
        return tuple(self._stored)

    def weight(self, name: str) -> Floats:
        """A layer's weight, restored."""
        return self._restored(name)

    def bias(self, name: str, size: int) -> Floats:
        """A layer's bias, float32 [size]; zero where it has none."""
        return self.array(f"{name}.bias") if f"{name}.bias" in self._stored else np.zeros(size, dtype=np.float32)

    def convolution(self, name: str) -> tuple[Floats, Floats]:
        """Weight, float32 [out, in, width] ([in, out, width] of a transposed one), and bias, float32 [out]."""
        return self._restored(name), self.array(f"{name}.bias")

    def linear(self, name: str) -> tuple[Floats, Floats]:
        """Matrix, float32 [in, out], and bias, float32 [out]."""
        return self._restored(name), self.array(f"{name}.bias")

    def _restored(self, name: str) -> Floats:
        weight = self.array(f"{name}.weight")
        if f"{name}.scale" not in self._stored:
            return weight
        return np.asarray((weight - self.array(f"{name}.zero")) * self.array(f"{name}.scale"), dtype=np.float32)


def read_weights(path: Path) -> Weights:
    """The weights of a file that holds what `collect` gave.

    Raises:
        OSError, ValueError: it is no such file.
    """
    with np.load(path, allow_pickle=False) as stored:
        return Weights({name: stored[name] for name in stored.files})


def collect(whole: ModelProto, part: str = GENERATOR) -> dict[str, NDArray[Any]]:
    """The weights of the generator in an export, or of the decoder with it, by their names.

    Args:
        part: GENERATOR or DECODER.

    Raises:
        KeyError: a layer's weight is not stored in the file.
    """
    from onnx import numpy_helper

    initializers = {item.name: item for item in whole.graph.initializer}

    def array(name: str) -> NDArray[Any]:
        return np.asarray(numpy_helper.to_array(initializers[name]))

    found: dict[str, NDArray[Any]] = {}
    nodes = "/" + part.replace(".", "/")
    for name in initializers:
        inner = name.removeprefix(part)
        if inner != name and (".alpha" in inner or inner.endswith(".bias")):
            found[inner] = array(name)
        elif name.endswith((".inverse_basis", ".window_sum")):
            found[name.rpartition(".")[2]] = array(name)
    for node in whole.graph.node:
        if node.name.startswith(nodes) and node.name.endswith(_HARMONICS):
            mixing = node.name.removeprefix(nodes).removesuffix("l_linear/MatMul").replace("/", ".")
            found[f"{mixing}harmonics"] = array(node.input[1])
        suffix = _LAYERS.get(node.op_type)
        if suffix is None or not (node.name.startswith(nodes) and node.name.endswith(suffix)):
            continue
        layer = node.name.removeprefix(nodes).removesuffix(suffix).replace("/", ".")
        if "istft" in layer:
            continue
        weight = array(node.input[1])
        turned = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
        found[f"{layer}.weight"] = weight.T if turned else weight
        if node.op_type.endswith("Integer"):
            found[f"{layer}.scale"] = array(node.input[1].replace("_quantized", "_scale"))
            found[f"{layer}.zero"] = array(node.input[3])
    return found


def collect_predictors(whole: ModelProto) -> dict[str, NDArray[Any]]:
    """The weights of the predictors of F0 and energy, which the export keeps with the encoder's."""
    found = {name.removeprefix("predictor."): array for name, array in collect(whole, _ENCODER).items()}
    return {name: array for name, array in found.items() if name.startswith(_PREDICTORS)}
