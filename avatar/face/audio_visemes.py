"""The shape of the mouth from sound alone: a small recurrent network of our own.

Uploaded speech, and engines that do not tell their phones, come as sound alone. The network was taught, on this
project's own synthesis, what the gestures of the exact phones do (`coarticulation`), in two languages, many voices,
noise and rooms; docs/decisions/018-audio-to-viseme.md says how, and `scripts/train_viseme.py` does it again. It runs
once for each frame of video, remembers what it heard, and looks AHEAD no further than 155 ms.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from avatar.face.params import MOUTH
from avatar.face.visemes import MOUTH_INDEX, Mouth
from avatar.media import SAMPLES_PER_FRAME, SPEECH_RATE, Samples

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

AHEAD = int(0.155 * SPEECH_RATE)
"""Samples beyond the moment that is shown: 155 ms, about the phones' own reach."""

HOP, LENGTH, LOOKS = 240, 600, 26
"""Samples between two looks at the sound, samples that one takes in (25 ms), and looks for each frame of video."""

SPAN = LENGTH + (LOOKS - 1) * HOP
"""Samples that the looks of one frame take in together: 275 ms."""

BEHIND = SPAN - AHEAD
"""How many of them lie before the moment."""

BANDS = 32
FEATURES = LOOKS * BANDS
MEMORY = 160
"""The size of the network's memory."""

_FFT = 1024
_EDGES_HZ = (80.0, 7600.0)
_FLOOR, _CENTRE, _SPREAD = 1e-6, 2.0, 1.6
_QUIET = 0.0025
"""Below this loudness (root of the mean square, -52 dB) the sound is silence, and the mouth rests."""

Floats = NDArray[np.float32]


def features(span: Samples) -> Floats:
    """What the network sees of one frame's sound: the logarithm of mel bands, about -2.5 for silence to 4.

    Args:
        span: float32 [SPAN] in -1..1 at SPEECH_RATE, of which the last sample lies AHEAD of the moment shown; or a
            longer stretch, for the looks of many frames at once.

    Returns:
        float32 [FEATURES], the looks in order of time (BANDS for each).
    """
    looks = np.lib.stride_tricks.sliding_window_view(span, LENGTH)[::HOP]
    power = np.square(np.abs(np.fft.rfft(looks * _WINDOW, _FFT))).astype(np.float32)
    return np.asarray((np.log10(power @ _MEL + _FLOOR).reshape(-1) + _CENTRE) / _SPREAD, dtype=np.float32)


class AudioVisemes:
    """Follows the sound of one reply, a frame at a time. Not shared between threads; the network behind it is."""

    def __init__(self) -> None:
        self._network = _network()
        self._memory: Floats = np.zeros((1, 1, MEMORY), dtype=np.float32)
        self._span: Samples = np.zeros(0, dtype=np.float32)
        self._seen: Floats = np.zeros(0, dtype=np.float32)

    def step(self, span: Samples) -> Mouth:
        """The shape for the next frame. Args: span: as `features` takes it."""
        self._look(span)
        shape, self._memory = self._network.run(None, {"sound": self._seen[None, None], "memory": self._memory})
        mouth = np.clip(np.asarray(shape, dtype=np.float32).reshape(-1), _LOWEST, 1.0)
        heard = float(np.sqrt(np.mean(np.square(span))))
        return np.asarray(mouth * np.float32(min(1.0, heard / _QUIET) ** 2), dtype=np.float32)

    def _look(self, span: Samples) -> None:
        """Take in the next frame's sound; what the last frame saw of it is not computed again."""
        if np.array_equal(span[:-SAMPLES_PER_FRAME], self._span[SAMPLES_PER_FRAME:]):
            new = features(span[-(LENGTH + SAMPLES_PER_FRAME - HOP) :])
            self._seen = np.concatenate([self._seen[new.size :], new])
        else:
            self._seen = features(span)
        self._span = span.copy()


@lru_cache(maxsize=1)
def _network() -> InferenceSession:
    """The network, loaded once, on one thread."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    data = files("avatar.face").joinpath("audio_visemes.onnx").read_bytes()
    return InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _mel() -> Floats:
    """float32 [_FFT / 2 + 1, BANDS]: triangular bands, evenly spaced on the mel scale (HTK's formula)."""
    low, high = (2595.0 * np.log10(1.0 + edge / 700.0) for edge in _EDGES_HZ)
    edges = 700.0 * (10.0 ** (np.linspace(low, high, BANDS + 2) / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(_FFT, 1.0 / SPEECH_RATE)[:, None]
    rise = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rise, fall)).astype(np.float32)


_MEL = _mel()
_WINDOW: Samples = np.hanning(LENGTH).astype(np.float32)
_LOWEST: Floats = np.array([-1.0 if name in ("wide", "smile") else 0.0 for name in MOUTH], dtype=np.float32)

OPEN, CLOSE = MOUTH_INDEX["jaw"], MOUTH_INDEX["close"]
"""Where the shape holds the jaw and the closing of the lips."""
