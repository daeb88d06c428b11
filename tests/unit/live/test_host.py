"""What a session is opened with, apart from its engines."""

from __future__ import annotations

import pytest

from avatar.errors import InputError, SettingsError
from avatar.live.host import live_background
from avatar.settings import FaceSettings, Settings
from avatar.stages import Background


def _with(background: str) -> Settings:
    return Settings(face=FaceSettings(background=background))


def test_conversations_have_the_background_of_the_settings() -> None:
    assert live_background(Settings()) == Background("keep")
    assert live_background(_with("#102030")) == Background("colour", (16, 32, 48))


def test_live_video_cannot_be_transparent() -> None:
    with pytest.raises(SettingsError) as caught:
        live_background(_with("transparent"))
    assert "透明" in caught.value.zh


def test_a_background_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="blur"):
        live_background(_with("beach"))
