"""Regular expressions that a stranger wrote, searched with a limit on their time.

The standard library's cannot be stopped, so `(a|aa)+$` on forty letters would hold the process for years; the package
`regex` gives up after a time that is asked for.
"""

from __future__ import annotations

import time
from functools import lru_cache

import regex

MAX_PATTERN = 1000
ONE_S = 0.05
"""The longest search for one expression."""
ALL_S = 0.25
"""The longest search for all expressions of a book together."""
_MAX_GROUPS = 100
_FLAGS = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL}
_BRACES = regex.compile(r"\{[^}]*[<>=]")
"""What begins fuzzy matching, which no other program knows."""


class Searching:
    """Searches that share one allowance of time; what takes longer counts as no match."""

    def __init__(self, allowance_s: float = ALL_S) -> None:
        self._left = allowance_s

    def found(self, pattern: str, text: str, *, ignore_case: bool = True) -> bool:
        """Whether an expression matches somewhere in a text; False where it is invalid or takes too long.

        Args:
            pattern: bare, or as JavaScript writes it: /…/flags.
            text: to search in.
            ignore_case: used where the expression brings no flags of its own.
        """
        began = time.monotonic()
        try:
            compiled = _compiled(pattern, ignore_case)
            limit = min(ONE_S, self._left - (time.monotonic() - began))
            return limit > 0 and compiled is not None and compiled.search(text, timeout=limit) is not None
        except TimeoutError:
            return False
        finally:
            self._left -= time.monotonic() - began


@lru_cache(maxsize=512)
def _compiled(pattern: str, ignore_case: bool) -> regex.Pattern[str] | None:
    """The expression; None where it is invalid or beyond a limit."""
    flags = regex.IGNORECASE if ignore_case else regex.RegexFlag(0)
    written = regex.fullmatch(r"/(.+)/([a-z]{0,8})", pattern[: MAX_PATTERN + 1], regex.DOTALL)
    if written:
        pattern, flags = written[1], regex.RegexFlag(0)
        for letter in written[2]:
            flags |= _FLAGS.get(letter, regex.RegexFlag(0))
    if len(pattern) > MAX_PATTERN or pattern.count("(") > _MAX_GROUPS or _BRACES.search(pattern):
        return None
    try:
        return regex.compile(pattern, flags | regex.VERSION0)
    except (regex.error, RecursionError, OverflowError, MemoryError, ValueError):
        return None
