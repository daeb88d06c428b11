"""The application on fake sessions, in this process and on a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import pytest
from starlette.testclient import TestClient

from avatar.server.app import create_app, listen, uvicorn_server
from avatar.settings import ServerSettings, Settings
from tests.unit.server.fake_session import FakeHouse
from tests.unit.server.wire import eventually


@pytest.fixture
def house() -> FakeHouse:
    """Opens fake sessions and keeps them."""
    return FakeHouse()


@pytest.fixture
def settings() -> Settings:
    """Two places, no key."""
    return Settings()


@pytest.fixture
def keyed() -> Settings:
    """Settings with an API key."""
    return Settings(server=ServerSettings(api_key="schlüssel"))


@pytest.fixture
def client(house: FakeHouse, settings: Settings) -> TestClient:
    """A client in this process."""
    return TestClient(create_app(house.open, house.personas, settings), raise_server_exceptions=False)


@asynccontextmanager
async def running(house: FakeHouse, settings: Settings) -> AsyncIterator[str]:
    """The application on a free port; gives host and port."""
    with closing(listen("127.0.0.1", 0)) as listener:
        server = uvicorn_server(create_app(house.open, house.personas, settings))
        task = asyncio.create_task(server._serve([listener]))
        await eventually(lambda: server.started)
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
