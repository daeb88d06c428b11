"""`/v1/avatar/personas/{id}/knowledge`: a text is added, found, opened in its context, and taken away."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from avatar.dialog.knowledge import BATCH, Knowledge
from avatar.dialog.persona import Persona, load_persona
from avatar.server.app import create_app
from avatar.server.knowledge import Embedding
from avatar.settings import ServerSettings, Settings
from tests.unit.dialog.fakes import HashEmbedder
from tests.unit.server.fake_session import FakeHouse
from tests.unit.server.fake_stages import FakeStages

TEXTS = "/v1/avatar/personas/luxun/knowledge"

STORY = "# 渡口\n\n" + "\n\n".join(
    f"## 第{number}章\n\n" + f"渡口的第{number}条船装着{what}。船老大说,{what}不能沾水。" * 30
    for number, what in (("一", "茶叶"), ("二", "铜锣"), ("三", "棉花"), ("四", "石磨"), ("五", "灯油"))
)


class SlowEmbedder(HashEmbedder):
    """Waits before each batch until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Semaphore(0)
        self.waits = False

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.waits = True
        self.gate.acquire(timeout=20)
        return super().passages(texts)


class Stages(FakeStages):
    """With an embedder that waits."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.embedder = SlowEmbedder()
        self._knowledge = Knowledge.open(load_persona("luxun", folder), folder, self.embedder)

    def knowledge(self, persona: Persona) -> Knowledge:
        assert persona.id == "luxun"
        return self._knowledge


@pytest.fixture
def slow(tmp_path: Path) -> Stages:
    return Stages(tmp_path)


@pytest.fixture
def client(house: FakeHouse, slow: Stages) -> Iterator[TestClient]:
    app = create_app(house.open, house.personas, Settings(server=ServerSettings(max_requests=1)), slow)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
        slow.embedder.gate.release(1000)


def send(client: TestClient, text: str | bytes = STORY, name: str = "渡口.md", language: str = "en") -> Any:
    data = text.encode() if isinstance(text, str) else text
    return client.post(TEXTS, files={"file": (name, data)}, headers={"Accept-Language": language})


def events(answer: Any) -> list[dict[str, Any]]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]


def added(client: TestClient) -> dict[str, Any]:
    last = events(send(client))[-1]
    assert last["type"] == "knowledge.added"
    text: dict[str, Any] = last["text"]
    return text


def until(client: TestClient, **wanted: object) -> dict[str, Any]:
    """The list, once it says what is wanted."""
    for _ in range(400):
        state: dict[str, Any] = client.get(TEXTS).json()
        if all(state[key] == value for key, value in wanted.items()):
            return state
        time.sleep(0.02)
    pytest.fail(f"the list never said {wanted}: {state}")


def test_a_text_is_found_by_its_words_at_once(client: TestClient) -> None:
    text = added(client)
    assert text["title"] == "渡口"
    assert text["passages"] >= 5
    state = client.get(TEXTS).json()
    assert [each["id"] for each in state["data"]] == [text["id"]]
    assert state["embedding"]
    assert state["embedded"] < state["passages"]
    found = client.get(f"{TEXTS}/search", params={"q": "哪条船装着铜锣?"}).json()["data"]
    assert found[0]["work"] == "渡口"
    assert "铜锣" in found[0]["quote"]


def test_it_is_embedded_behind_the_request(client: TestClient, slow: Stages) -> None:
    added(client)
    assert client.get(TEXTS).json()["embedding"]
    slow.embedder.gate.release(1000)
    state = until(client, embedding=False)
    assert state["embedded"] == state["passages"] > 0


def test_embedding_is_left_off_and_goes_on(client: TestClient, slow: Stages) -> None:
    added(client)
    assert client.delete(f"{TEXTS}/embedding").status_code == 204
    slow.embedder.gate.release()
    state = until(client, embedding=False)
    assert 0 < state["embedded"] < state["passages"]
    slow.embedder.gate.release(1000)
    assert client.post(f"{TEXTS}/embedding").json()["embedding"]
    state = until(client, embedding=False)
    assert state["embedded"] == state["passages"]


def test_a_passage_is_shown_among_those_around_it(client: TestClient) -> None:
    added(client)
    found = client.get(f"{TEXTS}/search", params={"q": "棉花不能沾水"}).json()["data"][0]
    opened = client.get(f"{TEXTS}/passages/{found['id']}").json()
    assert opened["work"] == "渡口"
    assert opened["text"] in found["text"]
    assert "棉花" in opened["text"]
    assert 1 < opened["number"] < opened["of"]
    assert opened["before"]
    assert opened["after"]
    assert opened["before"][-1]["text"] != opened["text"]


def test_the_same_text_is_kept_once_and_can_be_taken_away(client: TestClient) -> None:
    text = added(client)
    assert added(client)["id"] == text["id"]
    assert len(client.get(TEXTS).json()["data"]) == 1
    passage = client.get(f"{TEXTS}/search", params={"q": "灯油"}).json()["data"][0]["id"]
    assert client.delete(f"{TEXTS}/{text['id']}").status_code == 204
    assert client.get(TEXTS).json()["data"] == []
    gone = client.get(f"{TEXTS}/passages/{passage}")
    assert gone.status_code == 404
    assert gone.json()["error"]["code"] == "passage_not_found"
    assert client.delete(f"{TEXTS}/{text['id']}").status_code == 404


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [("a.pdf", b"%PDF-1.7 broken", "text_damaged"), ("a.txt", b"\x00\x01\x02\xff" * 99, "invalid_text")],
)
def test_what_is_no_document_is_told_and_nothing_is_kept(client: TestClient, name: str, data: bytes, code: str) -> None:
    told = events(send(client, data, name, language="zh"))[-1]["error"]
    assert told["code"] == code
    assert told["message"] == told["message_zh"]
    assert client.get(TEXTS).json()["data"] == []


def test_a_form_without_a_file_and_a_persona_that_is_not_there(client: TestClient) -> None:
    refused = client.post(TEXTS, files={"other": ("a.txt", b"text")})
    assert refused.json()["error"]["param"] == "file"
    for path in ("", "/search?q=a", "/passages/0"):
        assert client.get(f"/v1/avatar/personas/nobody/knowledge{path}").json()["error"]["code"] == "persona_not_found"


def test_a_search_needs_words(client: TestClient) -> None:
    assert client.get(f"{TEXTS}/search", params={"q": ""}).status_code == 400
    assert client.get(f"{TEXTS}/search", params={"q": "字" * 501}).status_code == 400


def test_only_a_document_may_be_large(client: TestClient) -> None:
    large = b"x" * (2 * 1024 * 1024)
    assert client.post(f"{TEXTS}/embedding", content=large).status_code == 413
    assert events(send(client, b"\x00\x01\x02\xff" * 500_000))[-1]["error"]["code"] == "invalid_text"


async def test_embedding_that_is_being_stopped_can_be_begun_anew(tmp_path: Path) -> None:
    slow, embedding = Stages(tmp_path), Embedding()
    knowledge = slow.knowledge(load_persona("luxun", tmp_path))
    embedding.begin("luxun", knowledge)
    while not slow.embedder.waits:  # noqa: ASYNC110 - of another thread
        await asyncio.sleep(0.01)
    embedding.stop("luxun")
    embedding.begin("luxun", knowledge)
    slow.embedder.gate.release(1000)
    while embedding.running("luxun"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert knowledge.embedded[0] == knowledge.embedded[1] > 0
    await embedding.close()


class Opened(Stages):
    """Its knowledge was opened before the server began."""

    def watch(self, opened: Callable[[str, Knowledge], None]) -> None:
        opened("luxun", self._knowledge)


def half_embedded(folder: Path) -> Opened:
    """As a server leaves it that is stopped after eight passages."""
    stages = Opened(folder)
    knowledge = stages.knowledge(load_persona("luxun", folder))
    knowledge.add(STORY.encode(), "渡口.md")
    stages.embedder.gate.release()
    assert not knowledge.embed(cancelled=lambda: knowledge.embedded[0] > 0)
    return Opened(folder)


def test_embedding_goes_on_by_itself_after_a_restart(house: FakeHouse, tmp_path: Path) -> None:
    stages = half_embedded(tmp_path)
    done, of = stages.knowledge(load_persona("luxun", tmp_path)).embedded
    assert 0 < done < of
    with TestClient(create_app(house.open, house.personas, Settings(), stages)) as client:
        stages.embedder.gate.release(1000)
        assert until(client, embedding=False)["embedded"] == of


async def test_what_goes_on_by_itself_waits_while_anybody_talks(tmp_path: Path) -> None:
    stages, talking = half_embedded(tmp_path), [True]
    embedding = Embedding(lambda: talking[0])
    knowledge = stages.knowledge(load_persona("luxun", tmp_path))
    before = knowledge.embedded
    stages.embedder.gate.release(1000)
    embedding.resume("luxun", knowledge)
    await asyncio.sleep(0.1)
    assert embedding.running("luxun") and not stages.embedder.waits and knowledge.embedded == before
    embedding.begin("luxun", knowledge)
    while embedding.running("luxun"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert talking[0] and knowledge.embedded == (before[1], before[1]), "what is asked for does not wait"
    embedding.resume("luxun", knowledge)
    assert not embedding.running("luxun"), "there is nothing to do"


async def test_what_goes_on_by_itself_gives_way_and_can_be_left_off(tmp_path: Path) -> None:
    stages, talking = half_embedded(tmp_path), [False]
    embedding = Embedding(lambda: talking[0])
    knowledge = stages.knowledge(load_persona("luxun", tmp_path))
    before = knowledge.embedded[0]
    embedding.resume("luxun", knowledge)
    while not stages.embedder.waits:  # noqa: ASYNC110 - of another thread
        await asyncio.sleep(0.01)
    talking[0] = True
    stages.embedder.gate.release(1000)
    while knowledge.embedded[0] == before:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert embedding.running("luxun") and knowledge.embedded[0] == before + BATCH
    embedding.stop("luxun")
    while embedding.running("luxun"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert knowledge.embedded[0] == before + BATCH


def test_what_was_left_off_goes_on_when_it_is_asked_for_and_not_by_itself(house: FakeHouse, tmp_path: Path) -> None:
    def started() -> TestClient:
        stages = Opened(tmp_path)
        stages.embedder.gate.release(1000)
        return TestClient(create_app(house.open, house.personas, Settings(), stages))

    done, of = half_embedded(tmp_path).knowledge(load_persona("luxun", tmp_path)).embedded
    with TestClient(create_app(house.open, house.personas, Settings(), half := Opened(tmp_path))) as client:
        assert client.get(TEXTS).json()["embedding"]
        assert client.delete(f"{TEXTS}/embedding").status_code == 204
        half.embedder.gate.release(1000)
        assert until(client, embedding=False)["embedded"] < of
    with started() as client:
        state = client.get(TEXTS).json()
        assert not state["embedding"] and done <= state["embedded"] < of
        assert client.post(f"{TEXTS}/embedding").json()["embedding"]
        until(client, embedding=False, embedded=of)
    assert not Knowledge.open(load_persona("luxun", tmp_path), tmp_path, None).left_off


def test_an_index_is_made_anew(client: TestClient, slow: Stages) -> None:
    text = added(client)
    slow.embedder.gate.release(1000)
    until(client, embedding=False)
    told = events(client.post(f"{TEXTS}/{text['id']}/index"))
    assert told[-1] == {"type": "knowledge.added", "text": text}
    state = until(client, embedding=False)
    assert state["data"][0]["embedded"] == text["passages"]
    gone = events(client.post(f"{TEXTS}/0123456789abcdef/index"))[-1]
    assert gone["error"]["code"] == "text_not_found"


def test_how_far_a_document_is(client: TestClient) -> None:
    told = events(send(client))
    steps = [event["step"] for event in told if event["type"] == "knowledge.progress"]
    assert steps[0] == "reading"
    assert "indexing" in steps
    assert all(0 <= event["share"] <= 1 for event in told[:-1])
