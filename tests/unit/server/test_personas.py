"""`/v1/avatar/personas`: made, changed, brought back, given out and deleted; what is wrong gets a sentence."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from avatar.dialog.archive import pack
from avatar.dialog.cards.card import read
from avatar.dialog.persona import list_personas
from avatar.server.app import create_app
from avatar.settings import Settings
from tests.unit.dialog.cards.samples import V3, picture
from tests.unit.live.fake_studio import ScriptedStudio, photo_of
from tests.unit.server.fake_session import FakeHouse
from tests.unit.server.fake_stages import FakeStages

PERSONAS = "/v1/avatar/personas"
GROUND = {"kind": "fictional", "basis": "虚构的船夫。"}
AH_SAN = {"name": "阿三", "about": "你是渡口撑船的。", "ground": GROUND}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def client(house: FakeHouse, data_dir: Path, stages: FakeStages) -> Iterator[TestClient]:
    """A client of an application on a data folder of its own."""
    settings = Settings(data_dir=data_dir)
    app = create_app(house.open, lambda: list_personas(data_dir), settings, stages, studio=ScriptedStudio())
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def made(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.post(PERSONAS, json={**AH_SAN, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"] == code and error["message_zh"] and error["message_en"]
    return error


def png(*faces: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo_of(*faces)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_persona_is_made_and_has_all_it_needs(client: TestClient) -> None:
    persona = made(client, manner="话短。", voice="luxun")
    assert persona["id"] == "a-san" and persona["version"] == 1 and persona["own"] and not persona["built_in"]
    assert persona["portrait"] is None
    assert persona["card"]["manner"]["zh"] == "话短。" and persona["card"]["voice"] == "luxun"
    assert made(client)["id"] == "a-san-2"
    listed = {each["id"]: each for each in client.get(PERSONAS).json()["data"]}
    assert listed["a-san"]["own"] and listed["luxun"]["built_in"] and not listed["luxun"]["own"]
    assert listed["a-san"]["ground"] == "fictional"
    assert client.post("/v1/avatar/personas", json={"card": persona["card"], "id": "other"}).json()["id"] == "other"


def test_a_lexicon_that_cannot_be_read_is_refused(client: TestClient) -> None:
    first = made(client)
    card = {**first["card"], "lexicon": {"阿三": "xyzzy9"}}
    refused(client.put(f"{PERSONAS}/a-san", json={"card": card, "etag": first["etag"]}), 400, "invalid_lexicon")
    refused(client.post(PERSONAS, json={"card": card, "id": "other"}), 400, "invalid_lexicon")
    assert client.get(f"{PERSONAS}/a-san").json()["version"] == 1


def test_a_card_is_changed_as_a_whole_and_a_stale_one_is_refused(client: TestClient) -> None:
    first = made(client)
    answer = client.get(f"{PERSONAS}/a-san")
    assert answer.headers["etag"] == f'"{first["etag"]}"'
    card = {**first["card"], "voice": "luxun"}
    second = client.put(f"{PERSONAS}/a-san", json={"card": card, "etag": first["etag"]}).json()
    assert second["version"] == 2 and second["card"]["voice"] == "luxun" and second["etag"] != first["etag"]
    refused(client.put(f"{PERSONAS}/a-san", json={"card": card, "etag": first["etag"]}), 409, "persona_changed")
    same = client.put(f"{PERSONAS}/a-san", json={"card": card}, headers={"If-Match": f'"{second["etag"]}"'})
    assert same.json() == second
    refused(client.put(f"{PERSONAS}/a-san", json={"card": card}), 400, "missing_field")


def test_a_built_in_persona_is_copied_and_comes_back(client: TestClient) -> None:
    luxun = client.get(f"{PERSONAS}/luxun").json()
    assert not luxun["own"] and luxun["version"] == 1
    refused(client.delete(f"{PERSONAS}/luxun"), 400, "persona_built_in")
    changed = client.post(f"{PERSONAS}/luxun/voice", json={"voice": "zf_xiaoxiao"})
    refused(changed, 404, "voice_not_found")
    known = client.get("/v1/avatar/voices").json()["data"][0]["id"]
    if known == luxun["card"]["voice"]:
        known = client.get("/v1/avatar/voices").json()["data"][1]["id"]
    mine = client.post(f"{PERSONAS}/luxun/voice", json={"voice": known}).json()
    assert mine["own"] and mine["version"] == 2 and mine["card"]["voice"] == known
    assert client.delete(f"{PERSONAS}/luxun").status_code == 204
    again = client.get(f"{PERSONAS}/luxun").json()
    assert again["etag"] == luxun["etag"] and again["version"] == 1


def test_versions_are_listed_looked_at_and_brought_back(client: TestClient) -> None:
    card = made(client)["card"]
    for manner in ("一", "二"):
        etag = client.get(f"{PERSONAS}/a-san").json()["etag"]
        card = {**card, "manner": {**card["manner"], "zh": manner}}
        assert client.put(f"{PERSONAS}/a-san", json={"card": card, "etag": etag}).status_code == 200
    rows = client.get(f"{PERSONAS}/a-san/versions").json()["data"]
    assert [(row["version"], row["current"], row["fields"]) for row in rows] == [
        (3, True, ["manner.zh"]),
        (2, False, ["manner.zh"]),
        (1, False, []),
    ]
    assert all(row["changed_at"] > 1_600_000_000 for row in rows)
    second = client.get(f"{PERSONAS}/a-san/versions/2").json()
    assert second["diff"] == [{"field": "manner.zh", "old": "二", "new": "一"}]
    back = client.post(f"{PERSONAS}/a-san/versions/2/restore").json()
    assert back["version"] == 4 and back["card"]["manner"]["zh"] == "一"
    for path in ("versions/9", "versions/-1"):
        refused(client.get(f"{PERSONAS}/a-san/{path}"), 404, "version_not_found")
    refused(client.post(f"{PERSONAS}/a-san/versions/9/restore"), 404, "version_not_found")


def test_a_card_is_read_as_soon_as_it_is_made_or_changed(client: TestClient, stages: FakeStages) -> None:
    card = made(client)["card"]
    assert stages.read == ["a-san"]
    etag = client.get(f"{PERSONAS}/a-san").json()["etag"]
    client.put(f"{PERSONAS}/a-san", json={"card": {**card, "voice": ""}, "etag": etag})
    client.put(f"{PERSONAS}/a-san", json={"card": card, "etag": "another"})
    client.post(f"{PERSONAS}/a-san/versions/9/restore")
    assert stages.read == ["a-san"]
    client.put(f"{PERSONAS}/a-san", json={"card": {**card, "manner": {**card["manner"], "zh": "一"}}, "etag": etag})
    client.post(f"{PERSONAS}/a-san/versions/1/restore")
    assert stages.read == ["a-san"] * 3


def test_a_portrait_is_looked_at_before_it_hangs(client: TestClient) -> None:
    made(client)
    refused(client.post(f"{PERSONAS}/a-san/portrait", files={"file": ("a.png", b"no")}), 400, "photo_unreadable")
    nobody = client.post(f"{PERSONAS}/a-san/portrait", files={"file": ("a.png", png())})
    assert nobody.status_code == 400 and nobody.json()["error"]["message_zh"]
    assert client.get(f"{PERSONAS}/a-san").json()["version"] == 1
    hung = client.post(f"{PERSONAS}/a-san/portrait", files={"file": ("a.png", png((240, 100, 160)))}).json()
    assert hung["version"] == 2 and hung["portrait"]
    shown = client.get(hung["portrait"])
    assert shown.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(shown.content)).size == (640, 480)
    photo = client.post("/v1/avatar/photos", files={"file": ("b.png", png((200, 60, 200)))}).json()["id"]
    other = client.post(f"{PERSONAS}/a-san/portrait", data={"photo": photo}).json()
    assert other["version"] == 3 and other["portrait"] != hung["portrait"]
    client.post(f"{PERSONAS}/a-san/versions/2/restore")
    assert client.get(f"{PERSONAS}/a-san/portrait").content == shown.content


def test_of_several_faces_one_is_cut_out(client: TestClient) -> None:
    made(client)
    two = png((60, 140, 120), (420, 140, 120))
    several = client.post(f"{PERSONAS}/a-san/portrait", files={"file": ("a.png", two)})
    assert several.status_code == 400
    hung = client.post(f"{PERSONAS}/a-san/portrait", files={"file": ("a.png", two)}, data={"face": "2"}).json()
    pixels = np.asarray(Image.open(io.BytesIO(client.get(hung["portrait"]).content)))
    assert pixels.shape[1] < 500
    for wrong in ("0", "x", "-1"):
        answer = client.post(f"{PERSONAS}/a-san/portrait", files={"file": ("a.png", two)}, data={"face": wrong})
        refused(answer, 400, "invalid_value")


@pytest.mark.parametrize("form", ["persona", "json", "charx", "png"])
def test_a_persona_leaves_and_comes_back(client: TestClient, form: str) -> None:
    first = made(client)
    client.post(f"{PERSONAS}/a-san/portrait", files={"file": ("a.png", png((240, 100, 160)))})
    given = client.get(f"{PERSONAS}/a-san/export", params={"format": form})
    assert given.status_code == 200 and f'filename="a-san.{form}"' in given.headers["content-disposition"]
    files = {"file": (f"a-san.{form}", given.content)}
    if form == "persona":
        refused(client.post(f"{PERSONAS}/import", files=files), 400, "persona_exists")
    came = client.post(f"{PERSONAS}/import", files=files, data={"id": "again"})
    assert came.status_code == 201, came.text
    card = came.json()["card"]
    assert {**card, "id": "a-san", "portrait": ""} == {**first["card"], "portrait": ""}


def test_a_card_of_another_program_needs_a_ground(client: TestClient) -> None:
    files = {"file": ("guest.json", json.dumps(V3).encode())}
    refused(client.post(f"{PERSONAS}/import", files=files), 400, "ground_required")
    said = {"ground": "fictional", "basis": "小说里的人。"}
    assert client.post(f"{PERSONAS}/import", files=files, data=said).json()["id"] == "guest"
    back = client.get(f"{PERSONAS}/guest/export", params={"format": "json"}).content
    assert read(back, "x").data["character_book"] == V3["data"]["character_book"]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.persona", b"no zip", "archive_damaged"),
        ("a.persona", pack({"manifest.json": b"{}"}), "bundle_damaged"),
        ("a.json", b"", "invalid_json"),
        ("a.json", b"[" * 10_000 + b"]" * 10_000, "json_too_deep"),
        ("a.png", picture(), "no_card"),
        (
            "a.charx",
            pack({"card.json": b'{"name": "a", "description": "b"}', "bomb": bytes(70 << 20)}),
            "archive_too_large",
        ),
    ],
)
def test_a_hostile_file_leaves_nothing(client: TestClient, data_dir: Path, name: str, data: bytes, code: str) -> None:
    said = {"ground": "fictional", "basis": "x"}
    refused(client.post(f"{PERSONAS}/import", files={"file": (name, data)}, data=said), 400, code)
    assert not (data_dir / "personas").exists()


def test_a_voice_that_is_a_path_is_not_written(client: TestClient, data_dir: Path) -> None:
    from avatar.dialog.bundle import write_bundle
    from avatar.dialog.persona import load_persona

    card = made(client)["card"]
    client.post(PERSONAS, json={"card": {**card, "voice": "../../../out"}, "id": "evil"})
    bundle = write_bundle(load_persona("evil", data_dir), data_dir, b"a voice")
    client.delete(f"{PERSONAS}/evil")
    answer = client.post(f"{PERSONAS}/import", files={"file": ("evil.persona", bundle)})
    refused(answer, 400, "archive_unsafe")
    assert not list(data_dir.parent.rglob("*.voice"))


def test_what_is_wrong_gets_a_sentence(client: TestClient) -> None:
    first = made(client)
    refused(client.get(f"{PERSONAS}/nobody"), 404, "persona_not_found")
    refused(client.delete(f"{PERSONAS}/nobody"), 404, "persona_not_found")
    refused(client.post(PERSONAS, json={}), 400, "ground_required")
    refused(client.post(PERSONAS, json={"ground": GROUND}), 400, "invalid_persona")
    refused(client.post(PERSONAS, json={**AH_SAN, "ground": {"kind": "consent", "basis": "x"}}), 400, "ground_required")
    refused(client.post(PERSONAS, json={"card": {}}), 400, "invalid_persona")
    refused(client.post(PERSONAS, json={"card": first["card"]}), 400, "persona_exists")
    refused(client.post(PERSONAS, json={**AH_SAN, "id": "../x"}), 400, "invalid_persona")
    error = refused(
        client.put(f"{PERSONAS}/a-san", json={"card": {**first["card"], "manner": 1}, "etag": first["etag"]}),
        400,
        "invalid_persona",
    )
    assert "manner" in error["message_en"]
    huge = {**first["card"], "examples": [{"language": "zh", "question": "河" * 3999, "answer": "河" * 3999}] * 24}
    refused(client.put(f"{PERSONAS}/a-san", json={"card": huge, "etag": first["etag"]}), 400, "invalid_persona")
    deep = b'{"card": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001
    assert client.post(PERSONAS, content=deep, headers={"Content-Type": "application/json"}).status_code == 400
    refused(client.get(f"{PERSONAS}/a-san/export", params={"format": "docx"}), 400, "invalid_value")
    refused(client.get(f"{PERSONAS}/a-san/export", params={"format": "png"}), 400, "portrait_not_png")
    refused(client.post(f"{PERSONAS}/import", data={"id": "x"}), 400, "missing_field")
    assert client.get(f"{PERSONAS}/a-san").json() == first
