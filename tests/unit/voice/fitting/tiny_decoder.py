"""A decoder and generator with the layers of Kokoro's, and a few channels in each."""

from __future__ import annotations

import numpy as np

from avatar.voice.speaking.weights import Weights
from tests.unit.voice.tiny import WIDE, Arrays, generator, layer, style

FEATURES, INNER, RESIDUE = 6, 10, 4


def tiny_arrays() -> Arrays:
    """The weights by their names, fixed."""
    rng = np.random.default_rng(3)

    def styled(name: str, before: int, after: int) -> Arrays:
        return {
            **style(rng, f"{name}.norm1.fc", before),
            **style(rng, f"{name}.norm2.fc", after),
            **layer(rng, f"{name}.conv1", after, before, 3, out=after),
            **layer(rng, f"{name}.conv2", after, after, 3, out=after),
            f"{name}.conv1x1.weight": rng.normal(0, 0.3, (after, before, 1)).astype(np.float32),
        }

    joined = INNER + RESIDUE + 2
    arrays: Arrays = {
        **layer(rng, "F0_conv", 1, 1, 3, out=1),
        **layer(rng, "N_conv", 1, 1, 3, out=1),
        **layer(rng, "asr_res.asr_res.0", RESIDUE, FEATURES, 1, out=RESIDUE),
        **styled("encode", FEATURES + 2, INNER),
        **{key: value for part in range(3) for key, value in styled(f"decode.{part}", joined, INNER).items()},
        **styled("decode.3", joined, WIDE),
        **layer(rng, "decode.3.pool", joined, 1, 3, out=joined),
    }
    arrays["asr_res.0.bias"] = arrays.pop("asr_res.asr_res.0.bias")
    arrays |= generator(rng, "generator.")
    arrays["window_sum"] = np.ones(20, dtype=np.float32)
    return arrays


def tiny_weights() -> Weights:
    return Weights(dict(tiny_arrays()))
