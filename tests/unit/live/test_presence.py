"""What the persona does shows in its face: it nods while it listens, and looks away while it thinks.

The session is the real one, and so is the motion; only the pictures are not drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from avatar.dialog.conversation import Conversation
from avatar.face.motion import Motion
from avatar.face.params import INDEX
from avatar.live.options import SessionOptions
from avatar.live.outlet import Outlet
from avatar.live.picture import FaceLoop
from avatar.live.prepared import PreparedSpeech
from avatar.live.session import Session
from avatar.live.shared import SharedStages
from avatar.media import FPS, Frame, PhoneSpan, Samples
from avatar.stages import Presence, Style
from tests.unit.live.fakes import (
    NOISE,
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

SECONDS = 15
PICTURE = np.zeros((2, 2, 3), dtype=np.uint8)


class MovingAnimator:
    """Moves as the real face does, and notes how, and what it was doing."""

    size = 256

    def __init__(self, seed: int) -> None:
        self._motion = Motion(seed)
        self._presence: Presence = "idle"
        self.moved: list[tuple[Presence, NDArray[np.float32]]] = []

    def begin(self, at: int = 0) -> None:
        self._motion.begin(at)

    def speak(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        self._motion.hear(samples, phones, at)

    def stop(self) -> None:
        self._motion.stop()

    def feel(self, style: Style, at: int = 0) -> None:
        self._motion.feel(style, at)

    def attend(self, presence: Presence) -> None:
        self._presence = presence
        self._motion.attend(presence)

    def frame(self) -> Frame:
        self.moved.append((self._presence, self._motion.step().vector()))
        return Frame(PICTURE, 0.0)

    def skip(self) -> None:
        self.moved.append((self._presence, self._motion.step().vector()))

    def track(self, presence: Presence, name: str) -> NDArray[np.float32]:
        """One parameter, frame by frame, while the persona did something."""
        return np.array([vector[INDEX[name]] for doing, vector in self.moved if doing == presence])


def converse(seed: int) -> MovingAnimator:
    """Some seconds of silence, as many of a question, and as many until the model has an answer."""

    async def run() -> MovingAnimator:
        loop, labour, animator = asyncio.get_running_loop(), Labour(), MovingAnimator(seed)
        persona, knowledge = lu_xun()
        conversation = Conversation(persona, knowledge, ScriptedGenerator("路。", first_after=SECONDS))
        speech = PreparedSpeech(ToneSynthesizer())
        ears = LoudnessVad(), ScriptedDetector([0.9]), ScriptedRecognizer(["您怎么看希望?"])
        stages = SharedStages(*ears, speech, labour.run, 80)

        def make_face(outlet: Outlet, chosen: SessionOptions) -> FaceLoop:
            return FaceLoop(animator, OneByteEncoder(), outlet, labour.run, loop.time)

        async with Session(conversation, stages, SessionOptions(video=True), make_face, loop.time) as session:
            for level in (0.0, 0.3, 0.0):
                for _ in range(SECONDS * 10):
                    session.hear(np.tile(NOISE, 5) * np.float32(level))
                    await asyncio.sleep(0.1)
        return animator

    return run_virtually(run())


@pytest.fixture(scope="module")
def faces() -> list[MovingAnimator]:
    """Two faces that went through the same."""
    return [converse(seed) for seed in (1, 2)]


def nods(pitch: NDArray[np.float32]) -> int:
    """How often the head dips and comes up again within three quarters of a second, by more than it sways."""
    window = 19
    level = np.convolve(pitch, np.ones(window) / window, "same")
    dips = (pitch - level)[window:-window] < -0.007
    return int((np.diff(dips.astype(int)) == 1).sum())


def test_each_presence_reaches_the_face(faces: list[MovingAnimator]) -> None:
    for face in faces:
        for presence in ("idle", "listening", "thinking"):
            assert face.track(presence, "yaw").size == pytest.approx(SECONDS * FPS, abs=FPS)


def test_the_listener_nods_and_whoever_is_idle_does_not(faces: list[MovingAnimator]) -> None:
    for face in faces:
        assert nods(face.track("listening", "pitch")) >= 2
    idle = sum(nods(face.track("idle", "pitch")) for face in faces)
    assert 3 * idle < sum(nods(face.track("listening", "pitch")) for face in faces)


def test_the_thinker_looks_up_and_aside_and_frowns(faces: list[MovingAnimator]) -> None:
    for face in faces:
        away = {doing: _away(face, doing) for doing in ("listening", "thinking")}
        assert away["thinking"] > 0.4
        assert away["listening"] < 0.25
        assert face.track("thinking", "gaze_y").mean() > face.track("listening", "gaze_y").mean() + 0.05
        assert face.track("thinking", "brow_down").mean() > face.track("listening", "brow_down").mean() + 0.08


def _away(face: MovingAnimator, presence: Presence) -> float:
    """The share of the time in which the eyes are turned away."""
    x, y = face.track(presence, "gaze_x"), face.track(presence, "gaze_y")
    return float(np.mean(np.maximum(np.abs(x), np.abs(y)) > 0.15))


def test_the_face_of_a_thinker_is_never_frozen(faces: list[MovingAnimator]) -> None:
    for face in faces:
        for name in ("yaw", "pitch", "breath", "gaze_x"):
            still = np.abs(np.diff(face.track("thinking", name))) == 0
            assert still.mean() < 0.2
