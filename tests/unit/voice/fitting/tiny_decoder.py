"""A decoder and generator with the layers of Kokoro's, and a few channels in each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avatar.voice.speaking.weights import Weights

FEATURES, INNER, RESIDUE = 6, 10, 4
WIDE, MIDDLE, NARROW = 12, 8, 4
RATES = (10, 6)
TIMBRE = 128
Arrays = dict[str, NDArray[np.float32]]


def tiny_arrays() -> Arrays:
    """The weights by their names, fixed."""
    rng = np.random.default_rng(3)

    def layer(name: str, *shape: int, out: int) -> Arrays:
        spread = 0.5 / np.sqrt(np.prod(shape[1:]))
        return {
            f"{name}.weight": rng.normal(0, spread, shape).astype(np.float32),
            f"{name}.bias": rng.normal(0, 0.1, out).astype(np.float32),
        }

    def style(name: str, channels: int) -> Arrays:
        return layer(name, TIMBRE, 2 * channels, out=2 * channels)

    def styled(name: str, before: int, after: int) -> Arrays:
        return {
            **style(f"{name}.norm1.fc", before),
            **style(f"{name}.norm2.fc", after),
            **layer(f"{name}.conv1", after, before, 3, out=after),
            **layer(f"{name}.conv2", after, after, 3, out=after),
            f"{name}.conv1x1.weight": rng.normal(0, 0.3, (after, before, 1)).astype(np.float32),
        }

    def block(name: str, channels: int, width: int) -> Arrays:
        found: Arrays = {}
        for half in (1, 2):
            for part in range(3):
                found |= layer(f"{name}.convs{half}.{part}", channels, channels, width, out=channels)
                found |= style(f"{name}.adain{half}.{part}.fc", channels)
                found[f"{name}.alpha{half}.{part}"] = rng.uniform(0.5, 3, (1, channels, 1)).astype(np.float32)
        return found

    joined = INNER + RESIDUE + 2
    arrays: Arrays = {
        **layer("F0_conv", 1, 1, 3, out=1),
        **layer("N_conv", 1, 1, 3, out=1),
        **layer("asr_res.asr_res.0", RESIDUE, FEATURES, 1, out=RESIDUE),
        **styled("encode", FEATURES + 2, INNER),
        **{key: value for part in range(3) for key, value in styled(f"decode.{part}", joined, INNER).items()},
        **styled("decode.3", joined, WIDE),
        **layer("decode.3.pool", joined, 1, 3, out=joined),
    }
    arrays["asr_res.0.bias"] = arrays.pop("asr_res.asr_res.0.bias")
    generator = "generator."
    for level, (before, after) in enumerate(((WIDE, MIDDLE), (MIDDLE, NARROW))):
        arrays |= layer(f"{generator}ups.{level}", before, after, 2 * RATES[level], out=after)
        arrays |= layer(f"{generator}noise_convs.{level}", after, 22, (12, 1)[level], out=after)
        arrays |= block(f"{generator}noise_res.{level}", after, 7)
        for part, width in enumerate((3, 7, 11)):
            arrays |= block(f"{generator}resblocks.{3 * level + part}", after, width)
    arrays |= layer(f"{generator}conv_post", 22, NARROW, 7, out=22)
    arrays["inverse_basis"] = rng.normal(0, 0.3, (22, 1, 20)).astype(np.float32)
    arrays["window_sum"] = np.ones(20, dtype=np.float32)
    return arrays


def tiny_weights() -> Weights:
    return Weights(dict(tiny_arrays()))
