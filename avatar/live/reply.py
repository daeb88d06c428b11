"""One reply: its handle, its timeline, and how much of it was heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from avatar.errors import Language
from avatar.live.events import CancelReason, ReplyStatus, StageTimes
from avatar.media import SPEECH_RATE, ClauseSpeech, WordSpan

Clock = Callable[[], float]


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


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
class Playhead:
    """How far a player is that plays at once whatever it gets: by the clock, for want of a report from the player.

    It stands still where the sound has run dry, and while the reply is held.
    """

    sent: int = 0
    _reached: float = 0.0
    _since: float = 0.0
    _held: bool = False

    def position(self, now: float) -> int:
        """Samples played."""
        return min(self.sent, int(self._at(now)))

    def left(self, now: float) -> float:
        """Seconds of sound that were sent and are not yet played; below zero, since when it has run dry."""
        return (self.sent - self._at(now)) / SPEECH_RATE

    def send(self, count: int, now: float) -> None:
        """That many samples more were sent."""
        self._settle(now)
        self.sent += count

    def hold(self, now: float) -> None:
        """Stand still."""
        self._settle(now)
        self._held = True

    def go_on(self, now: float) -> None:
        """Play on from where it stood."""
        self._settle(now)
        self._held = False

    def _settle(self, now: float) -> None:
        self._reached, self._since = min(float(self.sent), self._at(now)), now

    def _at(self, now: float) -> float:
        return self._reached + (0.0 if self._held else max(0.0, now - self._since) * SPEECH_RATE)


@dataclass(slots=True)
class Reply:
    """The handle of one reply. A barge-in cancels it; whoever still works for it finds it cancelled and stops.

    Attributes:
        filled: samples of filler at its beginning; they belong to its time, and not to its words.
        played: samples heard, by the player's report; None where it never reported.
        playhead: the same by the clock.
        free: set, except while a voice over the reply holds it; its sound is sent only while set.
    """

    id: str
    generation: int
    language: Language
    watch: Stopwatch
    status: ReplyStatus | None = None
    reason: CancelReason | None = None
    filled: int = 0
    played: int | None = None
    playhead: Playhead = field(default_factory=Playhead)
    free: asyncio.Event = field(default_factory=_set)
    _words: list[tuple[int, Sequence[WordSpan]]] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Samples of sound sent."""
        return self.playhead.sent

    @property
    def answering(self) -> bool:
        """Whether sound of the answer itself was sent."""
        return self.sent > self.filled

    @property
    def held(self) -> bool:
        """Whether a voice over the reply keeps its sound back."""
        return not self.free.is_set()

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
        """Note where the words of the next clause will sound, also those that are not known yet; the clause starts
        after what was sent so far."""
        self._words.append((self.sent, speech.words or (WordSpan(speech.text, 0, 0),)))

    def write(self, text: str) -> None:
        """Note words that are sent as text, without sound."""
        self._words.append((self.sent, (WordSpan(text, 0, 0),)))

    def text_until(self, sample: int) -> str:
        """The words that begin before a sample of the reply."""
        return "".join(word.text for at, words in self._words for word in words if at + word.start < sample)

    @property
    def text(self) -> str:
        """All the words placed so far."""
        return "".join(word.text for _, words in self._words for word in words)

    def heard(self, now: float) -> str:
        """The words that the user has heard: by the player's report, or by the clock where it never reported."""
        if self.played is not None:
            return self.text_until(self.played)
        return self.text_until(self.playhead.position(now))

    def left_to_play(self, now: float) -> float:
        """Seconds of sound that were sent and, by the clock, not yet played; below zero, since when there is none."""
        return self.playhead.left(now)

    def hold(self, *, player_waits: bool) -> None:
        """Send no more sound for now; where the player waits too, its time stands still."""
        self.free.clear()
        if player_waits:
            self.playhead.hold(self.watch.now())

    def go_on(self) -> None:
        """Go on from where the reply was held."""
        self.free.set()
        self.playhead.go_on(self.watch.now())
