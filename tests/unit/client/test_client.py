"""The Python client against the application on a real port, on fake sessions."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from avatar.client import (
    Answered,
    Cited,
    Client,
    Connected,
    Ended,
    Event,
    Heard,
    Lost,
    Meant,
    Picture,
    Present,
    Problem,
    RefusedError,
    Replying,
    Sound,
    Words,
)
from avatar.client.events import from_json
from avatar.media import to_pcm16
from avatar.settings import ServerSettings, Settings
from tests.unit.server.conftest import running
from tests.unit.server.fake_session import FakeHouse, tone
from tests.unit.server.wire import eventually

AT_ONCE = (0.01, 0.05, 0.1)


async def until(talk: Client, wanted: Callable[[Event], bool]) -> list[Event]:
    """The events up to the first that is wanted, that one included."""
    events: list[Event] = []
    async for event in talk:
        events.append(event)
        if wanted(event) or isinstance(event, Ended):
            break
    return events


def is_a(kind: type[object]) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, kind)


def break_off(talk: Client) -> None:
    """Let the connection break."""
    talk._here().transport.abort()


async def test_a_spoken_turn(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running(house, Settings()) as address, Client(f"http://{address}", persona="bob") as talk:
        await talk.hear(tone(0.75))
        events = await until(talk, is_a(Answered))
        talk.save(tmp_path / "reply.wav")
    assert events[0] == Connected("bob", resumed=False)
    assert [event.text for event in events if isinstance(event, Heard)] == ["孔乙己是谁?"]
    assert "".join(event.text for event in events if isinstance(event, Words)) == "他是个读书人,穿长衫而站着喝酒。"
    assert events[-1] == Answered("resp_1", "completed", "他是个读书人,穿长衫而站着喝酒。")
    sounds = [event for event in events if isinstance(event, Sound)]
    assert [event.start for event in sounds] == [0, 4800]
    assert {event.generation for event in sounds} == {1}
    assert next(e for e in events if isinstance(e, Replying)) == Replying("resp_1", 1, "zh")
    assert next(e for e in events if isinstance(e, Cited)).citations[0]["work"] == "孔乙己"
    assert Present("thinking") in events
    assert not any(isinstance(event, Picture) for event in events)
    with wave.open(str(tmp_path / "reply.wav")) as file:
        assert (file.getframerate(), file.getnframes()) == (24000, 9600)
        assert file.readframes(4800) == to_pcm16(tone(0.2))
    assert house.opened[0].heard == 18_000
    assert house.opened[0].closed


def test_a_style_is_understood() -> None:
    told = {"type": "avatar.style", "response_id": "resp_1", "style": "sad", "audio_start_ms": 840}
    assert from_json(told) == Meant("resp_1", "sad", 840)
    assert from_json({"type": "rate_limits.updated"}) is None


async def test_writing_settings_and_pictures() -> None:
    house = FakeHouse()
    async with (
        running(house, Settings()) as address,
        Client(f"http://{address}", language="en", video=True, query={"codec": "jpeg", "size": "256"}) as talk,
    ):
        await talk.configure(instructions="Be brief.")
        await talk.greet("en")
        await talk.write("Who?", answer=False)
        await talk.answer(max_output_tokens=10)
        events = await until(talk, is_a(Answered))
        await talk.played("resp_1", 120)
        await talk.interrupt()
        await eventually(lambda: ("cancel", None) in house.opened[0].asked)
    session = house.opened[0]
    assert (session.options.language, session.options.instructions) == ("en", "Be brief.")
    assert ("type", "Who?") in session.asked
    assert ("greet", "en") in session.asked
    assert ("played", "resp_1", 120) in session.asked
    pictures = [event for event in events if isinstance(event, Picture)]
    assert [picture.key for picture in pictures] == [True] + [False] * 9
    assert {picture.codec for picture in pictures} == {"jpeg"}
    assert pictures[1].pts_us == 40_000


async def test_an_error_is_an_event_and_the_conversation_lives() -> None:
    async with running(FakeHouse(), Settings()) as address, Client(f"http://{address}") as talk:
        await talk.write(" ", answer=False)
        problem = (await until(talk, is_a(Problem)))[-1]
        await talk.answer()
        await until(talk, is_a(Answered))
    assert isinstance(problem, Problem)
    assert problem.code == "text_empty"
    assert problem.zh != problem.en


async def test_a_lost_connection_is_taken_up_again() -> None:
    house = FakeHouse()
    async with running(house, Settings()) as address, Client(f"http://{address}", pauses=AT_ONCE) as talk:
        await until(talk, is_a(Present))
        break_off(talk)
        events = await until(talk, is_a(Connected))
        await talk.write("Still there?")
        await until(talk, is_a(Answered))
        break_off(talk)
        await until(talk, is_a(Lost))
        await talk.write("And now?")
        await until(talk, is_a(Answered))
    assert isinstance(events[0], Lost)
    assert events[-1] == Connected("luxun", resumed=True)
    assert len(house.opened) == 1
    asked = house.opened[0].asked
    assert asked.count(("suspend",)) == asked.count(("resume",)) == 2
    assert asked.index(("type", "Still there?")) < asked.index(("type", "And now?"))


async def test_a_conversation_that_is_gone_ends() -> None:
    settings = Settings(server=ServerSettings(resume_s=0.01))
    async with running(FakeHouse(), settings) as address, Client(f"http://{address}", pauses=(0.2,)) as talk:
        await until(talk, is_a(Present))
        break_off(talk)
        events = await until(talk, is_a(Ended))
        assert isinstance(events[-1], Ended)
        assert events[-1].code == 1006
        with pytest.raises(ConnectionError):
            await talk.write("Hello?")
        await talk.hear(tone(0.1))


async def test_a_server_that_stops_ends_the_conversation() -> None:
    async with running(FakeHouse(), Settings()) as address:
        talk = Client(f"http://{address}", pauses=AT_ONCE)
        await talk.__aenter__()
    events = await until(talk, is_a(Ended))
    await talk.__aexit__(None, None, None)
    assert isinstance(events[-1], Ended)
    assert events[-1].code == 1012


@pytest.mark.parametrize(("persona", "key", "status"), [("nobody", "k", 404), ("bob", "wrong", 401)])
async def test_refusals_say_why(persona: str, key: str, status: int) -> None:
    async with running(FakeHouse(), Settings(server=ServerSettings(api_key="k"))) as address:
        with pytest.raises(RefusedError) as caught:
            async with Client(f"http://{address}", persona=persona, key=key):
                pass
        assert caught.value.status == status
        assert caught.value.zh != caught.value.en
        async with Client(f"http://{address}", key="k") as talk:
            assert (await until(talk, is_a(Connected)))[-1] == Connected("luxun", resumed=False)


async def test_a_server_that_is_not_there() -> None:
    with pytest.raises(OSError, match="Connect"):
        async with Client("http://127.0.0.1:9"):
            pass


async def test_a_client_that_was_not_entered() -> None:
    with pytest.raises(ConnectionError):
        await Client("http://127.0.0.1:9").write("Hello?")
    assert Client("http://127.0.0.1:9").sound.shape == (0,)
    assert Client("http://127.0.0.1:9").sound.dtype == np.float32


async def test_leaving_in_the_middle_leaves_nothing() -> None:
    house = FakeHouse()
    async with running(house, Settings()) as address:
        before = asyncio.all_tasks()
        async with Client(f"http://{address}") as talk:
            house.opened[0].hold_reply()
            await until(talk, is_a(Sound))
        await eventually(lambda: house.opened[0].closed)
        await eventually(lambda: asyncio.all_tasks() <= before)
