"""How a session has blocking work done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Runner(Protocol):
    """Runs a blocking call in a worker thread."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]: ...
