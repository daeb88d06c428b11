"""Admission: a refusal with a reason beats a stutter."""

from __future__ import annotations

from avatar.errors import CapacityError


class Admission:
    """A fixed number of places for live sessions. Used on one event loop.

    Args:
        places: how many sessions may live at once.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.taken = 0

    @property
    def full(self) -> bool:
        """Whether no place is left."""
        return self.taken >= self.places

    def take(self) -> None:
        """Take a place.

        Raises:
            CapacityError: all are taken.
        """
        if self.full:
            raise CapacityError(
                f"All {self.places} places for conversations are taken. Try again in a moment.",
                f"{self.places} 个对话席位已满,请稍后再试。",
            )
        self.taken += 1

    def free(self) -> None:
        """Give a place back."""
        self.taken -= 1
