"""Admission: a refusal with a reason beats a stutter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from avatar.errors import CapacityError


class Admission:
    """A fixed number of places for live sessions. Used on one event loop.

    Args:
        places: how many sessions may live at once.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.taken = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place.

        Raises:
            CapacityError: all are taken.
        """
        if self.taken >= self.places:
            raise CapacityError(
                f"All {self.places} places for conversations are taken. Try again in a moment.",
                f"{self.places} 个对话席位已满,请稍后再试。",
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
