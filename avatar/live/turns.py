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

A voice over a reply holds the reply at once, and decides later what it was:

                     voice ≥ 64 ms                  voice ≥ 550 ms in all
        QUIET ───────────────────────► HELD ───────────────────────────► SPEAKING      it was an interruption
          ▲                              │
          └──────────────────────────────┘                                             it was a backchannel
                 silence ≥ 200 ms                                                      ("嗯", "uh-huh", a cough)

While held, nothing of the utterance is told: to the client, a backchannel never was. Before the reply has begun to
sound there is nothing to say "uh-huh" to, so a voice of 200 ms is taken for the rest of the question.

Sans-I/O: `push` takes the probability of speech of the next window, `score` the turn detector's answer; all that
changes the state returns what is to be done.
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


Floor = Literal["free", "answering", "sounding"]
"""Who has the floor: nobody, a reply that is still being prepared, or one that is being heard."""


@dataclass(frozen=True, slots=True)
class Held:
    """A voice over the reply, of which it is not known yet what it means. The reply waits."""


@dataclass(frozen=True, slots=True)
class Released:
    """It meant nothing: the reply goes on where it stopped."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """The voice that was let go of, start..end, was long enough for a word: what it said may tell otherwise."""

    start: int
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The user speaks. `start` includes the padding; `at` is where the voice was first found."""

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
    """The user speaks over the reply, and means it: the reply is over."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The turn is over; the utterance is start..end, and the last voice was `silence` samples ago."""

    start: int
    end: int
    silence: int


TurnAction = Held | Released | Dismissed | Opened | Paused | Resumed | Interrupted | Closed
State = Literal["quiet", "held", "speaking", "paused"]


def windows(milliseconds: int) -> int:
    """Whole windows in a time, at least one."""
    return max(1, round(milliseconds * HEARING_RATE / 1000 / WINDOW))


class TurnTaker:
    """The state machine of one session. Positions are samples at HEARING_RATE since the session began."""

    onset = windows(96)
    """Consecutive windows of voice that open an utterance."""

    touch = windows(64)
    """Consecutive windows of voice that hold a reply: fewer, since a hold can be taken back."""

    pause = windows(200)
    """Windows of silence after which the answer is prepared, or a held reply goes on."""

    ask_again = windows(500)
    """Windows between two questions to the turn detector within one silence."""

    insistence = windows(550)
    """Windows of voice over a reply that sounds, which make an interruption; "uh-huh" and "对,对" have fewer."""

    word = windows(160)
    """Windows of voice from which a backchannel may have been a word."""

    continuation = windows(200)
    """Windows of voice that make an interruption of a reply that does not sound yet."""

    hysteresis = 0.15
    """An open utterance ends only where the probability falls this far below the threshold (Silero VAD's own rule)."""

    def __init__(self, detection: TurnDetection | None = None) -> None:
        self.detection = detection or TurnDetection()
        self.state: State = "quiet"
        self._window = 0
        self._voiced_run = 0
        self._silent_run = 0
        self._contested = 0
        self._interrupted = False
        self._floor: Floor = "free"
        self._start = 0
        self._at = 0
        self._last_voice = 0

    @property
    def position(self) -> int:
        """Samples taken in so far."""
        return self._window * WINDOW

    @property
    def silent(self) -> bool:
        """Whether the last window was without voice."""
        return self._silent_run > 0

    @property
    def earliest_needed(self) -> int:
        """Sound before this sample will not be asked for any more."""
        if self.state == "quiet":
            return max(0, self.position - (self.onset + windows(self.detection.prefix_padding_ms) + 1) * WINDOW)
        return self._start

    def push(self, probability: float, floor: Floor) -> list[TurnAction]:
        """Take in the next window.

        Args:
            probability: of speech, 0..1.
            floor: who has it now.
        """
        self._window += 1
        actions = self._follow(floor)
        announced = self.state in ("speaking", "paused")
        threshold = self.detection.threshold - (self.hysteresis if announced else 0.0)
        return actions + (self._voice(floor) if probability >= threshold else self._silence(floor))

    def score(self, probability: float) -> list[TurnAction]:
        """Take in the turn detector's answer to the last question; it counts only if the silence still lasts."""
        if self.state == "paused" and probability >= FINISHED_AT[self.detection.eagerness]:
            return [self._close()]
        return []

    def reset(self) -> list[TurnAction]:
        """Forget the utterance in progress."""
        held = self.state == "held"
        self.state = "quiet"
        self._voiced_run = self._silent_run = self._contested = 0
        self._interrupted = False
        return [Released()] if held else []

    def _follow(self, floor: Floor) -> list[TurnAction]:
        """A voice contests one reply only: where that is over, or another has taken its place, it counts from here."""
        another = self._floor == "sounding" and floor == "answering"
        self._floor = floor
        if floor == "free" or another:
            self._contested, self._interrupted = 0, False
        return self.reset() if another and self.state == "held" else []

    def _voice(self, floor: Floor) -> list[TurnAction]:
        self._voiced_run += 1
        self._silent_run = 0
        self._last_voice = self.position
        self._contested += 1
        if self.state == "quiet":
            return self._maybe_begin(floor)
        if self.state == "held":
            return self._maybe_insist(floor)
        resumed: list[TurnAction] = [Resumed()] if self.state == "paused" else []
        self.state = "speaking"
        return resumed + self._maybe_interrupt(floor)

    def _maybe_begin(self, floor: Floor) -> list[TurnAction]:
        """Enough voice for an utterance: told at once where the floor is free or is not to be taken, else held."""
        contested = floor != "free" and self.detection.interrupt_response
        if self._voiced_run < (self.touch if contested else self.onset):
            return []
        self._at = self.position - self._voiced_run * WINDOW
        self._start = max(0, self._at - self.detection.prefix_padding_ms * HEARING_RATE // 1000)
        if not contested:
            return [self._open()]
        self.state = "held"
        return [Held()]

    def _maybe_insist(self, floor: Floor) -> list[TurnAction]:
        """The voice over the held reply goes on: long enough for an interruption, or the reply has ended by itself."""
        if floor == "free":
            return [Released(), self._open()]
        interrupted = self._maybe_interrupt(floor)
        return [self._open(), *interrupted] if interrupted else []

    def _open(self) -> Opened:
        self.state = "speaking"
        return Opened(self._start, self._at)

    def _maybe_interrupt(self, floor: Floor) -> list[TurnAction]:
        """Enough voice over the reply: it is an interruption."""
        enough = self.insistence if floor == "sounding" else self.continuation
        wanted = self.detection.interrupt_response and floor != "free" and not self._interrupted
        if not wanted or self._contested < enough:
            return []
        self._interrupted = True
        return [Interrupted()]

    def _silence(self, floor: Floor) -> list[TurnAction]:
        self._voiced_run = 0
        if self.state == "quiet":
            self._contested = 0
            return []
        self._silent_run += 1
        if self.state == "held":
            return self._maybe_release(floor)
        if self.detection.kind == "server_vad" and self._silent_run >= windows(self.detection.silence_ms):
            return [self._close()]
        if self._silent_run >= windows(LONGEST_WAIT_MS[self.detection.eagerness]):
            return [self._close()]
        return self._maybe_pause()

    def _maybe_release(self, floor: Floor) -> list[TurnAction]:
        if floor == "free":
            return [Released(), self._open()]
        if self._silent_run < self.pause:
            return []
        dismissed = [Dismissed(self._start, self._at, self.position)] if self._contested >= self.word else []
        return [*self.reset(), *dismissed]

    def _maybe_pause(self) -> list[TurnAction]:
        waited = self._silent_run - self.pause
        if waited < 0 or waited % self.ask_again:
            return []
        self.state = "paused"
        return [Paused(self._start, self.position, self.detection.kind == "semantic_vad")]

    def _close(self) -> Closed:
        end = min(self.position, self._last_voice + self.pause * WINDOW)
        closed = Closed(self._start, end, self.position - self._last_voice)
        self.reset()
        return closed
