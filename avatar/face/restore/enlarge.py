"""Twice the pixels for a small photograph: a small network where its weights are there, else Lanczos.

The network is ESRGAN-slim of UpscalerJS (MIT), which comes as a Keras model in the layout of TensorFlow.js: a JSON
graph of five kinds of layers and one block of float32. It is rewritten as ONNX when it is loaded, in memory; nothing
of TensorFlow is needed. Large pictures go through in tiles that overlap by more than the network sees.

Measured on the shared portraits halved (docs/portrait.md): by itself the network is 1.1 to 1.4 dB behind Lanczos on
clean pictures and 0.1 dB ahead on JPEGs, whose blocks it evens; it also shifts broad tones. So its broad tones are
replaced by Lanczos's, and half of each is taken: 0.4 dB behind on clean pictures, ahead on compressed ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import WeightsError
from avatar.media import Pixels

FACTOR = 2

TILE = 192
"""Pixels of a tile's side before it is enlarged; memory stays small, and work can be broken off between tiles."""

_REACH = 14  # pixels that the network's 3 x 3 and 5 x 5 layers see to each side


class Upscaler(Protocol):
    """Makes a picture FACTOR times as large."""

    def enlarge(self, picture: Pixels) -> Pixels:
        """uint8 [FACTOR height, FACTOR width, 3] RGB."""


class LanczosUpscaler:
    """Without weights: a classical filter, crisp but without new detail."""

    def enlarge(self, picture: Pixels) -> Pixels:
        """See `Upscaler`."""
        height, width = picture.shape[:2]
        size = (FACTOR * width, FACTOR * height)
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LANCZOS4), dtype=np.uint8)


class NetworkUpscaler:
    """ESRGAN-slim in ONNX Runtime. Safe to share between threads.

    Args:
        folder: with `model.json` and the weights that it names.
        threads: for one picture.

    Raises:
        WeightsError: the files are missing, damaged, or of another layout.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        model = convert(folder).SerializeToString()
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def enlarge(self, picture: Pixels) -> Pixels:
        """See `Upscaler`."""
        height, width = picture.shape[:2]
        padded = cv2.copyMakeBorder(picture, _REACH, _REACH, _REACH, _REACH, cv2.BORDER_REFLECT_101)
        large = np.empty((FACTOR * height, FACTOR * width, 3), dtype=np.uint8)
        for top in range(0, height, TILE):
            for left in range(0, width, TILE):
                rows, columns = min(TILE, height - top), min(TILE, width - left)
                tile = padded[top : top + rows + 2 * _REACH, left : left + columns + 2 * _REACH]
                grown = self._run(np.asarray(tile, dtype=np.uint8))
                edge = FACTOR * _REACH
                large[FACTOR * top : FACTOR * (top + rows), FACTOR * left : FACTOR * (left + columns)] = grown[
                    edge : edge + FACTOR * rows, edge : edge + FACTOR * columns
                ]
        return _blended(large, LanczosUpscaler().enlarge(picture))

    def _run(self, tile: Pixels) -> Pixels:
        values = tile.astype(np.float32).transpose(2, 0, 1)[None] / np.float32(255.0)
        result = self._session.run(None, {"picture": values})[0][0].transpose(1, 2, 0)
        return np.asarray(np.clip(result * 255.0 + 0.5, 0, 255), dtype=np.uint8)


def _blended(network: Pixels, classical: Pixels) -> Pixels:
    """Half of each, with the broad tones of the classical one."""
    one, other = network.astype(np.float32), classical.astype(np.float32)
    toned = one - cv2.GaussianBlur(one - other, (0, 0), 3.0)
    return np.asarray(np.clip((toned + other) / 2 + 0.5, 0, 255), dtype=np.uint8)


def convert(folder: Path) -> Any:
    """The network as an ONNX model: float32 [1, 3, height, width] in 0..1 to [1, 3, 2 height, 2 width].

    Raises:
        WeightsError: the files are missing, damaged, or of another layout.
    """
    try:
        described = json.loads((folder / "model.json").read_bytes())
        layers = described["modelTopology"]["model_config"]["config"]["layers"]
        return _Graph(layers, _weights(described, folder)).model()
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise WeightsError(
            "The weights that enlarge photographs are missing or damaged. Run: avatar models pull esrgan-slim",
            "放大照片的模型缺失或已损坏。请运行:avatar models pull esrgan-slim",
        ) from error


def _weights(described: dict[str, Any], folder: Path) -> dict[str, NDArray[np.float32]]:
    """Every tensor by its name, as the manifest lays them one after another."""
    found: dict[str, NDArray[np.float32]] = {}
    for group in described["weightsManifest"]:
        data = b"".join((folder / Path(name).name).read_bytes() for name in group["paths"])
        place = 0
        for entry in group["weights"]:
            shape = tuple(int(length) for length in entry["shape"])
            count = int(np.prod(shape))
            if entry["dtype"] != "float32" or entry.get("quantization"):
                raise ValueError(entry["name"])
            found[entry["name"]] = np.frombuffer(data, "<f4", count, place).reshape(shape).astype(np.float32)
            place += 4 * count
        if place != len(data):
            raise ValueError("the weights' length")
    return found


class _Graph:
    """Keras layers becoming ONNX nodes. Keras has the channels last, ONNX first."""

    def __init__(self, layers: list[dict[str, Any]], weights: dict[str, NDArray[np.float32]]) -> None:
        self._layers = layers
        self._weights = weights
        self._nodes: list[Any] = []
        self._tensors: list[Any] = []

    def model(self) -> Any:
        """The finished ONNX model."""
        from onnx import TensorProto, helper

        for layer in self._layers:
            self._add(layer)
        shapes: tuple[list[str | int | None], ...] = (
            ["batch", 3, "height", "width"],
            ["batch", 3, "large_height", "large_width"],
        )
        names = ("picture", self._layers[-1]["name"])
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in zip(names, shapes, strict=True)
        ]
        graph = helper.make_graph(self._nodes, "enlarge", ends[:1], ends[1:], self._tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)

    def _add(self, layer: dict[str, Any]) -> None:
        kind, name, config = layer["class_name"], layer["name"], layer["config"]
        first = self._layers[0]["name"]
        inputs = ["picture" if node[0] == first else node[0] for node in (layer["inbound_nodes"] or [[]])[0]]
        if kind == "InputLayer":
            return
        if kind == "Conv2D":
            self._convolution(name, config, inputs[0])
        elif kind == "Activation" and config["activation"] == "relu":
            self._node("Relu", inputs, name)
        elif kind == "Concatenate" and config["axis"] in (3, -1):
            self._node("Concat", inputs, name, axis=1)
        elif kind == "Add":
            self._node("Add", inputs, name)
        elif kind == "UpSampling2D" and config["interpolation"] == "nearest":
            scales = np.array([1, 1, *config["size"]], dtype=np.float32)
            self._node("Resize", [inputs[0], "", self._tensor(f"{name}/scales", scales)], name, mode="nearest",
                       coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
        else:
            raise ValueError(kind)

    def _convolution(self, name: str, config: dict[str, Any], source: str) -> None:
        if config["strides"] != [1, 1] or config["activation"] != "linear":
            raise ValueError(name)
        kernel = self._tensor(f"{name}/kernel", self._weights[f"{name}/kernel"].transpose(3, 2, 0, 1))
        bias = self._tensor(f"{name}/bias", self._weights[f"{name}/bias"])
        pads = [(side - 1) // 2 for side in config["kernel_size"]] * 2 if config["padding"] == "same" else [0] * 4
        self._node("Conv", [source, kernel, bias], name, pads=pads)

    def _tensor(self, name: str, values: NDArray[np.float32]) -> str:
        from onnx import numpy_helper

        self._tensors.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
