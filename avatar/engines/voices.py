"""The voices and consents that are kept, and the mark in all speech."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from avatar.models import model_path
from avatar.settings import Settings

if TYPE_CHECKING:
    from avatar.voice.consent.store import ConsentStore
    from avatar.voice.own import OwnVoices
    from avatar.voice.profiles import VoiceLibrary
    from avatar.voice.watermark import MarkNetwork


def voice_library(settings: Settings) -> VoiceLibrary:
    """The voice profiles: the user's own, as far as their consents go, then those that come with the project."""
    return _voices(settings, model_path("kokoro-voices", settings))


def voice_standing(settings: Settings) -> Callable[[str], str]:
    """What the kept sound of a voice hangs on, `VoiceLibrary.standing`; asks for no weights."""
    return voices_without_packs(settings).standing


def voices_without_packs(settings: Settings) -> VoiceLibrary:
    """The voice profiles for an engine that has no use for Kokoro's packs; asks for no weights."""
    return _voices(settings, Path())


def _voices(settings: Settings, packs: Path) -> VoiceLibrary:
    from avatar.voice.profiles import VoiceLibrary, stock_voices_dir

    consents = consent_store(settings)
    folders = [settings.data_dir / "voices", stock_voices_dir()]
    return VoiceLibrary(folders, packs, lambda profile: consents.valid(profile.consent))


def own_voices(settings: Settings) -> OwnVoices:
    """The user's own voices."""
    from avatar.voice.own import OwnVoices
    from avatar.voice.profiles import stock_voices_dir

    taken = [path.parent.name for path in stock_voices_dir().glob("*/profile.toml")]
    return OwnVoices(settings.data_dir / "voices", taken)


def consent_store(settings: Settings) -> ConsentStore:
    """The consents that they hang on."""
    from avatar.voice.consent.store import ConsentStore

    return ConsentStore(settings.data_dir / "consents", own_voices(settings).delete_of)


def mark_network(settings: Settings) -> MarkNetwork:
    """What marks synthetic speech and finds the mark.

    Raises:
        WeightsError: its weights are missing or damaged.
    """
    from avatar.voice.watermark import MarkNetwork

    return MarkNetwork.load(model_path("perth", settings) / "perth_net_250000.pth.tar")
