"""The face's own loop: one picture every 40 ms, timed by the reply's sound while there is a reply.

Each generation (the time from one reply's first sample to the next reply's) has its own timeline. While the reply
sounds, picture k shows the sound around sample k·960 and is drawn only when that sound exists; after the sound the
timeline goes on by the wall clock. Where the player reports how far it is, the timeline follows the player: it is the
player's sound that the pictures must agree with. Pictures are sent a little ahead of when they are due, never far
ahead, so that an interruption throws little away. A picture that would be late is skipped: its time passes, nothing is
drawn. While a reply is held, its timeline stands still.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from avatar.live.events import Video
from avatar.live.outlet import Outlet
from avatar.live.reply import Clock
from avatar.media import FPS, SAMPLES_PER_FRAME, Frame, Packet, PhoneSpan, Pixels, Samples
from avatar.stages import Animator, Presence

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
        self._presence: Presence = "idle"
        self.on_first: Callable[[int], None] = lambda generation: None
        self.skipped = 0
        self._late: deque[bool] = deque(maxlen=WATCHED)

    @property
    def lagging(self) -> bool:
        """Whether the machine is too slow for it: half of the last pictures would have come too late."""
        return len(self._late) == WATCHED and 2 * sum(self._late) >= WATCHED

    def sound(self, generation: int, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        """Sound of a reply was sent; the first of a generation starts its timeline."""
        if generation != self._generation:
            self._generation, self._index, self._sound = generation, 0, 0
            self._begun = self._now()
            self._epoch = self._begun + PLAYER_BUFFER_S
            self._reports.clear()
            self._orders.append(self._animator.begin)
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
        """The player waits: the timeline stands still."""
        if self._held_since is None:
            self._held_since = self._now()

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
            generation, index = self._generation, self._index
            self._index += 1
            packet = await self._run(self._step(index))
            if packet is None or generation != self._generation:
                continue
            self._outlet.put(Video(generation, round(index * PERIOD_S * 1000), packet))
            if index == 0:
                self.on_first(generation)

    async def _until_due(self) -> None:
        """Wait for the next picture's sound and time. Where sound is late, the timeline waits with it."""
        while True:
            self._changed.clear()
            wait = self._epoch + self._index * PERIOD_S - LEAD_S - self._now()
            if self._held_since is not None:
                await self._changed.wait()
            elif self._sound is not None and (self._index + 1) * SAMPLES_PER_FRAME > self._sound:
                await self._changed.wait()
                self._epoch = max(self._epoch, self._now() + MARGIN_S - self._index * PERIOD_S)
            elif wait > 0.001:
                await self._sleep(wait)
            else:
                return

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
        late = self._epoch + index * PERIOD_S - self._now() < MARGIN_S - 0.001
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
