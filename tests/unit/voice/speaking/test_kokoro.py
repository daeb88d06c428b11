"""What the engine does around the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.errors import EngineError
from avatar.voice.profiles import VoiceLibrary
from avatar.voice.speaking.acoustics import Encoded
from avatar.voice.speaking.emphasis import emphasised
from avatar.voice.speaking.kokoro import KokoroSynthesizer
from avatar.voice.speaking.words import Symbol, Word


@pytest.mark.parametrize("content", [None, "", "{}", '{"vocab": []}', '{"vocab": {"a": "x"}}', '{"vocab": {"a": 43}}'])
def test_a_damaged_vocabulary(tmp_path: Path, content: str | None) -> None:
    vocab = tmp_path / "vocab.json"
    if content is not None:
        vocab.write_text(content, encoding="utf-8")
    with pytest.raises(EngineError, match=r"vocab\.json"):
        KokoroSynthesizer(tmp_path / "absent.onnx", vocab, VoiceLibrary([], tmp_path), tmp_path)


def test_emphasis_makes_a_word_longer_and_higher() -> None:
    units = np.repeat(np.arange(4), 8)
    encoded = Encoded(
        units,
        np.ones((1, 512, 32), np.float32),
        np.full((1, 64), 100, np.float32),
        np.ones((1, 64), np.float32),
        np.zeros((1, 256), np.float32),
    )
    said = [Word("a", "a", "en"), Word("b", "b", "en", emphasis="strong")]
    stressed = emphasised(encoded, [Symbol("a", 0), Symbol("b", 1)], said)
    assert [int(np.sum(stressed.owners == owner)) for owner in range(4)] == [8, 8, 10, 8]
    assert stressed.features.shape[2] * 2 == stressed.f0.shape[1] == stressed.energy.shape[1] == 68
    assert stressed.f0[0, np.repeat(stressed.owners, 2) == 1].max() == 100
    assert stressed.f0[0, np.repeat(stressed.owners, 2) == 2].min() > 106
    plain = [Word("a", "a", "en"), Word("b", "b", "en")]
    assert emphasised(encoded, [Symbol("a", 0), Symbol("b", 1)], plain) is encoded
