"""How a pull tells what it is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from avatar.models.catalog import WeightFile

Doing = Literal["wait", "fetch", "check"]
"""Another process is at this model · bytes are being fetched · a hash is being compared."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a pull or a check stands.

    Attributes:
        model: the model's name.
        doing: what is going on.
        what: the package, repository or file that it is going on with.
        done: bytes of the whole.
        total: bytes of everything that is to be fetched or checked.
    """

    model: str
    doing: Doing
    what: str
    done: int
    total: int


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Tell nobody."""


class Meter:
    """Counts the bytes of a model's files, one after another."""

    def __init__(self, model: str, total: int, report: Report) -> None:
        self._model = model
        self._total = total
        self._report = report
        self._before = 0
        self._checked = 0
        self._size = 0
        self._name = ""
        self._doing: Doing = "fetch"

    def begin(self, file: WeightFile, doing: Doing = "fetch") -> None:
        """Count the next file; the one before counts as done."""
        self._before += self._size
        self._name, self._size, self._checked, self._doing = file.name, file.size, 0, doing

    def fetched(self, what: str, position: int) -> None:
        """Bytes of the file that are there, and what is being fetched now."""
        self._tell("fetch", what, position)

    def checked(self, count: int) -> None:
        """That many more bytes have been hashed; a file that is fetched counts as there meanwhile."""
        self._checked += count
        self._tell("check", self._name, self._size if self._doing == "fetch" else self._checked)

    def _tell(self, doing: Doing, what: str, position: int) -> None:
        self._report(Progress(self._model, doing, what, self._before + position, self._total))
