"""The HTTP routes on the real models: what is said is understood again, and a persona answers in writing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing

import pytest
from fastapi import FastAPI
from openai import AsyncOpenAI

from avatar.dialog.persona import load_persona
from avatar.engines import Engines
from avatar.live.host import SessionHost
from avatar.server.app import create_app, listen, uvicorn_server
from avatar.settings import LlmSettings, Settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SAID = "希望本是无所谓有，无所谓无的。"


@pytest.fixture(scope="module")
def app() -> Iterator[FastAPI]:
    """The application on the real engines, with the smallest language model."""
    settings = Settings(llm=LlmSettings(model="qwen2.5-coder-0.5b", timeout_s=240))
    engines = Engines(settings)
    host = SessionHost(engines)
    yield create_app(host.open, lambda: [load_persona("luxun", settings.data_dir)], settings, host)
    engines.close()


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncOpenAI]:
    """The official client, pointed at the application."""
    with closing(listen("127.0.0.1", 0)) as listener:
        server = uvicorn_server(app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        async with AsyncOpenAI(api_key="none", base_url=base_url, timeout=300, max_retries=0) as client:
            yield client
        server.should_exit = True
        await serving


async def test_what_is_spoken_is_understood(app: FastAPI) -> None:
    async with client_of(app) as client:
        spoken = await client.audio.speech.create(model="luxun", voice="luxun", input=SAID, response_format="mp3")
        heard = await client.audio.transcriptions.create(
            model="whisper-1", file=("said.mp3", spoken.content), response_format="verbose_json", language="zh"
        )
    assert "希望" in heard.text
    assert 1.5 < heard.duration < 10
    assert heard.language == "chinese"
    assert [segment.start for segment in heard.segments or []] == sorted(s.start for s in heard.segments or [])


async def test_a_persona_answers_in_writing(app: FastAPI) -> None:
    async with client_of(app) as client:
        answer = await client.chat.completions.create(
            model="luxun", messages=[{"role": "user", "content": "孔乙己是谁？"}], max_tokens=40
        )
    assert any("\u4e00" <= sign <= "\u9fff" for sign in answer.choices[0].message.content or "")
    citations = (answer.model_extra or {})["avatar"]["citations"]
    assert any("孔乙己" in each["quote"] for each in citations)
