"""Fitting joined: what a voice is brought nearer to a person with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avatar.models import model_path
from avatar.settings import Settings
from avatar.stages import Recognizer

if TYPE_CHECKING:
    from avatar.voice.fitting import Studio
    from avatar.voice.speaker import SpeakerEncoder
    from avatar.voice.speaking.kokoro import KokoroSynthesizer


def fitting_studio(
    settings: Settings,
    synthesizer: KokoroSynthesizer,
    encoder: SpeakerEncoder,
    recognizer: Recognizer,
    device: str = "cpu",
) -> Studio:
    """The engines of fitting, and the weights that they bend.

    Args:
        device: where gradients are computed.

    Raises:
        WeightsError: weights are missing.
    """
    from avatar.voice.fitting import Studio

    model = model_path("kokoro-82m", settings) / "kokoro-v1.0.int8.onnx"
    return Studio(synthesizer, encoder, recognizer, model_path("kokoro-voices", settings), model, device)
