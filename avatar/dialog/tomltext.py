"""Writing TOML: as much of it as a persona's card needs. Reading is the standard library's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """A table as TOML 1.0.

    Args:
        table: texts, numbers, truth values, lists of texts, tables, and lists of tables.
        path: of the table within the file.
    """
    lines, below = [], []
    for key, value in table.items():
        here = (*path, key)
        name = ".".join(_key(part) for part in here)
        if isinstance(value, Mapping):
            below.append(f"\n[{name}]\n{toml(value, here)}")
        elif isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(v, Mapping) for v in value):
            below += [f"\n[[{name}]]\n{toml(row, here)}" for row in value]
        else:
            lines.append(f"{_key(key)} = {_value(value)}\n")
    return "".join(lines + below)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: object) -> str:
    """JSON writes texts, lists and numbers as TOML reads them, but for the character DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
