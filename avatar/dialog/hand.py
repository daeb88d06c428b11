"""How closely a model is led, by its size: a small one drifts, a large one is only held back by what a small one needs.

    small     every example turn of the card, three sentences at most, no empty opening ("好的，", "Sure,"), and
              no question about what came after the persona's time (`later`) or about how it works (`probing`)
    large     two example turns for the tone, six sentences

What no model may do, the guard withholds from all alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SMALL = 4e9
"""Parameters below which a model is small. Models of three billion still call themselves by their maker's name."""

_SIZE = re.compile(r"(?<![\d.])(\d{1,4}(?:\.\d{1,2})?)([bm])(?![a-z])", re.IGNORECASE)
_BYTES = 0.6
"""Of a parameter in a GGUF file of four to five bits, where its name does not tell how many there are."""


@dataclass(frozen=True, slots=True)
class Hand:
    """How closely a model is led.

    Attributes:
        examples: example turns of the card that are put before it.
        sentences: of one answer; in speech more is a lecture.
        plain_opening: whether the answer must begin with what it says.
        feigns: whether it can do as if it had not heard of what came after its persona's time, where it is told to, and
            does not make up how it works.
    """

    examples: int
    sentences: int
    plain_opening: bool
    feigns: bool


STRICT = Hand(examples=24, sentences=3, plain_opening=True, feigns=False)
LOOSE = Hand(examples=2, sentences=6, plain_opening=False, feigns=True)


def hand_for(parameters: float | None) -> Hand:
    """The hand for a model of so many parameters; the strict one where nobody tells."""
    return LOOSE if parameters is not None and parameters >= SMALL else STRICT


def parameters_in(name: str) -> float | None:
    """The parameters that a model's name tells, as "qwen2.5-coder-1.5b" or "smollm2-135m"; None where it tells none."""
    found = _SIZE.search(name)
    return None if found is None else float(found[1]) * (1e9 if found[2] in "bB" else 1e6)


def parameters_of_file(name: str, size: int) -> float:
    """The parameters of a GGUF file by its name, else about so many as its size has room for.

    Args:
        size: bytes.
    """
    return parameters_in(name) or size / _BYTES
