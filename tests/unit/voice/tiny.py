"""Weights of layers like Kokoro's with a few channels in each, drawn at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDE, MIDDLE, NARROW = 12, 8, 4
RATES = (10, 6)
TIMBRE = 128

Arrays = dict[str, NDArray[np.float32]]
"""Weights by their names."""


def layer(rng: np.random.Generator, name: str, *shape: int, out: int) -> Arrays:
    """A layer of so many outputs."""
    spread = 0.5 / np.sqrt(np.prod(shape[1:]))
    return {
        f"{name}.weight": rng.normal(0, spread, shape).astype(np.float32),
        f"{name}.bias": rng.normal(0, 0.1, out).astype(np.float32),
    }


def style(rng: np.random.Generator, name: str, channels: int) -> Arrays:
    """The layer that gives channels their means and spreads from a style."""
    return layer(rng, name, TIMBRE, 2 * channels, out=2 * channels)


def generator(rng: np.random.Generator, prefix: str = "") -> Arrays:
    """The generator, but for its window's sum."""
    arrays: Arrays = {}
    for level, (before, after) in enumerate(((WIDE, MIDDLE), (MIDDLE, NARROW))):
        arrays |= layer(rng, f"{prefix}ups.{level}", before, after, 2 * RATES[level], out=after)
        arrays |= layer(rng, f"{prefix}noise_convs.{level}", after, 22, (12, 1)[level], out=after)
        arrays |= _block(rng, f"{prefix}noise_res.{level}", after, 7)
        for part, width in enumerate((3, 7, 11)):
            arrays |= _block(rng, f"{prefix}resblocks.{3 * level + part}", after, width)
    arrays |= layer(rng, f"{prefix}conv_post", 22, NARROW, 7, out=22)
    arrays["inverse_basis"] = rng.normal(0, 0.3, (22, 1, 20)).astype(np.float32)
    return arrays


def _block(rng: np.random.Generator, name: str, channels: int, width: int) -> Arrays:
    found: Arrays = {}
    for half in (1, 2):
        for part in range(3):
            found |= layer(rng, f"{name}.convs{half}.{part}", channels, channels, width, out=channels)
            found |= style(rng, f"{name}.adain{half}.{part}.fc", channels)
            found[f"{name}.alpha{half}.{part}"] = rng.uniform(0.5, 3, (1, channels, 1)).astype(np.float32)
    return found
