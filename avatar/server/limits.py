"""Admission: a refusal with a reason beats a stutter."""

from __future__ import annotations

from avatar.errors import CapacityError


class Admission:
    """A fixed number of places for live sessions. Used on one event loop.

    Args:
        places: how many sessions may live at once.
    """

    en = "All {places} places for conversations are taken. Try again in a moment."
    zh = "{places} 个对话席位已满,请稍后再试。"

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
            raise CapacityError(self.en.format(places=self.places), self.zh.format(places=self.places))
        self.taken += 1

    def free(self) -> None:
        """Give a place back."""
        self.taken -= 1


class Jobs(Admission):
    """The same for HTTP requests that compute: they share the machine with the conversations."""

    en = "The server works on {places} requests already, as many as it takes at once. Try again in a moment."
    zh = "服务器正在处理 {places} 个请求,已达上限,请稍后再试。"
