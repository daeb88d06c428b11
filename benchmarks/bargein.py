"""How soon it falls silent: from the onset of a voice over a reply to the last sample of it that is sent.

Recorded voices are played, as a microphone would, over replies that sound, in a live session with all its real stages
at work, pictures included. A reply has stopped when its last sample was sent and the player was told to stand still,
whichever is later. Then the backchannels: which of them broke a reply off, though none should. At last the same in the
real page, in headless Chromium: from the onset at its microphone to silence at its loudspeaker.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from avatar.engines import Engines
from avatar.errors import EngineError, NotFoundError
from avatar.live.events import (
    ReplyAudio,
    ReplyDone,
    ReplyHeld,
    ReplyResumed,
    SessionEvent,
    SpeechStarted,
)
from avatar.live.host import SessionHost
from avatar.live.options import SessionOptions
from avatar.live.session import Session
from avatar.media import SPEECH_RATE, Samples, read_audio
from avatar.settings import Settings
from benchmarks._page import serving, silences
from benchmarks.reply import BLOCK, PERSONA, spoken_questions

RUNS = 12
BROWSER_RUNS = 10
AFTER_S = 1.0
"""How long a reply sounds before somebody speaks over it."""

PATIENCE_S = 40.0
"""The longest wait for a reply to begin."""

GRACE_S = 1.0
"""After the voice, the time in which a reply that was held must have gone on."""

ATTEMPTS = 3
"""A reply may be over before the voice begins; then another is spoken over."""

TYPED = ("您小时候在绍兴是怎样过的？请细细讲一讲。", "您为什么放弃学医，改去写文章？请讲讲当时的情形。")
"""Questions whose answers are not short."""


def run(settings: Settings) -> dict[str, float]:
    """Measure.

    Returns:
        Milliseconds from the onset of the voice, and the share of backchannels that broke a reply off.

    Raises:
        NotFoundError: the recordings are not there.
    """
    folder = spoken_questions()[0].parent
    voices = recordings(folder, "bargein") + spoken_questions()
    backchannels = recordings(folder, "backchannel")
    engines = Engines(settings)
    try:
        host = SessionHost(engines)
        at_the_server = asyncio.run(_measure(host, list(islice(cycle(voices), RUNS)), backchannels))
        return at_the_server | _in_the_browser(host, recordings(folder, "bargein"))
    finally:
        engines.close()


def _in_the_browser(host: SessionHost, voices: list[Path]) -> dict[str, float]:
    """The same as it is heard: the real page, in Chromium."""
    questions = list(islice(cycle(TYPED), -(-BROWSER_RUNS // len(voices))))
    with serving(host) as address:
        heard = [silences(address, voice, questions) for voice in voices]
    milliseconds = [silence for one in heard for silence in one.silent_after]
    return {
        "browser_silent_p50_ms": statistics.median(milliseconds),
        "browser_silent_p95_ms": float(np.percentile(milliseconds, 95)),
        "browser_passed_over": float(sum(one.passed_over for one in heard)),
        "browser_missed": float(sum(one.missed for one in heard)),
    }


def recordings(folder: Path, kind: str) -> list[Path]:
    """The recordings of a kind.

    Raises:
        NotFoundError: there are none.
    """
    found = sorted(folder.glob(f"*_{kind}_*.wav"))
    if not found:
        raise NotFoundError(
            f"There are no recordings *_{kind}_*.wav in {folder}.", f"{folder} 里没有录音 *_{kind}_*.wav。"
        )
    return found


async def _measure(host: SessionHost, voices: list[Path], backchannels: list[Path]) -> dict[str, float]:
    await _speak_over(host, TYPED[0], voices[0])  # not counted: it loads, compiles and warms
    stops = [await _speak_over(host, TYPED[index % 2], voice) for index, voice in enumerate(voices)]
    heard = [await _speak_over(host, TYPED[index % 2], voice) for index, voice in enumerate(backchannels)]
    milliseconds = [1000 * stop.seconds for stop in stops]
    return {
        "stop_p50_ms": statistics.median(milliseconds),
        "stop_p95_ms": float(np.percentile(milliseconds, 95)),
        "stop_max_ms": max(milliseconds),
        "decided_p50_ms": statistics.median(1000 * (stop.decided - stop.onset) for stop in stops),
        "missed_rate": statistics.mean(not stop.interrupted for stop in stops),
        "false_stop_rate": statistics.mean(stop.interrupted for stop in heard),
        "backchannel_pause_p50_ms": statistics.median(1000 * stop.pause for stop in heard),
    }


@dataclass
class _Stop:
    """What was seen of one reply that somebody spoke over; times are those of the clock."""

    onset: float = float("nan")
    first_audio: float = float("nan")
    last_audio: float = float("nan")
    held: float = float("nan")
    resumed: float = float("nan")
    decided: float = float("nan")
    interrupted: bool = False
    over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def seconds(self) -> float:
        """From the onset of the voice until the reply had stopped; NaN where it never did."""
        return max(self.last_audio, self.held) - self.onset

    @property
    def pause(self) -> float:
        """How long the reply stood still; 0 where it did not."""
        return 0.0 if np.isnan(self.held) or np.isnan(self.resumed) else self.resumed - self.held

    def see(self, event: SessionEvent, now: float) -> None:
        """Take in an event."""
        match event:
            case ReplyAudio():
                self.first_audio = now if np.isnan(self.first_audio) else self.first_audio
                self.last_audio = now if np.isnan(self.held) else self.last_audio
            case ReplyHeld():
                self.held = now if np.isnan(self.held) else self.held
            case ReplyResumed():
                self.resumed = self.decided = now
            case SpeechStarted():
                self.interrupted, self.decided = True, now
            case ReplyDone():
                self.over = True


@dataclass
class _Microphone:
    """Sends silence in real time, and a recording when it is told to."""

    session: Session
    waiting: list[Samples] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    sent: int = 0

    async def run(self) -> None:
        rng = np.random.default_rng(0)
        while True:
            block = self.waiting.pop(0) if self.waiting else np.zeros(BLOCK, dtype=np.float32)
            self.session.hear(block + rng.normal(0, 1e-4, BLOCK).astype(np.float32))
            self.sent += BLOCK
            await asyncio.sleep(max(0.0, self.started + self.sent / SPEECH_RATE - time.monotonic()))

    def speak(self, voice: Samples) -> float:
        """Say something next; returns the time at which the voice sets in."""
        padded = np.pad(voice, (0, -voice.size % BLOCK))
        self.waiting = list(padded.reshape(-1, BLOCK))
        return self.started + (self.sent - BLOCK + _onset(voice)) / SPEECH_RATE


async def _speak_over(host: SessionHost, question: str, recording: Path) -> _Stop:
    """Ask, let the reply sound for a while, speak over it, and see what comes of it."""
    voice = read_audio(recording, SPEECH_RATE)
    for _ in range(ATTEMPTS):
        stop = await _attempt(host, question, voice)
        if not np.isnan(stop.held):
            return stop
    raise EngineError(
        f"No reply was held when {recording.name} was played over it.", f"播放 {recording.name} 时没有回复被按住。"
    )


async def _attempt(host: SessionHost, question: str, voice: Samples) -> _Stop:
    stop = _Stop()
    options = SessionOptions(video=True, size=host.engines.settings.face.size)
    async with host.open(PERSONA, options) as session:
        microphone = _Microphone(session)
        tasks = [asyncio.create_task(microphone.run()), asyncio.create_task(_watch(session, stop))]
        session.type(question)
        session.reply()
        await _until(stop, lambda: not np.isnan(stop.first_audio) or stop.over, PATIENCE_S)
        await asyncio.sleep(AFTER_S)
        stop.onset = microphone.speak(voice)
        await _until(stop, lambda: not np.isnan(stop.decided), voice.size / SPEECH_RATE + GRACE_S)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return stop


async def _watch(session: Session, stop: _Stop) -> None:
    async for event in session.events():
        stop.see(event, time.monotonic())
        stop.changed.set()


async def _until(stop: _Stop, done: Callable[[], bool], patience: float) -> None:
    """Wait until something was seen, but not for ever."""

    async def seen() -> None:
        while not done():
            stop.changed.clear()
            await stop.changed.wait()

    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(seen(), patience)


def _onset(voice: Samples) -> int:
    """The first sample of the first 20 ms that stand out: within 30 dB of the loudest, and 10 dB above the noise."""
    step = SPEECH_RATE // 100
    blocks = voice[: voice.size // step * step].reshape(-1, step)
    level = np.sqrt(np.mean(blocks**2, axis=1))
    noise = np.percentile(level[level > 0], 10)
    threshold = max(level.max() * 10 ** (-30 / 20), noise * 10 ** (10 / 20))
    loud = level > threshold
    return int(np.flatnonzero(loud[:-1] & loud[1:])[0]) * step
