"""The face's own loop: one picture every 40 ms, timed by the reply's sound while there is a reply.

Each generation (the time from one reply's first sample to the next reply's) has its own timeline. While the reply
sounds, picture k shows the sound around sample k·960 and is drawn only when that sound exists; after the sound the
timeline goes on by the wall clock. Where the player reports how far it is, the timeline follows the player: it is the
player's sound that the pictures must agree with. Pictures are sent a little ahead of when they are due, never far
ahead, so that an interruption throws little away. A picture that would be late is skipped: its time passes, nothing is
drawn.

While a reply is held, or has run out of sound, its timeline stands still, and the face lives on with its mouth at rest:
pictures that wait, all of the moment at which the reply stands. A held reply stands where it is heard, which is before
what was drawn last; the pictures after that are drawn again when it goes on, so that nothing in the face jumps.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

from avatar.live.events import Video
from avatar.live.outlet import Outlet
from avatar.live.reply import Clock
from avatar.live.said import Said
from avatar.media import FPS, SAMPLES_PER_FRAME, Frame, Packet, PhoneSpan, Pixels, Samples
from avatar.stages import Animator, Presence, Style

PLAYER_BUFFER_S = 0.15
"""Sound that the player gathers before it starts."""

LEAD_S = 0.25
"""How long before it is due a picture is drawn."""

MARGIN_S = 0.08
"""A picture that is begun later than this before it is due would be late at the player, and is skipped."""

PERIOD_S = 1 / FPS

WATCHED = 100
"""The last pictures of which it is counted how many had to be left out: four seconds of them."""

REPORTS = 3
"""Reports of the player of which the earliest counts: one may be late itself, never early."""


class PictureEncoder(Protocol):
    """Turns pictures into packets; keeps state from one to the next."""

    def encode(self, image: Pixels, *, key: bool = False) -> Packet:
        """One packet for one picture; with `key`, one that can be decoded without those before it."""


class FaceLoop:
    """Draws and sends the pictures of one session until it is cancelled."""

    def __init__(
        self,
        animator: Animator,
        encoder: PictureEncoder,
        outlet: Outlet,
        run: Callable[[Callable[[], Packet | None]], Awaitable[Packet | None]],
        now: Clock = time.monotonic,
    ) -> None:
        self._animator = animator
        self._encoder = encoder
        self._outlet = outlet
        self._run = run
        self._now = now
        self._orders: list[Callable[[], None]] = []
        self._changed = asyncio.Event()
        self._watched = asyncio.Event()
        self._watched.set()
        self._generation = 0
        self._epoch = now() + MARGIN_S
        self._index = 0
        self._sound: int | None = None
        self._begun = self._epoch
        self._reports: deque[float] = deque(maxlen=REPORTS)
        self._held_since: float | None = None
        self._said = Said()
        self._standing = False
        self._waited = 0
        self._next_wait = 0.0
        self._ran_dry = False
        self._presence: Presence = "idle"
        self.on_first: Callable[[int], None] = lambda generation: None
        self.skipped = 0
        self._late: deque[bool] = deque(maxlen=WATCHED)

    @property
    def lagging(self) -> bool:
        """Whether the machine is too slow for it: half of the last pictures would have come too late."""
        return len(self._late) == WATCHED and 2 * sum(self._late) >= WATCHED

    def sound(
        self, generation: int, samples: Samples, phones: Sequence[PhoneSpan], at: int, style: Style = "calm"
    ) -> None:
        """Sound of a reply was sent; the first of a generation starts its timeline.

        Args:
            style: how the clause that begins at sample `at` is meant.
        """
        if generation != self._generation:
            self._generation, self._index, self._sound = generation, 0, 0
            self._said, self._standing = Said(), False
            self._begun = self._now()
            self._epoch = self._begun + PLAYER_BUFFER_S
            self._reports.clear()
            self._orders.append(self._animator.begin)
        if self._said.feel(style, at) and not self._standing:
            self._orders.append(lambda: self._animator.feel(style, at))
        self._said.add(samples, phones, at)
        self._said.forget(self._index * SAMPLES_PER_FRAME)
        if not self._standing:
            self._orders.append(lambda: self._animator.speak(samples, phones, at))
        if self._sound is not None:
            self._sound += samples.size
        self._changed.set()

    def sound_complete(self) -> None:
        """No more sound comes for this reply: once it is shown, the face idles."""
        self._sound = None
        self._changed.set()

    def heard(self, generation: int, position: float) -> None:
        """The player's report: so many seconds of a generation's sound were heard, just now."""
        if generation == self._generation and self._held_since is None:
            self._reports.append(self._now() - position)
            if len(self._reports) == REPORTS:
                self._epoch = max(self._begun, min(self._reports))
                self._changed.set()

    def hold(self) -> None:
        """The player waits: the timeline stands still where the player is."""
        if self._held_since is None:
            self._held_since = self._now()
            heard = math.ceil((self._held_since - self._epoch) / PERIOD_S)
            self._index = max(0, min(self._index, heard))
            self._stand("listening")
            self._changed.set()

    def go_on(self) -> None:
        """The timeline goes on from where it stood; nothing, where it was not held."""
        if self._held_since is not None:
            self._epoch += self._now() - self._held_since
            self._held_since = None
            self._reports.clear()
            self._changed.set()

    def stop(self) -> None:
        """The reply is broken off."""
        self.go_on()
        self._said = Said()
        self._orders.append(self._animator.stop)
        self.sound_complete()

    def attend(self, presence: Presence) -> None:
        """What the persona does from now on."""
        self._presence = presence
        self._orders.append(lambda: self._animator.attend(presence))

    def rest(self) -> None:
        """Nobody looks: draw nothing."""
        self._watched.clear()
        self._late.clear()

    def wake(self) -> None:
        """Somebody looks again: go on from here, with a picture that stands by itself."""
        if not self._watched.is_set():
            self._epoch = max(self._epoch, self._now() + MARGIN_S - self._index * PERIOD_S)
            self._outlet.key_frame_wanted = True
            self._watched.set()

    async def run(self) -> None:
        """Draw until cancelled."""
        while True:
            await self._watched.wait()
            await self._until_due()
            if self._standing:
                await self._draw_waiting()
            else:
                await self._draw_next()

    async def _draw_next(self) -> None:
        """The next picture of the timeline; one that was being drawn when the reply was held waits with it."""
        generation, index = self._generation, self._index
        self._index += 1
        packet = await self._run(self._step(index))
        if packet is None or generation != self._generation:
            return
        waiting = self._standing
        self._outlet.put(Video(generation, _pts_ms(self._index if waiting else index), packet, waiting))
        if index == 0:
            self.on_first(generation)

    async def _draw_waiting(self) -> None:
        """A picture of the face while the reply stands still; every second one, where others compute its sound."""
        generation, index = self._generation, self._index
        self._next_wait = max(self._next_wait + PERIOD_S, self._now())
        self._waited += 1
        packet = await self._run(self._step(index))
        if packet is not None and generation == self._generation:
            self._outlet.put(Video(generation, _pts_ms(index), packet, waiting=True))

    async def _until_due(self) -> None:
        """Wait for the next picture's time. Where its sound is late, the timeline stands still when it is due."""
        while True:
            self._changed.clear()
            dry = self._sound is not None and (self._index + 1) * SAMPLES_PER_FRAME > self._sound
            self._ran_dry = self._ran_dry or dry
            if self._held_since is None and not dry:
                self._go_on_from_here()
                wait = self._due - LEAD_S - self._now()
            elif self._standing:
                wait = self._next_wait - self._now()
            else:
                wait = self._due - self._now()
                if wait <= 0.001:
                    self._stand(self._presence)
                    continue
            if wait <= 0.001:
                return
            await self._sleep(wait)

    @property
    def _due(self) -> float:
        """When the next picture of the timeline is to be shown."""
        return self._epoch + self._index * PERIOD_S

    def _stand(self, presence: Presence) -> None:
        """The timeline stands still here; the face comes to rest and shows a presence meanwhile."""
        if not self._standing:
            self._standing, self._waited, self._next_wait = True, 0, self._now()
            self._orders.append(self._animator.stop)
        self._orders.append(lambda: self._animator.attend(presence))

    def _go_on_from_here(self) -> None:
        """The sound is there, and the reply is not held. After a stand, the face is told again what it will say."""
        if self._ran_dry:
            self._epoch = max(self._epoch, self._now() + MARGIN_S - self._index * PERIOD_S)
            self._ran_dry = False
        if not self._standing:
            return
        self._standing = False
        presence, at = self._presence, self._index * SAMPLES_PER_FRAME
        if self._said.length > at:
            self._orders.append(lambda: self._animator.begin(at))
            self._orders += [partial(self._animator.feel, *mood) for mood in self._said.moods]
            self._orders += [partial(self._animator.speak, *words) for words in self._said.since(at)]
        self._orders.append(lambda: self._animator.attend(presence))

    async def _sleep(self, wait: float) -> None:
        """Sleep, but wake when a reply's sound arrives.

        `asyncio.wait_for` would not do: before Python 3.12 it swallows a cancellation that comes with the wake-up.
        """
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait({changed}, timeout=wait)
        finally:
            changed.cancel()

    def _step(self, index: int) -> Callable[[], Packet | None]:
        """The work of one picture, for the worker thread: carry out the orders, then draw or skip."""
        orders, self._orders = self._orders, []
        late = not self._standing and self._epoch + index * PERIOD_S - self._now() < MARGIN_S - 0.001
        if self._standing:
            resting = self._held_since is None and self._waited % 2 == 0
        else:
            resting = self._presence == "thinking" and index % 2 == 1
        skip = (late or resting) and index > 0
        self.skipped += late and index > 0
        self._late.append(late)
        key = index == 0 or self._outlet.key_frame_wanted

        def work() -> Packet | None:
            for order in orders:
                order()
            if skip:
                self._animator.skip()
                return None
            return self._draw(self._animator.frame(), key)

        return work

    def _draw(self, frame: Frame, key: bool) -> Packet:
        return self._encoder.encode(frame.image, key=key)


def _pts_ms(index: int) -> int:
    return round(index * PERIOD_S * 1000)
