"""What a reply has said lately, so that a face that stood still can be told again from where it goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from avatar.media import SPEECH_RATE, PhoneSpan, Samples
from avatar.stages import Style

Words = tuple[Samples, Sequence[PhoneSpan], int]
"""Sound, phones, and the sample from which these count."""

Mood = tuple[Style, int]
"""How it is meant, and from which sample on."""

KEPT = 2 * SPEECH_RATE
"""Samples that are kept from before the picture that is drawn next: a reply goes back by less than half a second."""

_NOTHING: Samples = np.zeros(0, dtype=np.float32)


class Said:
    """The sound and the phones of one reply. Times are samples of the reply.

    Attributes:
        length: of all that was said.
    """

    def __init__(self) -> None:
        self.length = 0
        self._blocks: deque[tuple[int, Samples]] = deque()
        self._phones: deque[tuple[Sequence[PhoneSpan], int]] = deque()
        self._moods: list[Mood] = []

    @property
    def moods(self) -> Sequence[Mood]:
        """How it was meant, in order: the styles that began lately, and the one before them; calm before the first."""
        return self._moods

    def feel(self, style: Style, at: int) -> bool:
        """How what is said from sample `at` on is meant; whether that is new."""
        if style == (self._moods[-1][0] if self._moods else "calm"):
            return False
        self._moods.append((style, at))
        return True

    def add(self, samples: Samples, phones: Sequence[PhoneSpan], at: int) -> None:
        """The next sound, and phones that count from sample `at`; as `Animator.speak`."""
        if samples.size:
            self._blocks.append((self.length, samples))
            self.length += samples.size
        if phones:
            self._phones.append((phones, at))

    def forget(self, shown: int) -> None:
        """What was long before this sample will not be asked for any more."""
        while self._blocks and self._blocks[0][0] + self._blocks[0][1].size < shown - KEPT:
            self._blocks.popleft()
        while self._phones and self._phones[0][1] + self._phones[0][0][-1].end < shown - KEPT:
            self._phones.popleft()
        while len(self._moods) > 1 and self._moods[1][1] < shown - KEPT:
            self._moods.pop(0)

    def since(self, start: int) -> list[Words]:
        """All that was said from a sample on, as `Animator.speak` is told it; and the phones from before it, too."""
        phones: list[Words] = [(_NOTHING, spans, at) for spans, at in self._phones]
        later = [(first, samples) for first, samples in self._blocks if first + samples.size > start]
        return phones + [(samples[max(0, start - first) :], (), first) for first, samples in later]
