"""What the joining of the stages costs by itself: the time to the first sound when every stage takes none.

A spoken question is played into a live session in real time. Everything is real, threads included, but the engines,
which answer at once. What the session waits for on purpose (the pause after which a turn is over, the microphone's own
blocks) is known from the same turn on a virtual clock, where only waiting takes time, and taken away.
"""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass, field

import numpy as np

from avatar.dialog.conversation import Conversation
from avatar.dialog.passage import Grounding
from avatar.engines import Engines
from avatar.errors import EngineError, Language
from avatar.live.events import ReplyAudio
from avatar.live.options import SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import FaceLoop
from avatar.live.prepared import PreparedSpeech
from avatar.live.running import Runner
from avatar.live.session import Session
from avatar.live.shared import SharedStages
from avatar.settings import Settings
from tests.unit.live.fakes import (
    NOISE,
    CountingAnimator,
    Labour,
    LoudnessVad,
    OneByteEncoder,
    ScriptedDetector,
    ScriptedGenerator,
    ScriptedRecognizer,
    ToneSynthesizer,
    lu_xun,
)
from tests.unit.live.virtual_time import run_virtually

RUNS = 40
BLOCK_S = 0.02
SILENT_BLOCKS, SPOKEN_BLOCKS, PATIENCE_BLOCKS = 15, 40, 250
"""Of the microphone: before the question, the question itself, and those in which the answer must come."""

LOUD = 0.3


def run(settings: Settings) -> dict[str, float]:
    """Measure.

    Returns:
        Milliseconds from the moment at which nothing is left to wait for to the first sound; and from the end of
        speech to that moment, which is waited for on purpose.

    Raises:
        EngineError: no reply came.
    """
    waited = run_virtually(_turn(Labour().run))
    engines = Engines(settings)
    try:
        cost = [1000 * turn.beyond(waited) for turn in asyncio.run(_turns(engines.run))]
    finally:
        engines.close()
    return {
        "orchestration_p50_ms": statistics.median(cost),
        "orchestration_p95_ms": float(np.percentile(cost, 95)),
        "orchestration_max_ms": max(cost),
        "waited_ms": 1000 * (waited.first_audio - waited.heard[SILENT_BLOCKS + SPOKEN_BLOCKS - 1]),
    }


@dataclass
class _Turn:
    """When each block of the microphone was handed in, and when the first sound came out, in seconds of the loop."""

    heard: list[float] = field(default_factory=list)
    first_audio: float = float("nan")

    def beyond(self, waited: _Turn) -> float:
        """Seconds that this turn took beyond one in which only waiting takes time.

        Both are counted from the block that decides: the last that the other one needed.
        """
        deciding = sum(at <= waited.first_audio for at in waited.heard) - 1
        return (self.first_audio - self.heard[deciding]) - (waited.first_audio - waited.heard[deciding])


async def _turns(run: Runner) -> list[_Turn]:
    await _turn(run)  # not counted: it imports and warms
    return [await _turn(run) for _ in range(RUNS)]


async def _turn(run: Runner) -> _Turn:
    """One spoken question, up to the first sound of its answer."""
    loop, turn = asyncio.get_running_loop(), _Turn()
    answered = asyncio.Event()
    async with _session(run) as session:

        async def read() -> None:
            async for event in session.events():
                if isinstance(event, ReplyAudio) and not answered.is_set():
                    turn.first_audio = loop.time()
                    answered.set()

        reader = asyncio.create_task(read())
        started = loop.time()
        for block in range(PATIENCE_BLOCKS):
            if answered.is_set():
                break
            turn.heard.append(loop.time())
            spoken = SILENT_BLOCKS <= block < SILENT_BLOCKS + SPOKEN_BLOCKS
            session.hear(NOISE * (LOUD if spoken else 0.0))
            await asyncio.sleep(max(0.0, started + (block + 1) * BLOCK_S - loop.time()))
    await reader
    if not answered.is_set():
        raise EngineError("No reply came to the question.", "问题没有得到回复。")
    return turn


class _Knowing(Conversation):
    """A conversation that finds its passages at once: there are none."""

    def ground(self, question: str, language: Language) -> Grounding:
        return Grounding(question, language, ())


def _session(run: Runner) -> Session:
    """A session whose engines take no time."""
    persona, knowledge = lu_xun()
    loop = asyncio.get_running_loop()
    conversation = _Knowing(persona, knowledge, ScriptedGenerator("希望是本无所谓有，无所谓无的。", 0.0, 0.0))
    voice = PreparedSpeech(ToneSynthesizer())
    recognizer = ScriptedRecognizer(["您怎么看希望？"])
    stages = SharedStages(LoudnessVad(), ScriptedDetector([0.9]), recognizer, voice, run, 80)

    def make_face(outlet: Outlet, chosen: SessionOptions) -> FaceLoop:
        return FaceLoop(CountingAnimator(), OneByteEncoder(), outlet, run, loop.time)

    return Session(conversation, stages, SessionOptions(video=True), make_face, loop.time)
