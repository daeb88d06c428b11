"""The application on fake sessions, in this process and on a real port."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from avatar.server.app import create_app, listen, uvicorn_server
from avatar.settings import ServerSettings, Settings
from tests.unit.server.fake_session import FakeHouse
from tests.unit.server.fake_stages import FakeStages
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


@pytest.fixture
def stages(tmp_path: Path) -> FakeStages:
    """Engines without models."""
    return FakeStages(tmp_path)


@pytest.fixture
def served(house: FakeHouse, settings: Settings, stages: FakeStages) -> TestClient:
    """A client in this process, of an application with engines."""
    app = create_app(house.open, house.personas, settings, stages)
    return TestClient(app, raise_server_exceptions=False)


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs in a thread of its own."""

    url: str


@pytest.fixture
def address(house: FakeHouse, settings: Settings, stages: FakeStages) -> Iterator[Served]:
    """The application with engines on a free port, for clients that block."""
    with closing(listen("127.0.0.1", 0)) as listener:
        server = uvicorn_server(create_app(house.open, house.personas, settings, stages))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        server.should_exit = True
        thread.join()


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
