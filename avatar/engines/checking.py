"""The self-check joined: what listens, what it found, and the synthesizers that are listened to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from avatar.stages import Recognizer, Synthesizer
from avatar.voice.checking.tally import Tally

if TYPE_CHECKING:
    from avatar.voice.checking.listening import Listener


class SelfCheck:
    """The self-check of one process.

    Args:
        recognizer: gives the recognizer; asked when it is first needed, since that may load it.

    Attributes:
        tally: what it found so far.
    """

    def __init__(self, recognizer: Callable[[], Recognizer]) -> None:
        self.tally = Tally()
        self._recognizer = recognizer
        self._listener: Listener | None = None

    @property
    def listener(self) -> Listener:
        """What listens to speech that was made; it loads nothing before it is asked to."""
        from avatar.voice.checking.listening import Listener

        self._listener = self._listener or Listener(self._recognizer)
        return self._listener

    def checked(self, synthesizer: Synthesizer) -> Synthesizer:
        """A synthesizer whose clauses are listened to, for what is written to files."""
        from avatar.voice.checking.checked import CheckedSynthesizer

        return CheckedSynthesizer(synthesizer, self.listener, self.tally)
