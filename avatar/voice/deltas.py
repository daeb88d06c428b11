"""What a fitted voice adds to the network: small corrections of the biases that its style goes through.

They make one network, loaded once, speak with many voices: a voice is a pack of styles and, where it was fitted to a
recording, 37,396 numbers more (docs/decisions/031-fitting.md).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from avatar.errors import WeightsError

Deltas = Mapping[str, NDArray[np.float32]]
"""Additions by the layers' names in the decoder, `encode.norm1.fc`, `generator.resblocks.0.adain1.2.fc`; float32 [2 c]
each, c the layer's channels."""

NO_DELTAS: Deltas = MappingProxyType({})

_LAYER = re.compile(r"(?:encode|decode\.\d|generator\.(?:noise_res|resblocks)\.\d)\.(?:norm\d|adain[12]\.\d)\.fc")
_MOST_LAYERS, _LARGEST, _MOST_BYTES = 64, 4096, 1 << 20


def packed(deltas: Deltas) -> bytes:
    """The deltas as an .npz file."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{name: np.asarray(value, np.float32) for name, value in deltas.items()})
    return file.getvalue()


def unpacked(data: bytes) -> Deltas:
    """The deltas of a file that `packed` made.

    Raises:
        ValueError: it is no such file, is too large, packed or unpacked, or holds what is no delta.
    """
    if len(data) > _MOST_BYTES:
        raise ValueError("too large")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                raise ValueError("too large")
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            if len(stored.files) > _MOST_LAYERS:
                raise ValueError("too many layers")
            return MappingProxyType({name: _checked(name, stored[name]) for name in stored.files})
    except Exception as error:
        raise ValueError("no deltas") from error


def read_deltas(path: Path) -> Deltas:
    """The deltas of a voice's file.

    Raises:
        WeightsError: it cannot be read, or `unpacked` refuses it.
    """
    try:
        with path.open("rb") as file:
            return unpacked(file.read(_MOST_BYTES + 1))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"The fitted part of the voice {path.parent.name} is damaged. Clone the voice again.",
            f"音色 {path.parent.name} 的拟合数据已损坏。请重新克隆该音色。",
        ) from error


def _checked(name: str, value: NDArray[np.float32]) -> NDArray[np.float32]:
    plain = value.dtype == np.float32 and value.ndim == 1 and value.size <= _LARGEST and value.size % 2 == 0
    if not (plain and _LAYER.fullmatch(name) and np.isfinite(value).all()):
        raise ValueError(name)
    return value
