"""ONNX Runtime sessions for the small models of hearing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from avatar.errors import WeightsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(model: Path, inputs: frozenset[str], threads: int = 1) -> InferenceSession:
    """A session on the CPU that never spins while it waits.

    Args:
        model: an ONNX file.
        inputs: the names its inputs must have.
        threads: for one call.

    Raises:
        WeightsError: the file is missing, damaged, or a model of another signature.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    if not model.is_file():
        raise WeightsError(f"{model.name} is missing in {model.parent}.", f"{model.parent} 中缺少 {model.name}。")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except (state.Fail, state.InvalidProtobuf, state.InvalidGraph, state.RuntimeException) as error:
        raise _damaged(model) from error
    if {entry.name for entry in session.get_inputs()} != inputs:
        raise _damaged(model)
    return session


def _damaged(model: Path) -> WeightsError:
    return WeightsError(
        f"{model.name} in {model.parent} is damaged or is another model. Run `avatar models verify`.",
        f"{model.parent} 中的 {model.name} 已损坏或不是所需的模型。请运行 `avatar models verify`。",
    )
