"""The application on a real port: what only a real socket shows."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from avatar.errors import PortError
from avatar.server.app import listen
from avatar.server.protocol.base import MAX_MESSAGE
from avatar.settings import Settings
from tests.unit.server.conftest import running
from tests.unit.server.fake_session import FakeHouse
from tests.unit.server.wire import eventually


def test_a_port_that_is_taken() -> None:
    with listen("127.0.0.1", 0) as listener, pytest.raises(PortError) as caught:
        listen("127.0.0.1", listener.getsockname()[1])
    assert caught.value.exit_code == 7
    assert "--port" in caught.value.en
    assert "--port" in caught.value.zh


@pytest.mark.parametrize(("host", "port"), [("203.0.113.1", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_is_not_ours(host: str, port: int) -> None:
    with pytest.raises(PortError):
        listen(host, port)


async def test_a_message_that_is_too_large_closes_the_socket(house: FakeHouse, settings: Settings) -> None:
    async with running(house, settings) as address, connect(f"ws://{address}/v1/realtime", max_size=None) as client:
        await client.recv()
        with pytest.raises(ConnectionClosed) as caught:
            await client.send("x" * (MAX_MESSAGE + 1))
            while True:
                await client.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009


async def test_nothing_is_deflated(house: FakeHouse, settings: Settings) -> None:
    async with running(house, settings) as address, connect(f"ws://{address}/v1/avatar/media") as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers
        assert "Sec-WebSocket-Protocol" not in client.response.headers
        assert json.loads(await client.recv())["type"] == "session.created"


async def test_stopping_closes_conversations(house: FakeHouse, settings: Settings) -> None:
    async with running(house, settings) as address:
        client = await connect(f"ws://{address}/v1/avatar/media")
        await client.recv()
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            await client.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1012
    assert house.opened[0].closed


async def test_a_client_that_vanishes_frees_its_place(house: FakeHouse, settings: Settings) -> None:
    async with running(house, settings) as address:
        client = await connect(f"ws://{address}/v1/avatar/media")
        await client.recv()
        client.transport.abort()
        await eventually(lambda: ("suspend",) in house.opened[0].asked)
        await asyncio.gather(*(_come_and_go(address) for _ in range(2)))
    assert house.opened[0].closed


async def test_a_refusal_without_an_upgrade_can_be_read(house: FakeHouse, settings: Settings) -> None:
    async with running(house, settings) as address:
        with pytest.raises(InvalidStatus) as caught:
            await connect(f"ws://{address}/v1/realtime?persona=nobody")
    assert caught.value.response.status_code == 404
    assert json.loads(caught.value.response.body)["error"]["code"] == "persona_not_found"


async def _come_and_go(address: str) -> None:
    async with connect(f"ws://{address}/v1/realtime") as client:
        assert json.loads(await client.recv())["type"] == "session.created"
