"""Builds the engines that the settings name, and joins them to what needs several of them.

- `registry`: `Engines`, the engines of one process, and how one is found by its name
- `builders`: the engines of this package, each a function that an entry point names
- `devices`: where an engine computes
- `voices`: the voices and consents that are kept, and the mark in all speech
- `cloning`, `fitting`, `editing`, `checking`, `faces`: what works with several engines, joined
"""

from avatar.engines.builders import (
    e5,
    embedded_llama,
    faster_whisper,
    kokoro,
    openai_generator,
    remote_recognizer,
    remote_synthesizer,
    silero,
    smart_turn,
    warp,
    wav2lip,
    xtts,
)
from avatar.engines.registry import Engines, find_engine

__all__ = [
    "Engines",
    "e5",
    "embedded_llama",
    "faster_whisper",
    "find_engine",
    "kokoro",
    "openai_generator",
    "remote_recognizer",
    "remote_synthesizer",
    "silero",
    "smart_turn",
    "warp",
    "wav2lip",
    "xtts",
]
