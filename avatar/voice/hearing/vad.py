"""Voice activity with Silero (v6), the model that faster-whisper carries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from avatar.errors import WeightsError
from avatar.media import HEARING_RATE, Samples
from avatar.voice.hearing.features import sane
from avatar.voice.hearing.onnx import open_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WINDOW = 512
"""Samples that one probability stands for: 32 ms."""

_CONTEXT = 64
"""Samples of the window before that the model sees again."""

_STATE = (1, 1, 128)
_INPUTS = frozenset({"input", "h", "c"})


@dataclass(frozen=True, slots=True)
class SpeechSpan:
    """A stretch of speech, in samples at HEARING_RATE; end is exclusive."""

    start: int
    end: int


class SileroVoiceActivity:
    """Implements `VoiceActivity`. The session is shared, the state is each stream's own.

    Args:
        model: the ONNX file; faster-whisper's own where none is given.

    Raises:
        WeightsError: the file is missing or another model.
    """

    name = "silero"
    device = "cpu"

    def __init__(self, model: Path | None = None) -> None:
        self._session = open_session(model or packaged_model(), _INPUTS)

    def open(self) -> SileroStream:
        return SileroStream(self._session)

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """float32 [ceil(n / 512)]: a whole recording at once, the last window filled up with silence."""
        missing = -samples.size % WINDOW
        return np.asarray(self.open().push(np.pad(samples, (0, missing))), dtype=np.float32)

    def warm(self) -> None:
        """Make the first call as quick as the others."""
        self.open().push(np.zeros(WINDOW, dtype=np.float32))


class SileroStream:
    """Implements `VoiceStream`."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session
        self.reset()

    def reset(self) -> None:
        self._h = np.zeros(_STATE, dtype=np.float32)
        self._c = np.zeros(_STATE, dtype=np.float32)
        self._context = np.zeros(_CONTEXT, dtype=np.float32)
        self._rest = np.zeros(0, dtype=np.float32)

    def push(self, samples: Samples) -> list[float]:
        heard = np.concatenate([self._rest, sane(samples)])
        count = heard.size // WINDOW
        self._rest = heard[count * WINDOW :].copy()
        if count == 0:
            return []
        whole = np.concatenate([self._context, heard[: count * WINDOW]])
        self._context = whole[-_CONTEXT:].copy()
        windows = np.lib.stride_tricks.sliding_window_view(whole, _CONTEXT + WINDOW)[::WINDOW]
        feed = {"input": np.ascontiguousarray(windows), "h": self._h, "c": self._c}
        speech, self._h, self._c = self._session.run(["speech_probs", "hn", "cn"], feed)
        return [float(probability) for probability in speech.reshape(-1)]


def speech_spans(
    probabilities: NDArray[np.float32], *, threshold: float = 0.5, pause_s: float = 0.5
) -> list[SpeechSpan]:
    """Where there is speech: windows from `threshold` on open a span, `pause_s` below `threshold - 0.15` closes it."""
    spans: list[SpeechSpan] = []
    start = quiet_since = -1
    pause = max(1, round(pause_s * HEARING_RATE / WINDOW))
    for index, probability in enumerate([*probabilities, *[0.0] * pause]):
        if probability >= threshold:
            start = index if start < 0 else start
            quiet_since = -1
        elif start >= 0 and probability < threshold - 0.15:
            quiet_since = index if quiet_since < 0 else quiet_since
            if index - quiet_since + 1 >= pause:
                spans.append(SpeechSpan(start * WINDOW, quiet_since * WINDOW))
                start = quiet_since = -1
    return spans


def packaged_model() -> Path:
    """The model inside faster-whisper, found without importing it.

    Raises:
        WeightsError: this faster-whisper carries none of the known signature.
    """
    import importlib.util

    spec = importlib.util.find_spec("faster_whisper")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        for model in sorted(Path(folder, "assets").glob("silero_vad*.onnx"), reverse=True):
            return model
    raise WeightsError(
        "The voice activity model is not in this faster-whisper. Install faster-whisper 1.2 or later.",
        "当前的 faster-whisper 不含语音活动检测模型。请安装 faster-whisper 1.2 或更高版本。",
    )
