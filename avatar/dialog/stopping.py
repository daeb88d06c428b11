"""Long work that says how far it is and can be stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from avatar.errors import AvatarError

T = TypeVar("T")

_LOOKED_AFTER = 500

Tell = Callable[[str, float], None]
"""Told the step ("reading", "cutting", "indexing") and how much of it is done, 0..1; it may raise `StoppedError`."""

Cancelled = Callable[[], bool]
"""Asked every few milliseconds whether to stop."""

Look = Callable[[], None]
"""Looks whether to stop; raises `StoppedError` then."""


class StoppedError(AvatarError):
    """The user stopped the work; nothing of it was kept."""

    code = "cancelled"


def telling(progress: Tell | None, cancelled: Cancelled) -> Tell:
    """Both in one: tells the progress, and raises `StoppedError` where the user has had enough."""

    def tell(step: str, share: float) -> None:
        if cancelled():
            raise stopped()
        if progress is not None:
            progress(step, share)

    return tell


def stopped() -> StoppedError:
    """What to raise where the work is to stop."""
    return StoppedError("Adding was stopped; nothing was kept.", "已停止添加,没有保留任何内容。")


def looking(things: Iterable[T], look: Look) -> Iterator[T]:
    """The same things; with every five hundredth it is looked whether to stop."""
    for number, thing in enumerate(things):
        if number % _LOOKED_AFTER == 0:
            look()
        yield thing


def untold(step: str, share: float) -> None:
    """Tells nobody, and never stops."""


def never() -> None:
    """Never stops."""
