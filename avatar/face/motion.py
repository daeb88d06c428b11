"""Everything that moves in a face, frame by frame: what it says, and the life it has when it says nothing.

Pure and counted in frames: the same seed, words and calls give the same face. What is asked of it in a reply:

    begin ─► hear, feel, hear, … ─► step, step, … ─► stop          at any time: attend

Frame k of a reply shows the sound from k * 960 to k * 960 + 960. It is drawn for a moment LEAD after its start, a
little past its middle: people forgive lips that run ahead of the sound sooner than lips that lag (ITU-R BT.1359).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from avatar.face.audio_visemes import AHEAD, BEHIND, AudioVisemes
from avatar.face.blink import Blinks
from avatar.face.coarticulation import MouthTrack
from avatar.face.drift import Drift
from avatar.face.gaze import Gaze
from avatar.face.head import HEAD, LIMITS, Head
from avatar.face.mood import CHANNELS, Mood
from avatar.face.params import HIGHEST, INDEX, LOWEST, MOUTH, NAMES, FaceParams
from avatar.face.soundshape import KEPT, Loudness, Sound
from avatar.face.visemes import MOUTH_INDEX, Mouth
from avatar.media import FPS, SAMPLES_PER_FRAME, PhoneSpan, Samples
from avatar.stages import Presence, Style

LEAD = 720
"""Samples from the start of a frame to the moment of the sound that it shows: 30 ms."""

_STEPS = {
    "jaw": 0.35, "upper": 0.3, "lower": 0.3, "pucker": 0.4, "wide": 0.35, "smile": 0.15, "press": 0.5, "tuck": 0.65,
    "tongue": 0.6, "close": 1.0, "blink_left": 0.62, "blink_right": 0.62, "gaze_x": 0.45, "gaze_y": 0.35,
    "squint": 0.06, "brow_up": 0.2, "brow_down": 0.06, "brow_inner": 0.06, "yaw": 0.015, "pitch": 0.025, "roll": 0.012,
    "tx": 0.003, "ty": 0.003, "scale": 0.003, "breath": 0.08,
}  # fmt: skip
MAX_STEP: NDArray[np.float32] = np.array([_STEPS[name] for name in NAMES], dtype=np.float32)
"""The furthest that each parameter moves from one frame to the next, in the order of `params.NAMES`."""

_RELEASE, _STILL = np.float32(0.55), 0.008
"""After `stop` the mouth keeps this share of its shape with every frame, until it is as good as still."""

_EYE_RANGE = 0.6
"""Radians that the eyes turn at a gaze of 1."""

_COUNTER = 0.8
"""How much of the head's turn the eyes take back, so that the gaze stays where it was (the vestibulo-ocular reflex)."""

_LID_FOLLOWS = 0.3
"""How far the upper lid sinks with a gaze that is lowered by 1."""

_QUIET_JAW, _LOUD_JAW = 0.72, 1.08
"""What is left of the jaw's opening at no loudness, and at full."""

_REST: Style = "calm"
_EARLY = 6000
"""Samples by which the face is ahead of words that are meant otherwise than those before: a quarter of a second."""

_ROUND = 0.6
"""How much of a mood's smile gives way to lips that are rounded."""

_MOST = np.where([name in ("brow_up", "brow_down", "squint") for name in HEAD], 1.0, LIMITS)
"""The furthest that the head goes with a mood; brows and lids go as far as they can."""

_BREATHS: dict[Presence, float] = {"idle": 0.23, "listening": 0.24, "thinking": 0.25, "speaking": 0.29}
_STRESS_RISE, _STRESS_LEVEL, _STRESS_GAP = 0.16, 0.6, 9


class Motion:
    """The motion of one face. Not shared between threads.

    Args:
        seed: which of all possible lives it leads.
        liveliness: 1 as people are; 0 moves nothing but the mouth, which then rests exactly at zero.
    """

    def __init__(self, seed: int = 0, *, liveliness: float = 1.0) -> None:
        streams = [Generator(PCG64(child)) for child in SeedSequence(seed).spawn(4)]
        self._blinks, self._gaze, self._head = Blinks(streams[0]), Gaze(streams[1]), Head(streams[2])
        self._breath = _Breath(streams[3])
        self._mood = Mood()
        self._worn = np.zeros(len(MOUTH), dtype=np.float32)
        self._liveliness = liveliness
        self._presence: Presence = "idle"
        self._last = FaceParams().vector()
        self._speech: Speech | None = None

    def begin(self, at: int = 0) -> None:
        """A reply starts, or goes on: the next frame shows it from sample `at` on; see `Animator.begin`."""
        self._speech = Speech(at)

    def hear(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        """What will sound; see `Animator.speak`. Without a reply under way it is dropped: it came too late."""
        if self._speech is not None:
            self._speech.hear(samples, phones, at)

    def feel(self, style: Style, at: int = 0) -> None:
        """How the reply is meant from a sample on; see `Animator.feel`. Without a reply under way it is dropped."""
        if self._speech is not None:
            self._speech.feel(style, at)

    def stop(self) -> None:
        """The reply is over: the mouth comes to rest within half a second, what a mood left in it within two."""
        self._speech = None

    def attend(self, presence: Presence) -> None:
        """What the persona is doing from now on."""
        self._presence = presence

    def step(self) -> FaceParams:
        """The parameters of the next frame, no further from the last than MAX_STEP."""
        target = np.zeros(len(NAMES), dtype=np.float32)
        stress, phrase_end, style = 0.0, False, _REST
        if self._speech is None:
            target[: len(MOUTH)] = _released(self._last[: len(MOUTH)] - self._worn)
        else:
            target[: len(MOUTH)], stress, phrase_end = self._speech.step()
            style = self._speech.style
        mood = dict(zip(CHANNELS, self._mood.step(style), strict=True))
        self._live(target, mood, stress, phrase_end)
        self._wear(target, mood)
        self._last = self._last + np.clip(target - self._last, -MAX_STEP, MAX_STEP)
        return FaceParams.of(self._last)

    def _wear(self, target: NDArray[np.float32], mood: dict[str, float]) -> None:
        """Add a mood to the mouth; a smile gives way to rounded lips."""
        share = 1.0 - _ROUND * float(target[INDEX["pucker"]])
        spoken = target[: len(MOUTH)].copy()
        for name in ("smile", "wide"):
            place = INDEX[name]
            target[place] = np.clip(target[place] + np.float32(share * mood[name]), LOWEST[place], HIGHEST[place])
        self._worn = target[: len(MOUTH)] - spoken

    def _live(self, target: NDArray[np.float32], mood: dict[str, float], stress: float, phrase_end: bool) -> None:
        """Write everything but the mouth."""
        look = self._gaze.step(self._presence)
        manner = self._mood.look
        head = self._head.step(self._presence, self._gaze.target, stress=stress, phrase_end=phrase_end, manner=manner)
        head = np.clip(head + [mood.get(name, 0.0) for name in HEAD], -_MOST, _MOST)
        left, right = self._blinks.step(self._presence, phrase_end=phrase_end, jump=self._gaze.jumped)
        for name, value in zip(HEAD, head, strict=True):
            target[INDEX[name]] = value
        target[INDEX["brow_inner"]] = mood["brow_inner"]
        target[INDEX["gaze_x"]] = look[0] - _COUNTER * head[HEAD.index("yaw")] / _EYE_RANGE
        target[INDEX["gaze_y"]] = look[1] + mood["gaze_y"] - _COUNTER * head[HEAD.index("pitch")] / _EYE_RANGE
        sunk = _LID_FOLLOWS * max(0.0, -float(target[INDEX["gaze_y"]])) + mood["lids"]
        target[INDEX["blink_left"]] = max(left, sunk)
        target[INDEX["blink_right"]] = max(right, sunk)
        target[INDEX["breath"]] = self._breath.step(self._presence)
        target[len(MOUTH) :] *= self._liveliness


class Speech:
    """The mouth of one reply, and the accents that its sound gives to the rest of the face.

    Args:
        at: the reply's sample at which the first frame begins.
    """

    def __init__(self, at: int = 0) -> None:
        self._track, self._sound = MouthTrack(), Sound(at)
        self._follower, self._loudness = AudioVisemes(), Loudness()
        self._frame = at // SAMPLES_PER_FRAME
        self._usual = 0.0
        self._since_stress = _STRESS_GAP
        self._styles: list[tuple[int, Style]] = []
        self.style: Style = _REST
        """How what is said in the frame stepped last is meant, or what follows it closely."""

    def hear(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        """Append sound and make phones known."""
        self._sound.add(samples)
        self._track.add(phones, at)

    def feel(self, style: Style, at: int) -> None:
        """How the reply is meant from a sample on; what was told for later is forgotten."""
        self._styles = [*(known for known in self._styles if known[0] < at), (at, style)]

    def step(self) -> tuple[Mouth, float, bool]:
        """The mouth of the next frame, the strength of a syllable that begins (0: none), whether a phrase ends."""
        time = self._frame * SAMPLES_PER_FRAME + LEAD
        heard = self._follower.step(self._sound.between(time - BEHIND, time + AHEAD))
        while self._styles and self._styles[0][0] <= time + _EARLY:
            self.style = self._styles.pop(0)[1]
        level = self._loudness.step(self._sound.around(time))
        known, cover = self._track.moment(time)
        known[MOUTH_INDEX["jaw"]] *= _QUIET_JAW + (_LOUD_JAW - _QUIET_JAW) * level
        share = np.float32(min(1.0, 2.0 * cover))
        phrase_end = self._track.phrase_ends(time - SAMPLES_PER_FRAME, time)
        self._frame += 1
        self._track.forget(time)
        self._sound.forget(time - KEPT)
        return share * known + (1 - share) * heard, self._stress(level), phrase_end

    def _stress(self, level: float) -> float:
        """A syllable is strong that rises well above what was usual in the last half second."""
        rise = level - self._usual
        self._usual += 0.12 * rise
        self._since_stress += 1
        if rise < _STRESS_RISE or level < _STRESS_LEVEL or self._since_stress < _STRESS_GAP:
            return 0.0
        self._since_stress = 0
        return min(1.0, 0.4 + rise)


class _Breath:
    """Breathing: in for two fifths of the time, out for the rest, never quite even."""

    def __init__(self, rng: Generator) -> None:
        self._drift = Drift(rng, 2.0, 1)
        self._phase = 0.0

    def step(self, presence: Presence) -> float:
        """How full the lungs are in the next frame, 0..1; the first frame is empty."""
        phase = self._phase
        self._phase = (phase + _BREATHS[presence] * (1.0 + 0.15 * float(self._drift.step()[0])) / FPS) % 1.0
        half = phase / 0.8 if phase < 0.4 else 0.5 + (phase - 0.4) / 1.2
        return 0.5 - 0.5 * math.cos(2.0 * math.pi * half)


def _released(mouth: Mouth) -> Mouth:
    """The mouth of the next frame on its way to rest: exactly zero once that cannot be seen."""
    smaller = mouth * _RELEASE
    return np.where(np.abs(smaller) < _STILL, np.float32(0.0), smaller)
