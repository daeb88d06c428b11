"""Cloning joined: the engines, the consents and the voices that it needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from avatar.engines.builders import kokoro_in
from avatar.engines.devices import torch_device
from avatar.engines.fitting import fitting_studio
from avatar.engines.registry import Engines
from avatar.engines.voices import consent_store, mark_network, own_voices, voice_library
from avatar.models import model_path
from avatar.settings import Settings

if TYPE_CHECKING:
    from avatar.voice.cloning import Cloning
    from avatar.voice.luggage import VoiceLuggage


def cloning(engines: Engines) -> Cloning:
    """Makes voices. The engines of fitting are opened when they are first needed.

    Raises:
        WeightsError: weights are missing.
    """
    from avatar.voice.cloning import Cloning
    from avatar.voice.consent.witness import Witness
    from avatar.voice.enrolment.enrol import Enroller
    from avatar.voice.fitting import Studio
    from avatar.voice.making import EngineFitter
    from avatar.voice.speaker import SpeakerEncoder
    from avatar.voice.watermark import detect

    settings = engines.settings
    encoder = SpeakerEncoder(model_path("speaker-encoder", settings))

    @cache
    def studio() -> Studio:
        device = torch_device(settings, settings.speaking.device)
        voice = kokoro_in(engines.synthesizer, settings)
        return fitting_studio(settings, voice, encoder, engines.recognizer, device)

    enroller = Enroller(engines.vad, encoder, engines.recognizer)
    fitter = EngineFitter(studio, lambda: engines.synthesizer, voice_library(settings))
    witness = Witness(enroller, engines.recognizer, lambda sound: detect(sound, mark_network(settings)).marked)
    return Cloning(enroller, witness, consent_store(settings), own_voices(settings), fitter)


def voice_luggage(settings: Settings, cloning: Callable[[], Cloning]) -> VoiceLuggage:
    """Carries voices with their personas.

    Args:
        cloning: loaded when a voice arrives that is not there yet.
    """
    from avatar.voice.luggage import VoiceLuggage

    return VoiceLuggage(own_voices(settings), consent_store(settings), cloning)
