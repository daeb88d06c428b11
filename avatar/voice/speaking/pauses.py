"""The silence after a clause, by the mark it ends with."""

from __future__ import annotations

PAUSE_MS = {",": 120, ":": 180, ";": 200, "—": 200, ".": 300, "!": 300, "?": 320, "…": 380}

BREATH_MS = 30
"""Where it ends with none; both beyond the 50-80 ms in which speech itself fades."""


def pause_ms(text: str) -> int:
    """The silence after a text, in milliseconds at the voice's own speed.

    Args:
        text: its marks in one of the forms above (`speaking.normalise` writes them so).
    """
    return PAUSE_MS.get(text.rstrip(' "”)')[-1:], BREATH_MS)
