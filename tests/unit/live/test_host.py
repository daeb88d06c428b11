"""What a session is opened with, apart from its engines."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from avatar.dialog.knowledge import Knowledge
from avatar.dialog.persona import list_personas
from avatar.engines import Engines
from avatar.errors import InputError, SettingsError
from avatar.live.host import SessionHost, live_background
from avatar.settings import FaceSettings, Settings
from avatar.stages import Background


def _with(background: str) -> Settings:
    return Settings(face=FaceSettings(background=background))


def test_knowledge_that_is_opened_is_told_of_once(tmp_path: Path) -> None:
    check = SimpleNamespace(listener=None, tally=None)
    engines = SimpleNamespace(settings=Settings(data_dir=tmp_path), embedder=None, self_check=check, run=None)
    sessions, told = SessionHost(cast(Engines, engines)), list[tuple[str, Knowledge]]()
    first = list_personas(tmp_path)[0]
    second = first.model_copy(update={"id": "another"})
    before = sessions.knowledge(first)
    sessions.watch(lambda persona_id, knowledge: told.append((persona_id, knowledge)))
    assert told == [(first.id, before)]
    later = sessions.knowledge(second)
    assert sessions.knowledge(second) is later and told == [(first.id, before), (second.id, later)]


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
