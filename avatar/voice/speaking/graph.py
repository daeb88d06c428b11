"""Kokoro's ONNX file, cut where the timeline is known and where sound is made.

The published graph goes from tokens to sound in one run. Three cuts make it a streaming engine:

    encoder     tokens -> durations, features, frames            in pieces
    decoder     frames -> F0, energy                             in pieces
                features, F0, energy -> latent, source           in parts
    generator   latent, source -> sound                          in windows, most of the work

The encoder stays a graph; its durations, before they are rounded, are multiplied by `dur_scale`. Of the rest only the
weights are taken (`weights`): it is built anew in torch (`curves`, `decoder`, `source`, `generator`).

The tensor names are those of the export kokoro-v1.0.int8.onnx (thewh1teagle/kokoro-onnx); another export of another
structure is refused with a sentence, not a stack trace.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatar.errors import EngineError, StorageError, WeightsError
from avatar.files import whole as whole_file
from avatar.voice.speaking.weights import DECODER, collect, collect_predictors

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto

REVISION = 5
"""Of this surgery; part of the cache's key."""

UNIT = 600
"""Samples in one unit of duration: 25 ms at 24 kHz."""

LATENT_HOP = 300
"""Samples in one column of the latent: the decoder doubles the rate."""

SOURCE_HOP = 5
"""Samples in one column of the harmonic source; it has one column more than the sound has hops."""

_DURATION = "/encoder/Div_output_0"
_UNITS = "/encoder/Cast_output_0"
_FEATURES = "/encoder/MatMul_1_output_0"
_FRAMES = "/encoder/shared/Reshape_output_0"


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of the cut model."""

    encoder: Path
    decoder: Path
    generator: Path


def cut_model(model: Path, cache: Path) -> Parts:
    """The three parts of a Kokoro model, made on the first call and found in the cache after it.

    Args:
        model: kokoro-v1.0.int8.onnx, or another precision of the same export.
        cache: a folder that may be emptied at any time; it is created where it is missing.

    Raises:
        EngineError: the file is no Kokoro model of this export.
        WeightsError: it cannot be read.
        StorageError: the parts cannot be written.
    """
    folder = cache / f"kokoro-{_digest(model)}-{REVISION}"
    parts = Parts(folder / "encoder.onnx", folder / "decoder.npz", folder / "generator.npz")
    if not parts.generator.exists():
        _make(model, folder, parts)
    return parts


def _digest(path: Path) -> str:
    """The first 16 hexadecimal digits of the file's SHA-256."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise WeightsError(
            f"The speech model {path.name} cannot be read. Run `avatar models pull`.",
            f"无法读取语音模型 {path.name}。请运行 `avatar models pull`。",
        ) from error
    return digest.hexdigest()[:16]


def _make(model: Path, folder: Path, parts: Parts) -> None:
    import onnx

    try:
        whole = onnx.load(str(model))
        made = {
            parts.encoder: _encoder(whole).SerializeToString(),
            parts.decoder: _packed(_decoder(whole)),
            parts.generator: _packed(collect(whole)),
        }
    except Exception as error:
        raise EngineError(
            f"{model.name} is no Kokoro export that can be cut ({type(error).__name__}). Run `avatar models verify`.",
            f"{model.name} 不是能够拆分的 Kokoro 导出文件({type(error).__name__})。请运行 `avatar models verify`。",
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, part in made.items():
            with whole_file(path) as unfinished:  # another process may be writing the same file
                unfinished.write_bytes(part)
    except OSError as error:
        raise StorageError(
            f"The prepared speech model cannot be written to {folder.parent}: {error.strerror}.",
            f"无法把准备好的语音模型写入 {folder.parent}:{error.strerror}。",
        ) from error


def _packed(arrays: dict[str, NDArray[Any]]) -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _encoder(whole: ModelProto) -> ModelProto:
    graph = _Graph(whole)
    graph.insert_after(_DURATION, [("Mul", [_DURATION, "dur_scale"], "durations")])
    return graph.extract(
        inputs=[
            ("tokens", "int64", [1, "tokens"]),
            ("style", "float32", [1, 256]),
            ("speed", "float32", [1]),
            ("dur_scale", "float32", [1, "tokens"]),
        ],
        outputs=[
            (_UNITS, "units", "int64", [1, "tokens"]),
            (_FEATURES, "features", "float32", [1, 512, "units"]),
            (_FRAMES, "frames", "float32", ["units", 1, 512]),
        ],
    )


def _decoder(whole: ModelProto) -> dict[str, NDArray[Any]]:
    """What the predictors and the decoder weigh; the generator has a file of its own."""
    own = {name: array for name, array in collect(whole, DECODER).items() if not name.startswith("generator.")}
    return own | collect_predictors(whole)


class _Graph:
    """A copy of the whole graph's nodes that can be rewired, and a part of it taken out."""

    def __init__(self, whole: ModelProto) -> None:
        self._whole = whole
        self._initializers: dict[str, Any] = {item.name: item for item in whole.graph.initializer}
        self.nodes: list[Any] = []
        for node in whole.graph.node:
            copy = type(node)()
            copy.CopyFrom(node)
            self.nodes.append(copy)

    def rename(self, names: dict[str, str]) -> None:
        """Give tensors other names wherever they are read; what made them is cut off."""
        for node in self.nodes:
            for index, name in enumerate(node.input):
                node.input[index] = names.get(name, name)

    def insert_after(self, tensor: str, chain: Iterable[tuple[str, list[str], str]]) -> None:
        """Put nodes between a tensor and everything that reads it; the chain's last output is read instead."""
        from onnx import helper

        place = next(index for index, node in enumerate(self.nodes) if tensor in node.output)
        made = [helper.make_node(kind, inputs, [output], name=f"cut/{output}") for kind, inputs, output in chain]
        self.rename({tensor: made[-1].output[0]})
        self.nodes[place + 1 : place + 1] = made

    def extract(self, inputs: Sequence[_Value], outputs: Sequence[_Output]) -> ModelProto:
        """The part of the graph between tensors, as a model of its own."""
        import onnx
        from onnx import helper

        nodes, used = self._between({name for name, _, _ in inputs}, {name for name, _, _, _ in outputs})
        renames = [helper.make_node("Identity", [tensor], [name]) for tensor, name, _, _ in outputs if tensor != name]
        graph = helper.make_graph(
            [*nodes, *renames],
            "kokoro",
            [_value(name, kind, shape) for name, kind, shape in inputs],
            [_value(name, kind, shape) for _, name, kind, shape in outputs],
            [self._initializers[name] for name in sorted(used & self._initializers.keys())],
        )
        model = helper.make_model(graph, opset_imports=self._whole.opset_import, ir_version=self._whole.ir_version)
        onnx.checker.check_model(model)
        return model

    def _between(self, inputs: set[str], outputs: set[str]) -> tuple[list[Any], set[str]]:
        makers = {output: node for node in self.nodes for output in node.output}
        needed: set[str] = set()
        waiting = list(outputs)
        while waiting:
            name = waiting.pop()
            if not name or name in needed or name in inputs:
                continue
            needed.add(name)
            if name in makers:
                waiting += makers[name].input
            elif name not in self._initializers:
                raise KeyError(name)
        return [node for node in self.nodes if needed & set(node.output)], needed


_Value = tuple[str, str, "list[int | str]"]
_Output = tuple[str, str, str, "list[int | str]"]


def _value(name: str, kind: str, shape: list[int | str]) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}[kind], shape)
