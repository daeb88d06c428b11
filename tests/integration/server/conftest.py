"""The application on the real engines, built once for everything that is asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing

import pytest
from fastapi import FastAPI
from openai import AsyncOpenAI

from avatar.dialog.persona import load_persona
from avatar.engines import Engines
from avatar.live.host import SessionHost
from avatar.server.app import create_app, listen, uvicorn_server
from avatar.settings import LlmSettings, Settings

SMALL_MODEL = "qwen2.5-coder-0.5b"
"""What is said is judged elsewhere; here it is carried."""

PATIENCE_S = 240.0
"""Long enough for a machine that does other things as well."""

ClientOf = Callable[[], AbstractAsyncContextManager[AsyncOpenAI]]
"""The official client, on a server of its own for the application."""


@pytest.fixture(scope="session")
def app() -> Iterator[FastAPI]:
    """The application, loaded, as `avatar serve` does before it answers."""
    settings = Settings(llm=LlmSettings(model=SMALL_MODEL, timeout_s=PATIENCE_S))
    engines = Engines(settings)
    host = SessionHost(engines)
    host.stages()
    host.conversation("luxun")
    yield create_app(host.open, lambda: [load_persona("luxun", settings.data_dir)], settings, host)
    engines.close()


@pytest.fixture
def client_of(app: FastAPI) -> ClientOf:
    """Connects the official client."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncOpenAI]:
        with closing(listen("127.0.0.1", 0)) as listener:
            server = uvicorn_server(app)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
            async with AsyncOpenAI(api_key="none", base_url=base_url, timeout=300, max_retries=0) as client:
                yield client
            server.should_exit = True
            await serving

    return connect
