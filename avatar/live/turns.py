"""Whose turn it is: a pure state machine over voice activity, with time counted in windows of 32 ms.

                     voice ≥ 96 ms                  silence ≥ 200 ms
        QUIET ───────────────────────► SPEAKING ───────────────────────► PAUSED
          ▲                               ▲ ◄──────────────────────────────┤
          │                               │            voice again         │
          └───────────────────────────────┼────────────────────────────────┘
                                                 finished, or silent too long

At the first short silence the machine asks for two things at once: whether the speaker has finished (the turn
detector), and the text so far (the recognizer), so that the answer can be prepared before the turn is known to be over.
If the speaker goes on, both are thrown away. With plain server VAD the silence alone decides.

While the persona speaks, a voice has to last before it counts as an interruption; what is shorter is taken for a
backchannel ("嗯", "uh-huh", a cough), and leaves the reply alone.

Sans-I/O: `push` takes the probability of speech of the next window, `score` the turn detector's answer; both return
what is to be done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from avatar.media import HEARING_RATE

WINDOW = 512
"""Samples at HEARING_RATE in one window of voice activity (Silero VAD)."""

Eagerness = Literal["low", "medium", "high", "auto"]

LONGEST_WAIT_MS: dict[Eagerness, int] = {"low": 8000, "medium": 4000, "high": 2000, "auto": 4000}
"""How long a speaker who seems not to have finished is waited for (OpenAI Realtime, semantic_vad)."""

FINISHED_AT: dict[Eagerness, float] = {"low": 0.7, "medium": 0.5, "high": 0.3, "auto": 0.5}
"""The turn detector's probability from which a turn is taken to be over."""


@dataclass(frozen=True, slots=True)
class TurnDetection:
    """How the end of the user's turn is found (the names and meanings are those of OpenAI Realtime).

    Attributes:
        kind: server_vad goes by silence alone, semantic_vad asks the turn detector in the silence.
        threshold: probability in 0..1 from which a window counts as speech.
        prefix_padding_ms: sound kept from before the detected start.
        silence_ms: for server_vad, the silence that ends a turn.
        eagerness: for semantic_vad, how soon the persona takes the floor.
        create_response: whether the end of a turn starts a reply.
        interrupt_response: whether speech breaks off a running reply.
    """

    kind: Literal["server_vad", "semantic_vad"] = "semantic_vad"
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_ms: int = 500
    eagerness: Eagerness = "auto"
    create_response: bool = True
    interrupt_response: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """The user began to speak. `start` includes the padding; `at` is where the voice was first found."""

    start: int
    at: int


@dataclass(frozen=True, slots=True)
class Paused:
    """A short silence: prepare the answer from the sound start..end, and score the turn if asked to."""

    start: int
    end: int
    ask_detector: bool


@dataclass(frozen=True, slots=True)
class Resumed:
    """The user went on: what was prepared is void."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user speaks over the reply, and means it."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The turn is over; the utterance is start..end.

    Attributes:
        silence: samples since the last voice.
        backchannel: it was spoken over a reply, and too short to interrupt it.
    """

    start: int
    end: int
    silence: int
    backchannel: bool = False


TurnAction = Opened | Paused | Resumed | Interrupted | Closed
State = Literal["quiet", "speaking", "paused"]


def windows(milliseconds: int) -> int:
    """Whole windows in a time, at least one."""
    return max(1, round(milliseconds * HEARING_RATE / 1000 / WINDOW))


class TurnTaker:
    """The state machine of one session. Positions are samples at HEARING_RATE since the session began."""

    onset = windows(96)
    """Consecutive windows of voice that open an utterance."""

    pause = windows(200)
    """Windows of silence after which the answer is prepared."""

    ask_again = windows(500)
    """Windows between two questions to the turn detector within one silence."""

    insistence = windows(450)
    """Windows of voice that make an interruption; a backchannel has fewer."""

    hysteresis = 0.15
    """An open utterance ends only where the probability falls this far below the threshold (Silero VAD's own rule)."""

    def __init__(self, detection: TurnDetection | None = None) -> None:
        self.detection = detection or TurnDetection()
        self.state: State = "quiet"
        self._window = 0
        self._voiced_run = 0
        self._silent_run = 0
        self._voiced = 0
        self._start = 0
        self._last_voice = 0
        self._over_reply = False
        self._interrupted = False

    @property
    def position(self) -> int:
        """Samples taken in so far."""
        return self._window * WINDOW

    @property
    def earliest_needed(self) -> int:
        """Sound before this sample will not be asked for any more."""
        if self.state == "quiet":
            return max(0, self.position - (self.onset + windows(self.detection.prefix_padding_ms) + 1) * WINDOW)
        return self._start

    def push(self, probability: float, *, replying: bool) -> list[TurnAction]:
        """Take in the next window.

        Args:
            probability: of speech, 0..1.
            replying: whether a reply is being given now.
        """
        self._window += 1
        threshold = self.detection.threshold - (0.0 if self.state == "quiet" else self.hysteresis)
        if probability >= threshold:
            return self._voice(replying)
        return self._silence()

    def score(self, probability: float) -> list[TurnAction]:
        """Take in the turn detector's answer to the last question; it counts only if the silence still lasts."""
        if self.state == "paused" and probability >= FINISHED_AT[self.detection.eagerness]:
            return [self._close()]
        return []

    def close(self) -> list[TurnAction]:
        """End the turn now, because the client says so. Nothing, if nobody was speaking."""
        return [] if self.state == "quiet" else [self._close()]

    def reset(self) -> None:
        """Forget the utterance in progress."""
        self.state = "quiet"
        self._voiced_run = self._silent_run = self._voiced = 0
        self._over_reply = self._interrupted = False

    def _voice(self, replying: bool) -> list[TurnAction]:
        self._voiced_run += 1
        self._silent_run = 0
        self._voiced += 1
        if self.state == "quiet":
            return self._maybe_open(replying)
        self._last_voice = self.position
        actions: list[TurnAction] = []
        if self.state == "paused":
            self.state = "speaking"
            actions.append(Resumed())
        return actions + self._maybe_interrupt(replying)

    def _maybe_open(self, replying: bool) -> list[TurnAction]:
        if self._voiced_run < self.onset:
            return []
        at = self.position - self._voiced_run * WINDOW
        self.state = "speaking"
        self._voiced = self._voiced_run
        self._last_voice = self.position
        self._start = max(0, at - self.detection.prefix_padding_ms * HEARING_RATE // 1000)
        self._over_reply = replying
        self._interrupted = False
        return [Opened(self._start, at)]

    def _maybe_interrupt(self, replying: bool) -> list[TurnAction]:
        if not replying or self._interrupted or self._voiced < self.insistence:
            return []
        self._interrupted = True
        return [Interrupted()] if self.detection.interrupt_response else []

    def _silence(self) -> list[TurnAction]:
        self._voiced_run = 0
        if self.state == "quiet":
            return []
        self._silent_run += 1
        if self.detection.kind == "server_vad" and self._silent_run >= windows(self.detection.silence_ms):
            return [self._close()]
        if self._silent_run >= windows(LONGEST_WAIT_MS[self.detection.eagerness]):
            return [self._close()]
        return self._maybe_pause()

    def _maybe_pause(self) -> list[TurnAction]:
        waited = self._silent_run - self.pause
        if waited < 0 or waited % self.ask_again:
            return []
        self.state = "paused"
        return [Paused(self._start, self.position, self.detection.kind == "semantic_vad")]

    def _close(self) -> Closed:
        backchannel = self._over_reply and not self._interrupted and self._voiced < self.insistence
        end = min(self.position, self._last_voice + self.pause * WINDOW)
        closed = Closed(self._start, end, self.position - self._last_voice, backchannel)
        self.reset()
        return closed
