"""Our own client with the real session: a reply that is lost in its middle, and the conversation that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from avatar.client import Answered, Client, Connected, Event, Heard, Lost, Picture, Replying, Sound
from avatar.media import SPEECH_RATE, Samples
from tests.browser.scripted import ANSWERS, QUESTION, ScriptedServer

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


async def until(talk: Client, wanted: Callable[[Event], bool]) -> list[Event]:
    """The events up to the first that is wanted, that one included."""
    events: list[Event] = []
    async for event in talk:
        events.append(event)
        if wanted(event):
            break
    return events


async def ask(talk: Client, question: Samples) -> None:
    """Say a question, at the pace of speech."""
    for start in range(0, question.size, SPEECH_RATE // 10):
        await talk.hear(question[start : start + SPEECH_RATE // 10])
        await asyncio.sleep(0.1)


async def test_a_spoken_conversation_survives_a_loss(server: ScriptedServer, question: Samples) -> None:
    async with Client(server.address, video=True, pauses=(0.5, 1.0)) as talk:
        asking = asyncio.create_task(ask(talk, question))
        heard = await until(talk, lambda event: isinstance(event, Sound))
        await asyncio.sleep(1.0)
        talk._here().transport.abort()
        lost = await until(talk, lambda event: isinstance(event, Connected) and event.resumed)
        await asking
        await talk.write("And now in English: what is hope?")
        answered = await until(talk, lambda event: isinstance(event, Answered))
    assert [event.text for event in heard if isinstance(event, Heard)] == [QUESTION]
    assert any(isinstance(event, Lost) for event in lost)
    assert isinstance(answered[-1], Answered)
    assert answered[-1].text == ANSWERS["en"]
    (before,) = (event.generation for event in heard if isinstance(event, Replying))
    (after,) = (event.generation for event in answered if isinstance(event, Replying))
    assert after == before + 1
    assert talk.sound.size == pytest.approx(0.06 * len(ANSWERS["en"]) * SPEECH_RATE, rel=0.05)
    pictures = [event for event in answered if isinstance(event, Picture)]
    assert pictures[0].key
    assert pictures[-1].generation == after
