"""The end of a turn with Smart Turn v3.2: in a silence, does the melody of what was said sound finished?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar.media import HEARING_RATE, Samples
from avatar.voice.hearing.features import log_mel, sane
from avatar.voice.hearing.onnx import open_session

_SECONDS = 8
_FILE = "smart-turn-v3.2-cpu.onnx"


class SmartTurn:
    """Implements `TurnDetector`. Ask it in silence only: cut in mid-word its answer means nothing.

    Args:
        model: the ONNX file, or the folder that holds it.
        threads: for one call; one is about as quick as two.

    Raises:
        WeightsError: the file is missing or another model.
    """

    name = "smart-turn"
    device = "cpu"

    def __init__(self, model: Path, threads: int = 1) -> None:
        file = model / _FILE if model.is_dir() else model
        self._session = open_session(file, frozenset({"input_features"}), threads)

    def finished(self, samples: Samples) -> float:
        """Probability in 0..1 that the turn is over; 0 where nothing was heard yet."""
        if samples.size == 0 or not np.any(samples):
            return 0.0
        features = log_mel(last_seconds(samples))[None]
        probability = self._session.run(["logits"], {"input_features": features})[0]
        return float(np.clip(probability.reshape(-1)[0], 0.0, 1.0))

    def warm(self) -> None:
        """Make the first call as quick as the others."""
        self.finished(np.ones(1, dtype=np.float32))


def last_seconds(samples: Samples) -> NDArray[np.float32]:
    """float32 [128000]: the last eight seconds, silence in front where there is less, of mean 0 and variance 1."""
    length = _SECONDS * HEARING_RATE
    heard = sane(samples[-length:])
    padded = np.pad(heard, (length - heard.size, 0))
    return np.asarray((padded - padded.mean()) / np.sqrt(padded.var() + 1e-7), dtype=np.float32)
