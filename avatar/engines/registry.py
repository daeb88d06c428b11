"""The engines that the settings name: each built once, when it is first asked for, shared by every session.

An engine is found by its name through an entry point of this package or of any other that is installed:

    [project.entry-points."avatar.recognizer"]
    my-engine = "my_package:build"          # build(settings: Settings) -> Recognizer
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from typing import Any, TypeVar, cast

from avatar.engines.checking import SelfCheck
from avatar.engines.voices import mark_network
from avatar.errors import SettingsError
from avatar.settings import Settings
from avatar.stages import (
    AnimatorEngine,
    Embedder,
    Engine,
    Generator,
    Pronouncer,
    Recognizer,
    Synthesizer,
    TurnDetector,
    VoiceActivity,
)

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
        self.self_check = SelfCheck(lambda: self.recognizer)

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
    def narrator(self) -> Synthesizer:
        """The synthesizer for what is written to files: with the check, unless the settings leave it out."""
        return self.narrating({})

    def narrating(self, readings: Mapping[str, str]) -> Synthesizer:
        """The narrator with a persona's lexicon, where the engine takes one.

        Raises:
            InputError: a reading cannot be used.
        """
        engine = self.pronouncing(readings)
        return self.self_check.checked(engine) if self.settings.speaking.check else engine

    def pronouncing(self, readings: Mapping[str, str]) -> Synthesizer:
        """The synthesizer with a persona's lexicon, where it takes one. Raises as `narrating`."""
        engine = self.synthesizer
        return engine.pronouncing(readings) if readings and isinstance(engine, Pronouncer) else engine

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
