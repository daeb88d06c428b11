"""Decorators: the lines "@@name value" with which an entry of a V3 lorebook begins.

A line of three "@" is what to use where the line before it is unknown or wrong. Of two with one name the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_LINE = re.compile(r"(@@@?)([A-Za-z_]{1,64})(?:[ \t]+(.*))?\Z")
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_NUMBERS: Final = frozenset(
    {"activate_only_after", "activate_only_every", "depth", "reverse_depth", "scan_depth", "is_greeting"}
)
_FLAGS: Final = frozenset(
    {"keep_activate_after_match", "dont_activate_after_match", "dont_activate", "activate", "ignore_on_max_context"}
)
_LISTS: Final = frozenset({"additional_keys", "exclude_keys"})
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "role": frozenset({"assistant", "system", "user"}),
    "position": frozenset({"after_desc", "before_desc", "personality", "scenario"}),
}


@dataclass(frozen=True, slots=True)
class Decorators:
    """The decorators of an entry that are known here.

    Attributes:
        values: by name; a flag's value is empty.
    """

    values: Mapping[str, str]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def number(self, name: str) -> int | None:
        """The value of one that takes a number; None where it is absent."""
        return int(self.values[name]) if name in self.values else None

    def items(self, name: str) -> tuple[str, ...]:
        """The values of one that takes several, separated by commas."""
        return tuple(filter(None, (part.strip() for part in self.values.get(name, "").split(","))))


def split(content: str) -> tuple[Decorators, str]:
    """The decorators at the beginning of an entry, and the text that follows them."""
    values: dict[str, str] = {}
    lines = content.split("\n")
    at, waiting = 0, False
    for at, line in enumerate([*lines, ""]):
        bare = line.strip()
        if not bare and at < len(lines):
            continue
        match = _LINE.match(bare)
        if match is None:
            break
        fallback, name, value = match[1] == "@@@", match[2].lower(), (match[3] or "").strip()
        if fallback and not waiting:
            continue
        waiting = not _known(name, value)
        if not waiting:
            values.setdefault(name, value)
    return (Decorators(values), "\n".join(lines[at:]).strip("\n")) if values or at else (Decorators({}), content)


def _known(name: str, value: str) -> bool:
    """Whether a decorator is one of ours and its value makes sense."""
    if name in _NUMBERS:
        return _NUMBER.fullmatch(value) is not None
    if name in _CHOICES:
        return value in _CHOICES[name]
    return name in _FLAGS or (name in _LISTS and bool(value))
