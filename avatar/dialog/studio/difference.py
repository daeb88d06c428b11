"""What differs between two cards, place by place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, TypeGuard


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that differs.

    Attributes:
        field: where in the card, as "manner.zh" or "examples.3"; rows are counted from 0, a new one by the new card.
        old: what stands in the old card; None where there is nothing.
        new: what stands in the new card; None where there is nothing.
    """

    field: str
    old: Any
    new: Any


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Everything that differs, in the new card's order and then what is gone.

    Args:
        old: the fields of a card as JSON has them.
        new: those of another.
    """
    return list(_tables(old, new, ()))


def _tables(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Difference]:
    for key in [*new, *(key for key in old if key not in new)]:
        before, after, here = old.get(key), new.get(key), (*path, key)
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _tables(before, after, here)
        elif _rows(before) and _rows(after):
            yield from _rows_that_differ(before, after, here)
        else:
            yield Difference(".".join(here), before, after)


def _rows(value: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)


def _rows_that_differ(old: Sequence[Any], new: Sequence[Any], path: tuple[str, ...]) -> Iterator[Difference]:
    """Rows that were changed, added or taken away; those that only moved up or down are the same."""
    before_texts, after_texts = ([json.dumps(row, sort_keys=True) for row in rows] for rows in (old, new))
    for kind, a, b, c, d in SequenceMatcher(a=before_texts, b=after_texts, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for at, (before, after) in enumerate(zip_longest(old[a:b], new[c:d])):
            number = a + at if after is None else c + at
            yield Difference(".".join((*path, str(number))), before, after)
