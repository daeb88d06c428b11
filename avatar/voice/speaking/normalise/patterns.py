"""What is written in digits and signs, one pattern for each kind, the most particular first."""

from __future__ import annotations

import re

from avatar.voice.speaking.normalise.amounts import AMOUNTS, RANGES
from avatar.voice.speaking.normalise.codes import ADDRESSES, CODES, MIXED, VERSIONS
from avatar.voice.speaking.normalise.context import Reader
from avatar.voice.speaking.normalise.dates import DATES
from avatar.voice.speaking.normalise.names import NAMES, NUMBERS, SPECIAL

PATTERNS: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        *ADDRESSES, *SPECIAL, *DATES, *CODES, *AMOUNTS, *VERSIONS, *RANGES, *MIXED, *NUMBERS, *NAMES,
    )
)  # fmt: skip
"""Tried in this order where a piece begins that is not hanzi; a reader that gives None passes."""
