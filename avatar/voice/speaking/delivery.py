"""How a style sounds: within what a listener takes for the same speaker in another mood.

Sorrow is slow, low, level and soft; amusement quick, high and lively; sternness pressed (K. Scherer, Vocal
communication of emotion, Speech Communication 40, 2003, table 2). The speed is chosen by whoever asks for the speech;
pitch and energy are changed by the engine, where the clause has a style mark (`speaking.marks`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from avatar.stages import Style

if TYPE_CHECKING:
    from avatar.voice.speaking.acoustics import Encoded

LEAST, MOST = 0.5, 2.0
"""What a synthesizer takes for speed."""

_VOICED_HZ = 10.0
"""F0 below this is none."""

_LOUD = 5.0
"""The encoder's energy from which a frame has all of a style's change; in silence it has none."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a style does to speech.

    Attributes:
        speed: times the voice's own.
        pitch: times the F0 of the voice.
        lift: how far F0 swings about its middle, on a scale of its logarithm; 1 is as far as the voice's own.
        energy: added to the encoder's energy where it sounds; 1 is about 1.3 dB. The clause is as loud as others all
            the same, since loudness is balanced by what energy foretells: what is heard is how hard the voice is
            pressed.
    """

    speed: float = 1.0
    pitch: float = 1.0
    lift: float = 1.0
    energy: float = 0.0

    def pace(self, speed: float) -> float:
        """A speed that somebody chose, in this style; within LEAST..MOST."""
        return min(MOST, max(LEAST, speed * self.speed))

    def shaped(self, encoded: Encoded) -> Encoded:
        """A stretch of speech with the pitch and the energy of this style; its times stay as they are."""
        if (self.pitch, self.lift, self.energy) == (1.0, 1.0, 0.0):
            return encoded
        f0, energy = encoded.f0, encoded.energy
        voiced = f0 >= _VOICED_HZ
        if voiced.any():
            middle = float(np.exp(np.log(f0[voiced]).mean()))
            swing = np.where(voiced, f0, middle) / middle
            f0 = np.where(voiced, middle * self.pitch * swing**self.lift, f0).astype(np.float32)
        share = np.clip(energy / _LOUD, 0.0, 1.0)
        return replace(encoded, f0=f0, energy=(energy + self.energy * share).astype(np.float32))


DELIVERIES: dict[Style, Delivery] = {
    "calm": Delivery(),
    "warm": Delivery(speed=0.98, pitch=1.015, lift=1.06, energy=-0.4),
    "sad": Delivery(speed=0.94, pitch=0.965, lift=0.85, energy=-0.9),
    "stern": Delivery(speed=0.97, pitch=0.98, lift=0.94, energy=0.8),
    "amused": Delivery(speed=1.04, pitch=1.03, lift=1.1, energy=0.4),
}
