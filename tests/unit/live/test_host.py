"""What a session is opened with, apart from its engines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
from avatar.stages import Background, Message


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


def test_a_changed_card_is_read_once_nobody_waits_in_every_language(tmp_path: Path) -> None:
    read: list[str] = []

    class Reader:
        async def warm(self, messages: Sequence[Message], *, keep: bool = False) -> None:
            read.append(messages[0].content)

    check = SimpleNamespace(listener=None, tally=None)
    engines = SimpleNamespace(
        settings=Settings(data_dir=tmp_path), embedder=None, self_check=check, run=None, generator=Reader()
    )
    sessions, persona = SessionHost(cast(Engines, engines)), list_personas(tmp_path)[0]

    async def changed_twice() -> None:
        sessions.read_card(persona.id)
        sessions.read_card(persona.id)
        sessions.read_card("nobody")
        while sessions.reading:
            await asyncio.wait(sessions.reading)

    asyncio.run(asyncio.wait_for(changed_twice(), 30))
    conversation = sessions.conversation(persona.id)
    assert read == [conversation.prefix(language)[0].content for language in persona.languages]


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
