"""Two faces at 25 pictures a second on one core: how many pictures come late.

Each stream is what a conversation has: the motion of a real sentence, the renderer and the H.264 encoder, on a thread
of its own, all on one core. A sentence is said, the face listens for a while, and says the next. All streams ask for
their picture at the same instant, every 40 ms, which is the worst case; a picture is begun at that instant and not
before, and none is left out, so that what is late delays what follows. A live session is more lenient: it begins a
picture a quarter of a second ahead. A picture is late when it is ready more than 40 ms after its instant.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

from avatar.face.encode import H264Encoder
from avatar.face.landmarks import FaceFinder
from avatar.face.rig import load_rig
from avatar.face.warp import WarpAnimator
from avatar.media import FPS, SAMPLES_PER_FRAME
from avatar.models import model_path
from avatar.settings import Settings
from benchmarks._portrait import SIZE, Spoken, one_core
from benchmarks.face import photographs, sentences

STREAMS = 2
PAUSE_FRAMES = 2 * FPS
"""The face listens for so long between two sentences."""

LATE_S = 0.040


def run(settings: Settings, minutes: float = 5.0) -> dict[str, float]:
    """Measure.

    Args:
        minutes: for how long.

    Returns:
        The share of pictures that came late, and in milliseconds how long after their instant they were ready and how
        much of the core's time each took.

    Raises:
        NotFoundError: there are no photographs.
    """
    photos = photographs()
    finder = FaceFinder(model_path("face-landmarks", settings))
    spoken = sentences(settings)
    rigs = [load_rig(photos[number % len(photos)], finder, size=SIZE) for number in range(STREAMS)]
    streams = [_Stream(WarpAnimator(rig, seed), spoken[seed:] + spoken[:seed]) for seed, rig in enumerate(rigs)]
    start = time.perf_counter() + 1.0
    threads = [
        threading.Thread(target=stream.run, args=(start, round(minutes * 60 * FPS)), name=f"stream-{number}")
        for number, stream in enumerate(streams)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return figures(np.concatenate([np.array(stream.times) for stream in streams]))


def figures(times: NDArray[np.float64]) -> dict[str, float]:
    """What is told of pictures. Args: times: float64 [n, 2]: seconds until each was ready, and of the core for it."""
    ready, worked = times.T
    return {
        "frames_late_share": float((ready > LATE_S).mean()),
        "lateness_p95_ms": float(np.percentile(ready, 95)) * 1000.0,
        "lateness_p50_ms": float(np.median(ready)) * 1000.0,
        "lateness_max_ms": float(ready.max()) * 1000.0,
        "frame_cpu_ms_p50": float(np.median(worked)) * 1000.0,
        "frame_cpu_ms_p95": float(np.percentile(worked, 95)) * 1000.0,
        "frames": float(len(times)),
        "streams": float(STREAMS),
    }


class _Stream:
    """One conversation's face."""

    def __init__(self, animator: WarpAnimator, spoken: list[Spoken]) -> None:
        self._animator = animator
        self._encoder = H264Encoder(animator.size)
        self._spoken = spoken
        self.times: list[tuple[float, float]] = []

    def run(self, start: float, frames: int) -> None:
        """Draw and encode, each picture from its instant on. Args: start: of the first, on `time.perf_counter`."""
        with one_core():
            orders = self._orders()
            for number in range(frames):
                due = start + number / FPS
                time.sleep(max(0.0, due - time.perf_counter()))
                worked = time.thread_time()
                next(orders)
                self._encoder.encode(self._animator.frame().image, key=number == 0)
                self.times.append((time.perf_counter() - due, time.thread_time() - worked))

    def _orders(self) -> Iterator[None]:
        """Before each picture, tell the animator what it needs to know for it."""
        for number in count():
            sentence = self._spoken[number % len(self._spoken)]
            self._animator.attend("speaking")
            self._animator.begin()
            self._animator.speak(sentence.sound, sentence.phones, 0)
            yield from _frames(-(-sentence.sound.size // SAMPLES_PER_FRAME))
            self._animator.stop()
            self._animator.attend("listening")
            yield from _frames(PAUSE_FRAMES)


def _frames(number: int) -> Iterator[None]:
    for _ in range(number):
        yield
