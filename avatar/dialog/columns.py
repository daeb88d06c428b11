"""Arrays in one file, read where they lie: texts of 500 MB are searched without being in memory.

The file begins with four letters, the length of its header, and the header, which is JSON: for each array its type, its
shape and where it begins, counted from the first multiple of 64 behind the header.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""Arrays by name."""

Piece = bytes | memoryview
"""Of a file."""

_LETTERS = b"AVC1"
_TYPES = frozenset({"<u8", "<i8", "<i4", "<u2", "|u1", "|b1", "<f2", "<f4"})
_LARGEST_HEADER = 1 << 16


def packed_columns(columns: Columns) -> Iterator[Piece]:
    """The file that holds these arrays, in pieces, so that no second copy of it is made.

    Args:
        columns: of whole numbers, truth values or floats of 16 or 32 bits.
    """
    placed, arrays, at = {}, [], 0
    for name, array in columns.items():
        data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        placed[name] = [data.dtype.str, list(data.shape), at]
        arrays.append(data)
        at += data.nbytes + _to_border(data.nbytes)
    header = json.dumps(placed).encode()
    start = _LETTERS + len(header).to_bytes(4, "little") + header
    yield start + bytes(_to_border(len(start)))
    for data in arrays:
        yield data.reshape(-1).view(np.uint8).data
        yield bytes(_to_border(data.nbytes))


def let_go(array: NDArray[Any]) -> None:
    """Give back the memory of the mapped file in which an array lies; what is looked at again is read again.

    Such memory counts as the process's own for as long as the system has nothing better to do with it. Arrays that lie
    in no file stay as they are, and so does all where the system knows no such wish.
    """
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def _to_border(size: int) -> int:
    """Bytes from there to the next multiple of 64."""
    return -size % 64


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
