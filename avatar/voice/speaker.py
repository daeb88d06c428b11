"""Who speaks, as 256 numbers: the GE2E speaker encoder (Wan et al. 2018, arXiv:1710.10467; weights of Resemblyzer).

Two recordings of one person have embeddings that point the same way, whatever is said. The cosine of two halves of one
recording is about 0.9, of two people of one sex about 0.5 to 0.65.
"""

from __future__ import annotations

import io
import threading
from functools import cache
from pathlib import Path
from typing import cast
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from avatar.errors import AudioError, WeightsError
from avatar.media import HEARING_RATE, Samples, resample

Embedding = NDArray[np.float32]
"""float32 [256], of length 1."""

SIZE = 256

MELS = 40
FRAME = 400
HOP = 160
"""25 ms every 10 ms at HEARING_RATE, as the encoder was trained."""

PARTIAL = 160
"""Frames of one look: 1.6 s."""

STEP = 77
"""Frames from one look to the next: 1.3 looks a second."""

LEVEL = 10 ** (-30 / 20)
"""Root mean square that sound is brought to; the features are powers, not logarithms."""

_BATCH = 64
_COVERED = 0.75
_SHORTEST_S = 0.4
_LENGTH_ERROR = 1e-3
_MOST_BYTES = 4096
"""Of a stored embedding, whose numbers and header take 1152."""


class SpeakerNetwork(nn.Module):
    """The network, differentiable from the sound on."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(MELS, SIZE, 3, batch_first=True)
        self.linear = nn.Linear(SIZE, SIZE)
        self.register_buffer("bank", torch.from_numpy(mel_bank()), persistent=False)
        self.register_buffer("window", torch.hann_window(FRAME), persistent=False)

    def mels(self, samples: Tensor) -> Tensor:
        """The features of sound.

        Args:
            samples: float32 [batch, n] at HEARING_RATE, at LEVEL, n > FRAME.

        Returns:
            float32 [batch, 1 + n // HOP, MELS]: powers.
        """
        window = cast(Tensor, self.window)
        spectrum = torch.stft(samples, FRAME, HOP, window=window, center=True, pad_mode="constant", return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        return torch.einsum("mf,bft->btm", cast(Tensor, self.bank), power)

    def forward(self, mels: Tensor) -> Tensor:
        """Embeddings of looks.

        Args:
            mels: float32 [batch, frames, MELS]; PARTIAL frames are what it was trained on.

        Returns:
            float32 [batch, SIZE], rows of length 1.
        """
        _, (hidden, _) = self.lstm(mels)
        return nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1)


class SpeakerEncoder:
    """Tells voices apart. May be shared between threads.

    Args:
        model: the folder with `pretrained.pt`.
        threads: that torch may use for one call; 0 leaves torch's own setting alone, which is the process's.

    Raises:
        WeightsError: the file is missing or damaged.
    """

    def __init__(self, model: Path, threads: int = 0) -> None:
        self.network = _load(model / "pretrained.pt")
        self._lock = threading.Lock()
        if threads:
            torch.set_num_threads(threads)

    def embed(self, samples: Samples, rate: int) -> Embedding:
        """The voice of a recording: the mean over its looks.

        Args:
            samples: float32 [n] at rate; silences of more than a moment should have been cut away.
            rate: Hz.

        Raises:
            AudioError: shorter than 0.4 s, silent, or not a number.
        """
        return mean_embedding(self.looks(samples, rate))

    def looks(self, samples: Samples, rate: int) -> NDArray[np.float32]:
        """float32 [k, 256]: one row for each look of 1.6 s, every 0.77 s. Arguments and errors as of `embed`."""
        heard = resample(samples, rate, HEARING_RATE)
        if heard.size < _SHORTEST_S * HEARING_RATE or not np.isfinite(heard).all() or not heard.any():
            raise AudioError(
                "The sound is too short or silent; a voice cannot be told from it.",
                "声音太短或没有内容,无法辨认音色。",
                code="voice_untellable",
            )
        with self._lock, torch.inference_mode():
            mels = self.network.mels(torch.from_numpy(_levelled(heard))[None])[0]
            looks = torch.stack([_look(mels, start) for start in look_starts(mels.shape[0])])
            rows = [self.network(looks[at : at + _BATCH]) for at in range(0, looks.shape[0], _BATCH)]
        return cast("NDArray[np.float32]", torch.cat(rows).numpy())


def mean_embedding(rows: NDArray[np.float32]) -> Embedding:
    """The direction between several embeddings: float32 [256] of length 1 from float32 [k, 256]."""
    mean = rows.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)


def likeness(one: Embedding, other: Embedding) -> float:
    """The cosine of two embeddings, in 0..1 since none of their numbers is negative."""
    return float(np.dot(one, other))


def embedding_bytes(embedding: Embedding) -> bytes:
    """An embedding as a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, embedding, allow_pickle=False)
    return buffer.getvalue()


def read_embedding(data: bytes) -> Embedding:
    """The embedding in a file that `embedding_bytes` made.

    Raises:
        ValueError: it is no such file, or what it holds is not of length 1: a longer one would be like everybody.
    """
    try:
        value = np.load(io.BytesIO(data[:_MOST_BYTES]), allow_pickle=False)
    except (OSError, EOFError, BadZipFile, MemoryError) as error:
        raise ValueError("no embedding") from error
    plain = isinstance(value, np.ndarray) and value.dtype == np.float32 and value.shape == (SIZE,)
    if not plain or not abs(float(np.linalg.norm(value)) - 1.0) < _LENGTH_ERROR:
        raise ValueError("no embedding")
    return np.asarray(value)


def look_starts(frames: int) -> list[int]:
    """Where the looks at so many frames begin; the last may end beyond them by a quarter of a look."""
    starts = list(range(0, max(frames - PARTIAL, 0) + STEP, STEP))
    while len(starts) > 1 and (frames - starts[-1]) / PARTIAL < _COVERED:
        starts.pop()
    return starts


def _look(mels: Tensor, start: int) -> Tensor:
    part = mels[start : start + PARTIAL]
    return nn.functional.pad(part, (0, 0, 0, PARTIAL - part.shape[0]))


def _levelled(samples: Samples) -> Samples:
    level = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    return np.asarray(samples * (LEVEL / level), dtype=np.float32)


@cache
def mel_bank() -> NDArray[np.float32]:
    """float32 [MELS, FRAME // 2 + 1]: triangles of area 1 on Slaney's mel scale (Auditory Toolbox, 1998)."""
    edges = _hertz(np.linspace(_mel(0.0), _mel(HEARING_RATE / 2), MELS + 2))
    bins = np.linspace(0, HEARING_RATE / 2, FRAME // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    bank = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return np.asarray(bank, dtype=np.float32)


def _mel(hertz: float) -> float:
    """Linear below 1000 Hz, logarithmic above."""
    return hertz / (200 / 3) if hertz < 1000 else 15.0 + float(np.log(hertz / 1000)) / (np.log(6.4) / 27)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < 15.0, mels * 200 / 3, 1000 * np.exp((mels - 15.0) * np.log(6.4) / 27))


def _load(path: Path) -> SpeakerNetwork:
    network = SpeakerNetwork()
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        known = {name: value for name, value in weights.items() if name.startswith(("lstm.", "linear."))}
        network.load_state_dict(known)
    except Exception as error:
        raise WeightsError(
            "The speaker encoder is missing or damaged. Run `avatar models pull speaker-encoder`.",
            "说话人编码器缺失或损坏。请运行 `avatar models pull speaker-encoder`。",
        ) from error
    return network.eval().requires_grad_(False)
