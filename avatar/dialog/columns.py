"""Arrays in one file, read where they lie: texts of 500 MB are searched without being in memory.

The file begins with four letters, the length of its header, and the header, which is JSON: for each array its type, its
shape and where it begins, counted from the first multiple of 64 behind the header.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""Arrays by name."""

_LETTERS = b"AVC1"
_TYPES = frozenset({"<u8", "<i8", "<i4", "<u2", "|u1", "|b1", "<f2", "<f4"})
_LARGEST_HEADER = 1 << 16


def pack_columns(columns: Columns) -> bytes:
    """The file that holds these arrays.

    Args:
        columns: of whole numbers, truth values or floats of 16 or 32 bits.
    """
    placed, parts, at = {}, [], 0
    for name, array in columns.items():
        data = np.ascontiguousarray(array)
        placed[name] = [data.dtype.newbyteorder("<").str, list(data.shape), at]
        raw = data.astype(data.dtype.newbyteorder("<"), copy=False).tobytes()
        parts.append(raw + bytes(-len(raw) % 64))
        at += len(parts[-1])
    header = json.dumps(placed).encode()
    start = _LETTERS + len(header).to_bytes(4, "little") + header
    return b"".join((start, bytes(-len(start) % 64), *parts))


def open_columns(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file, mapped into memory and read-only.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file, or is cut short.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        letters, length = stream.read(4), int.from_bytes(stream.read(4), "little")
        if letters != _LETTERS or length > _LARGEST_HEADER:
            raise ValueError("no file of columns")
        header = json.loads(stream.read(length))
    base = (8 + length + 63) // 64 * 64
    mapped = np.memmap(file, dtype=np.uint8, mode="r") if size > base else np.zeros(base, dtype=np.uint8)
    found: dict[str, NDArray[Any]] = {}
    for name, (kind, shape, at) in header.items():
        if kind not in _TYPES or any(not isinstance(n, int) or n < 0 for n in (*shape, at)):
            raise ValueError("a column of no known kind")
        end = base + at + math.prod(shape) * np.dtype(kind).itemsize
        if end > max(size, base):
            raise ValueError("a column is cut short")
        found[name] = np.asarray(mapped)[base + at : end].view(kind).reshape(shape)
    return found
