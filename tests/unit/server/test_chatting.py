"""`POST /v1/chat/completions`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from openai import NotFoundError, OpenAI
from starlette.testclient import TestClient

from avatar.dialog.conversation import Conversation
from tests.unit.server.conftest import Served
from tests.unit.server.fake_stages import ANSWER, FakeStages
from tests.unit.server.wire import eventually

CHAT = "/v1/chat/completions"
QUESTION = {"role": "user", "content": "您怎么看希望?"}


def post(client: TestClient, *messages: dict[str, Any], **fields: Any) -> Any:
    """Ask for a completion."""
    return client.post(CHAT, json={"model": "luxun", "messages": list(messages) or [QUESTION], **fields})


def test_what_was_said_before_is_weighed_off_the_event_loop(
    served: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of two hundred messages is cut into words, and looked through by a card's lorebook."""
    remember, on_loop = Conversation.remember, []

    def noted(conversation: Conversation, *said: Any, **more: Any) -> None:
        try:
            on_loop.append(asyncio.get_running_loop())
        except RuntimeError:
            remember(conversation, *said, **more)

    monkeypatch.setattr(Conversation, "remember", noted)
    history = [QUESTION, {"role": "assistant", "content": ANSWER}] * 3
    assert post(served, *history, QUESTION).status_code == 200
    assert on_loop == []


def test_the_official_client(address: Served) -> None:
    with OpenAI(api_key="none", base_url=address.url) as client:
        answer = client.chat.completions.create(model="luxun", messages=[{"role": "user", "content": "希望是什么?"}])
        assert answer.choices[0].message.content == ANSWER
        assert answer.choices[0].finish_reason == "stop"
        assert (answer.model_extra or {})["avatar"]["citations"]
        with client.chat.completions.create(
            model="luxun",
            messages=[{"role": "user", "content": "希望是什么?"}],
            stream=True,
            stream_options={"include_usage": True},
        ) as stream:
            chunks = list(stream)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == ANSWER
        assert chunks[-2].choices[0].finish_reason == "stop"
        assert chunks[-1].usage is not None
        assert (chunks[0].model_extra or {})["avatar"]["citations"]
        assert client.models.retrieve("bob").id == "bob"
        with pytest.raises(NotFoundError):
            client.models.retrieve("nobody")


def test_the_history_is_put_before_the_persona(served: TestClient, stages: FakeStages) -> None:
    answer = post(
        served,
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": [{"type": "text", "text": "第一问"}]},
        {"role": "assistant", "content": "第一答。"},
        {"role": "user", "content": "没有回答的"},
        QUESTION,
    )
    assert answer.status_code == 200
    (prompt,) = stages.generator.asked
    assert "Answer in one sentence." in prompt[0].content
    said = [message.content for message in prompt]
    assert said[said.index("第一问") + 1] == "第一答。"
    assert "没有回答的" in said
    assert said[-1].endswith("您怎么看希望?")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"model": "gpt-4"}, 404),
        ({"messages": []}, 400),
        ({"messages": [{"role": "assistant", "content": "x"}]}, 400),
        ({"messages": [{"role": "user", "content": " "}]}, 400),
        ({"messages": [{"role": "user", "content": None}]}, 400),
        ({"messages": [{"role": "wizard", "content": "x"}]}, 400),
        ({"messages": [{"role": "user", "content": "x" * 9000}]}, 400),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, 400),
        ({"messages": [{"role": "user", "content": "x"}] * 201}, 400),
        ({"max_tokens": 0}, 400),
        ({"n": 2}, 400),
        ({"messages": [{"role": "user", "content": "坏"}]}, 502),
        ({"messages": [{"role": "user", "content": "坏"}], "stream": True}, 502),
    ],
)
def test_wishes_that_cannot_be_met(served: TestClient, fields: dict[str, Any], status: int) -> None:
    answer = served.post(CHAT, json={"model": "luxun", "messages": [QUESTION], **fields})
    assert answer.status_code == status
    assert answer.json()["error"]["message_zh"]


def test_every_slot_taken_and_a_client_that_goes(served: TestClient, stages: FakeStages, address: Served) -> None:
    waiting = {"model": "luxun", "messages": [{"role": "user", "content": "等"}]}

    async def run() -> None:
        async with httpx.AsyncClient(base_url=address.url, timeout=20) as client:
            asking = [
                asyncio.create_task(client.post("/chat/completions", json=waiting)),
                asyncio.create_task(_read(client, {**waiting, "stream": True})),
            ]
            await eventually(lambda: len(stages.generator.asked) == 2)
            refused = await client.post("/chat/completions", json={"model": "luxun", "messages": [QUESTION]})
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert refused.json()["error"]["code"] == "at_capacity"
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            await eventually(lambda: stages.generator.stopped == 2)
            await asyncio.sleep(0.1)
            again = await client.post("/chat/completions", json={"model": "luxun", "messages": [QUESTION]})
            assert again.status_code == 200

    asyncio.run(run())


async def _read(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    async with client.stream("POST", "/chat/completions", json=body) as response:
        async for _ in response.aiter_bytes():
            pass


def test_chunks_are_events(served: TestClient) -> None:
    answer = post(served, stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line[6:] for line in answer.text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    assert {json.loads(line)["object"] for line in lines[:-1]} == {"chat.completion.chunk"}
