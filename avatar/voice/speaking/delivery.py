"""How a style sounds: within what a listener takes for the same speaker in another mood.

Grave speech is slower, amused speech quicker (K. Scherer, Vocal communication of emotion, 2003, which also tells of
pitch and energy: they belong here when the synthesizers take them for a clause).
"""

from __future__ import annotations

from dataclasses import dataclass

from avatar.stages import Style

LEAST, MOST = 0.5, 2.0
"""What a synthesizer takes for speed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a style does to speech.

    Attributes:
        speed: times the voice's own.
    """

    speed: float = 1.0

    def pace(self, speed: float) -> float:
        """A speed that somebody chose, in this style; within LEAST..MOST."""
        return min(MOST, max(LEAST, speed * self.speed))


DELIVERIES: dict[Style, Delivery] = {
    "calm": Delivery(),
    "warm": Delivery(speed=0.98),
    "sad": Delivery(speed=0.94),
    "stern": Delivery(speed=0.97),
    "amused": Delivery(speed=1.04),
}
