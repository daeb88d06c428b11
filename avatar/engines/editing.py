"""Editing of recordings joined: the engines, the consents and the voices that it needs."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from avatar.engines.builders import kokoro_in
from avatar.engines.registry import Engines
from avatar.engines.voices import consent_store, mark_network, own_voices, voice_library
from avatar.models import model_path

if TYPE_CHECKING:
    from avatar.voice.editing.desk import EditingDesk

logger = logging.getLogger(__name__)


def editing(engines: Engines) -> EditingDesk:
    """Edits recordings in voices that are kept.

    Raises:
        WeightsError: weights are missing.
    """
    from avatar.voice.editing import Editor
    from avatar.voice.editing.desk import EditingDesk
    from avatar.voice.speaker import SpeakerEncoder
    from avatar.voice.watermark import detect

    settings = engines.settings

    network = mark_network(settings)
    if not settings.speaking.watermark:
        logger.warning("watermark.off: what is edited goes out unmarked (speaking.watermark)")
    encoder = SpeakerEncoder(model_path("speaker-encoder", settings))
    editor = Editor(
        engines.recognizer,
        encoder,
        lambda sound: detect(sound, network).marked,
        network if settings.speaking.watermark else None,
    )
    return EditingDesk(
        editor,
        voice_library(settings),
        own_voices(settings),
        consent_store(settings),
        cache(lambda: kokoro_in(engines.synthesizer, settings)),
    )
