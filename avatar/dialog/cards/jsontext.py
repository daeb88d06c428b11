"""JSON of unknown origin: bounded in size and depth before it is parsed, and written back without loss."""

from __future__ import annotations

import json
import re
from typing import Any

from avatar.errors import InputError

Json = dict[str, Any]

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
_STRUCTURE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


def parse(data: bytes, name: str) -> Json:
    """A JSON object.

    Args:
        data: UTF-8, with or without a byte order mark.
        name: what the error calls it.

    Raises:
        InputError: larger than 16 MB, nested deeper than 64 levels, not JSON, or not an object.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            f"The JSON in {name} is larger than 16 MB.", f"{name} 里的 JSON 超过 16 MB。", code="json_too_large"
        )
    if _depth(data) > MAX_DEPTH:
        raise InputError(
            f"The JSON in {name} is nested deeper than {MAX_DEPTH} levels.",
            f"{name} 里的 JSON 嵌套超过 {MAX_DEPTH} 层。",
            code="json_too_deep",
        )
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        en, zh = f": {error}", ""
        if isinstance(error, json.JSONDecodeError):
            en, zh = f" (line {error.lineno}, column {error.colno})", f"(第 {error.lineno} 行第 {error.colno} 列)"
        raise InputError(
            f"{name} does not hold valid JSON in UTF-8{en}.",
            f"{name} 里没有有效的 UTF-8 JSON{zh}。",
            code="invalid_json",
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"The JSON in {name} is not an object.", f"{name} 里的 JSON 不是对象。", code="invalid_json")
    return found


def dump(value: Json, *, indent: int | None = None) -> bytes:
    """JSON in UTF-8. Halves of surrogate pairs, which UTF-8 cannot hold, are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, allow_nan=False).encode()


def _depth(data: bytes) -> int:
    """How deep brackets nest outside strings; counting stops at the limit."""
    depth = deepest = 0
    for match in _STRUCTURE.finditer(data):
        mark = match[0]
        if mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        elif mark in b"]}":
            depth -= 1
    return deepest


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return number
