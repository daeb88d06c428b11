"""Speech to text with a Whisper model that faster-whisper loads, utterance by utterance."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from avatar.errors import AudioError, EngineError, Language, WeightsError
from avatar.media import HEARING_RATE, MAX_UPLOAD_SECONDS, Samples
from avatar.stages import HeardWord, HearingHints, Transcript
from avatar.voice.hearing.decoder import UtteranceDecoder
from avatar.voice.hearing.features import sane
from avatar.voice.hearing.hints import prompt
from avatar.voice.hearing.pieces import pieces
from avatar.voice.hearing.transcript import finished_words, is_invention, joined
from avatar.voice.hearing.vad import SileroVoiceActivity

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

_FILES = ("model.bin", "config.json", "tokenizer.json")

logger = logging.getLogger(__name__)


class FasterWhisperRecognizer:
    """Implements `Recognizer`. May be shared between threads; calls queue at the model.

    Args:
        model: the folder of a Whisper model in CTranslate2's format.
        device: "cpu", "cuda" or "cuda:N".
        compute_type: CTranslate2's; "auto" is int8 on a CPU, float16 on a GPU.
        threads: on a CPU, for one call.

    Raises:
        WeightsError: a file of the model is missing or damaged.
        EngineError: the device cannot be used.
    """

    name = "faster-whisper"

    def __init__(self, model: Path, device: str = "cpu", compute_type: str = "auto", threads: int = 2) -> None:
        self._whisper = _load(model, device, compute_type, threads)
        self._decoder = UtteranceDecoder(self._whisper)
        self._vad = SileroVoiceActivity()

    @property
    def device(self) -> str:
        model = self._whisper.model
        return f"cuda:{model.device_index[0]}" if model.device == "cuda" else str(model.device)

    @property
    def compute_type(self) -> str:
        """What the weights are computed in, which may differ from what was asked where the device lacks it."""
        return str(self._whisper.model.compute_type)

    def transcribe(self, samples: Samples, hints: HearingHints) -> Transcript:
        """As the Protocol says; words come with times in every case (they cost about 0.03 s).

        A recording is cut at its pauses, so each piece is heard in its own language; the transcript's is that of most
        of the text.

        Raises:
            AudioError: longer than ten minutes.
            EngineError: the engine failed.
        """
        if samples.size > MAX_UPLOAD_SECONDS * HEARING_RATE:
            raise _too_long()
        samples = sane(samples)
        try:
            heard = [
                self._piece(samples[piece.start : piece.end], hints, piece.start / HEARING_RATE)
                for piece in pieces(self._vad.probabilities(samples), samples.size)
            ]
        except (RuntimeError, ValueError) as error:
            logger.warning("recognizer.failed device=%s", self.device)
            raise _failed(error) from error
        return _joined([piece for piece in heard if piece.text], hints.language or "zh")

    def warm(self) -> None:
        """Make the first call as quick as the others: load the word tables, run every part of the model once."""
        self._vad.warm()
        encoded, frames = self._decoder.encode(np.zeros(HEARING_RATE, dtype=np.float32))
        heard = self._decoder.decode(encoded, frames, self._decoder.language(encoded), prompt(HearingHints(), "zh"))
        finished_words([*heard.words, HeardWord("闰土", 0.0, 0.0, 0.0)], "zh", ("孔乙己", "润土"))

    def _piece(self, speech: Samples, hints: HearingHints, offset: float) -> Transcript:
        """The text of a few seconds of speech that begin `offset` seconds into the recording."""
        encoded, frames = self._decoder.encode(speech)
        language = hints.language or self._decoder.language(encoded)
        told = prompt(hints, language)
        heard = self._decoder.decode(encoded, frames, language, told, rough=hints.rough)
        if heard.silent or is_invention(joined(heard.words), told, doubtful=heard.doubtful):
            return Transcript("", language)
        words = finished_words(heard.words, language, hints.names)
        text = joined(words).strip()
        placed = (_placed(word, offset) for word in words if word.text.strip())
        return Transcript(text, language, tuple(placed))


def _placed(word: HeardWord, offset: float) -> HeardWord:
    """The word without the spaces around it, in the time of the recording."""
    return HeardWord(word.text.strip(), word.start + offset, word.end + offset, word.probability)


def _joined(heard: Sequence[Transcript], silence: Language) -> Transcript:
    """The pieces as one; where Chinese goes on after a pause without a mark, a comma stands for the pause."""
    if len(heard) <= 1:
        return heard[0] if heard else Transcript("", silence)
    text = ""
    for piece in heard:
        if text:
            text += " " if piece.language == "en" else "，" if text[-1].isalnum() else ""
        text += piece.text
    extent = Counter[Language]()
    for piece in heard:
        extent[piece.language] += len(piece.words)
    return Transcript(text, extent.most_common(1)[0][0], tuple(word for piece in heard for word in piece.words))


def _load(model: Path, device: str, compute_type: str, threads: int) -> WhisperModel:
    from faster_whisper import WhisperModel

    missing = [file for file in _FILES if not (model / file).is_file()]
    if missing:
        raise WeightsError(
            f"The recognizer's {missing[0]} is missing in {model}. Run `avatar models pull`.",
            f"{model} 中缺少识别模型的 {missing[0]}。请运行 `avatar models pull`。",
        )
    kind, _, index = device.partition(":")
    if compute_type == "auto":
        compute_type = "int8" if kind == "cpu" else "float16"
    try:
        return WhisperModel(
            str(model),
            device=kind,
            device_index=int(index or 0),
            compute_type=compute_type,
            cpu_threads=threads,
            local_files_only=True,
        )
    except (RuntimeError, ValueError) as error:
        raise EngineError(
            f"The recognizer in {model.name} cannot run on {device} as {compute_type}: {error}.",
            f"识别模型 {model.name} 无法以 {compute_type} 在 {device} 上运行:{error}。",
        ) from error


def _too_long() -> AudioError:
    return AudioError(
        f"The recording is longer than {MAX_UPLOAD_SECONDS:.0f} seconds. Cut it into shorter parts.",
        f"录音超过 {MAX_UPLOAD_SECONDS:.0f} 秒。请剪成较短的几段。",
        code="audio_too_long",
    )


def _failed(error: Exception) -> EngineError:
    return EngineError(
        f"The recognizer failed: {error}. Try again.",
        f"语音识别失败:{error}。请重试。",
    )
