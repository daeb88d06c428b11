"""One reply: its handle, its timeline, and how much of it was heard."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from avatar.errors import Language
from avatar.live.events import CancelReason, ReplyStatus, StageTimes
from avatar.media import SPEECH_RATE, ClauseSpeech

Clock = Callable[[], float]


@dataclass(slots=True)
class Stopwatch:
    """Notes when each stage first gave something; the zero is the end of the user's speech."""

    zero: float
    now: Clock = time.monotonic
    times: StageTimes = field(default_factory=StageTimes)

    def mark(self, stage: str) -> None:
        """Note the first output of a stage, named as in StageTimes; later ones are passed over."""
        if getattr(self.times, stage) is None:
            self.times = replace(self.times, **{stage: self.now() - self.zero})


@dataclass(slots=True)
class Reply:
    """The handle of one reply. A barge-in cancels it; whoever still works for it finds it cancelled and stops."""

    id: str
    generation: int
    language: Language
    watch: Stopwatch
    status: ReplyStatus | None = None
    reason: CancelReason | None = None
    sent: int = 0
    played: int | None = None
    _words: list[tuple[int, str]] = field(default_factory=list)

    @property
    def cancelled(self) -> bool:
        return self.status == "cancelled"

    def cancel(self, reason: CancelReason) -> None:
        """Break the reply off, unless it is over already."""
        if self.status is None:
            self.status = "cancelled"
            self.reason = reason

    def finish(self, status: ReplyStatus) -> None:
        """The reply is over; a cancelled one stays cancelled."""
        if self.status is None:
            self.status = status

    def first_picture(self, generation: int) -> None:
        """The first picture of a generation was sent."""
        if generation == self.generation:
            self.watch.mark("first_frame_s")

    def place(self, speech: ClauseSpeech) -> None:
        """Note where the words of the next clause will sound; the clause starts after what was sent so far."""
        if speech.words:
            self._words.extend((self.sent + word.start, word.text) for word in speech.words)
        else:
            self._words.append((self.sent, speech.text))

    def write(self, text: str) -> None:
        """Note words that are sent as text, without sound."""
        self._words.append((self.sent, text))

    def text_until(self, sample: int) -> str:
        """The words that begin before a sample of the reply."""
        return "".join(text for start, text in self._words if start < sample)

    @property
    def text(self) -> str:
        """All the words placed so far."""
        return "".join(text for _, text in self._words)

    def heard(self, now: float) -> str:
        """The words that the user has heard: by the player's report, or by the clock where it never reported."""
        if self.played is not None:
            return self.text_until(self.played)
        return self.text_until(min(self.sent, int(self.since_first_sound(now) * SPEECH_RATE)))

    def since_first_sound(self, now: float) -> float:
        """Seconds since the first sound was sent; 0 before it."""
        first = self.watch.times.first_audio_s
        return 0.0 if first is None else now - self.watch.zero - first

    def left_to_play(self, now: float) -> float:
        """Seconds of sound that were sent and, by the clock, not yet played."""
        return self.sent / SPEECH_RATE - self.since_first_sound(now) if self.sent else 0.0
