"""Kokoro's ONNX file, cut where the timeline is known and where sound is made.

The published graph goes from tokens to sound in one run. Three cuts make it a streaming engine:

    encoder     tokens -> durations, features, F0, energy        whole clause, about 60 ms
    decoder     features, F0, energy -> latent, source           whole clause, about 25 ms for each second
    generator   latent, source -> sound                          in windows, nine tenths of the work

Two things are changed on the way. The encoder's durations, before they are rounded, are multiplied by `dur_scale`, and
its F0 takes `f0_scale` and `f0_shift`. And the generator's 44 instance normalisations, which would otherwise see one
window instead of the clause, take the running mean and variance of what sounded before (`stats`, weighted by `memory`)
and give theirs back. With neutral inputs and one window the sound is that of the published graph, bit for bit.

The tensor names are those of the export kokoro-v1.0.int8.onnx (thewh1teagle/kokoro-onnx); another export of another
structure is refused with a sentence, not a stack trace.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avatar.errors import EngineError, StorageError, WeightsError

if TYPE_CHECKING:
    from onnx import ModelProto

REVISION = 1
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
_F0 = "/encoder/Squeeze_output_0"
_ENERGY = "/encoder/Squeeze_1_output_0"
_LATENT = "/decoder/decoder/decode.3/Div_4_output_0"
_SOURCE = "/decoder/decoder/generator/Concat_3_output_0"
_AUDIO = "audio"


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
    parts = Parts(*(folder / f"{name}.onnx" for name in ("encoder", "decoder", "generator")))
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
        made = {parts.encoder: _encoder(whole), parts.decoder: _decoder(whole), parts.generator: _generator(whole)}
    except Exception as error:
        raise EngineError(
            f"{model.name} is no Kokoro export that can be cut ({type(error).__name__}). Run `avatar models verify`.",
            f"{model.name} 不是能够拆分的 Kokoro 导出文件({type(error).__name__})。请运行 `avatar models verify`。",
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, part in made.items():
            _write(path, part.SerializeToString())
    except OSError as error:
        raise StorageError(
            f"The prepared speech model cannot be written to {folder.parent}: {error.strerror}.",
            f"无法把准备好的语音模型写入 {folder.parent}:{error.strerror}。",
        ) from error


def _write(path: Path, data: bytes) -> None:
    """Another process may be writing the same file: each writes its own and renames it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _encoder(whole: ModelProto) -> ModelProto:
    graph = _Graph(whole)
    graph.insert_after(_DURATION, [("Mul", [_DURATION, "dur_scale"], "durations")])
    graph.insert_after(
        _F0,
        [
            ("Mul", [_F0, "f0_scale"], "scaled_f0"),
            ("Greater", ["scaled_f0", graph.constant("voiced_above", [10.0])], "is_voiced"),
            ("Where", ["is_voiced", "f0_shift", graph.constant("no_shift", [0.0])], "voiced_shift"),
            ("Add", ["scaled_f0", "voiced_shift"], "f0"),
        ],
    )
    return graph.extract(
        inputs=[
            ("tokens", "int64", [1, "tokens"]),
            ("style", "float32", [1, 256]),
            ("speed", "float32", [1]),
            ("dur_scale", "float32", [1, "tokens"]),
            ("f0_scale", "float32", [1]),
            ("f0_shift", "float32", [1]),
        ],
        outputs=[
            (_UNITS, "units", "int64", [1, "tokens"]),
            (_FEATURES, "features", "float32", [1, 512, "units"]),
            ("f0", "f0", "float32", [1, "frames"]),
            (_ENERGY, "energy", "float32", [1, "frames"]),
        ],
    )


def _decoder(whole: ModelProto) -> ModelProto:
    graph = _Graph(whole)
    graph.rename({_FEATURES: "features", _F0: "f0", _ENERGY: "energy"})
    return graph.extract(
        inputs=[
            ("features", "float32", [1, 512, "units"]),
            ("f0", "float32", [1, "frames"]),
            ("energy", "float32", [1, "frames"]),
            ("style", "float32", [1, 256]),
        ],
        outputs=[
            (_LATENT, "latent", "float32", [1, 512, "frames"]),
            (_SOURCE, "source", "float32", [1, 22, "hops"]),
        ],
    )


def _generator(whole: ModelProto) -> ModelProto:
    graph = _Graph(whole)
    graph.rename({_LATENT: "latent", _SOURCE: "source"})
    total = _expose_statistics(graph)
    return graph.extract(
        inputs=[
            ("latent", "float32", [1, 512, "frames"]),
            ("source", "float32", [1, 22, "hops"]),
            ("style", "float32", [1, 256]),
            ("stats", "float32", [2, total, 1]),
            ("memory", "float32", [1]),
        ],
        outputs=[
            (_AUDIO, "sound", "float32", ["samples"]),
            ("new_stats", "new_stats", "float32", [2, total, 1]),
        ],
    )


def _expose_statistics(graph: _Graph) -> int:
    """Let every instance normalisation of the generator mix in what it measured before; returns their channels."""
    means = [
        node.output[0]
        for node in graph.nodes
        if node.op_type == "ReduceMean" and "/generator/" in node.name and node.name.endswith("/ReduceMean")
    ]
    sizes = [graph.size(_bias_of(mean)) // 2 for mean in means]
    split = [f"stats_{index}" for index in range(len(means))]
    for index, mean in enumerate(means):
        graph.prepend(
            "Split",
            [split[index], graph.constant(f"halves_{index}", [1, 1])],
            [f"old_m{index}", f"old_v{index}"],
            axis=0,
        )
        variance = mean.replace("ReduceMean_output_0", "ReduceMean_2_output_0")
        graph.insert_after(
            mean,
            [
                ("Sub", [f"old_m{index}", mean], f"m{index}_step"),
                ("Mul", [f"m{index}_step", "memory"], f"m{index}_share"),
                ("Add", [mean, f"m{index}_share"], f"m{index}"),
            ],
        )
        graph.insert_after(
            variance,
            [
                ("Sub", [f"old_m{index}", f"m{index}"], f"v{index}_gap"),
                ("Mul", [f"v{index}_gap", f"v{index}_gap"], f"v{index}_square"),
                ("Add", [f"old_v{index}", f"v{index}_square"], f"v{index}_about"),
                ("Sub", [f"v{index}_about", variance], f"v{index}_step"),
                ("Mul", [f"v{index}_step", "memory"], f"v{index}_share"),
                ("Add", [variance, f"v{index}_share"], f"v{index}"),
            ],
        )
    graph.prepend("Split", ["stats", graph.constant("stats_sizes", sizes)], split, axis=1)
    for kind in "mv":
        graph.append("Concat", [f"{kind}{index}" for index in range(len(means))], [f"all_{kind}"], axis=1)
    graph.append("Concat", ["all_m", "all_v"], ["new_stats"], axis=0)
    return sum(sizes)


def _bias_of(mean: str) -> str:
    """The initializer that holds the affine bias (scale and shift, so twice the channels) of a normalisation."""
    return mean.removesuffix("/ReduceMean_output_0").lstrip("/").replace("/", ".") + ".fc.bias"


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

    def size(self, initializer: str) -> int:
        return int(self._initializers[initializer].dims[0])

    def constant(self, name: str, values: Sequence[float] | Sequence[int]) -> str:
        import numpy as np
        from onnx import numpy_helper

        kind = np.float32 if isinstance(values[0], float) else np.int64
        self._initializers[name] = numpy_helper.from_array(np.array(values, dtype=kind), name)
        return name

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

    def prepend(self, kind: str, inputs: list[str], outputs: list[str], **attributes: int) -> None:
        self.nodes.insert(0, self._node(kind, inputs, outputs, attributes))

    def append(self, kind: str, inputs: list[str], outputs: list[str], **attributes: int) -> None:
        self.nodes.append(self._node(kind, inputs, outputs, attributes))

    @staticmethod
    def _node(kind: str, inputs: list[str], outputs: list[str], attributes: dict[str, Any]) -> Any:
        from onnx import helper

        return helper.make_node(kind, inputs, outputs, name=f"cut/{outputs[0]}", **attributes)

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
