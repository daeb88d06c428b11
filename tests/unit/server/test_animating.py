"""`/v1/avatar/photos` and `/v1/avatar/animations`: what is sent, what is told, and what a break leaves behind."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from avatar.face.photo import MAX_BYTES
from avatar.media import wav_bytes
from avatar.server.app import create_app
from avatar.server.shelf import KEPT_S, PLACES, Shelf
from avatar.settings import ServerSettings, Settings
from avatar.stages import OWN_BACKGROUND, Background
from tests.unit.live.fake_studio import ScriptedStudio, photo_of
from tests.unit.server.fake_session import FakeHouse, tone

PHOTOS = "/v1/avatar/photos"
FILMS = "/v1/avatar/animations"
MARKS = [[0.4, 0.4], [0.6, 0.4], [0.5, 0.52], [0.42, 0.62], [0.58, 0.62], [0.5, 0.75]]


@pytest.fixture
def studio() -> ScriptedStudio:
    return ScriptedStudio()


@pytest.fixture
def client(house: FakeHouse, studio: ScriptedStudio) -> Iterator[TestClient]:
    """A client of an application with a scripted studio and one place for work."""
    settings = Settings(server=ServerSettings(max_requests=1))
    app = create_app(house.open, house.personas, settings, studio=studio)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def _png(*faces: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(photo_of(*faces)).save(buffer, "PNG")
    return buffer.getvalue()


ONE = _png((240, 100, 160))


def send(client: TestClient, data: bytes = ONE, language: str = "en") -> Any:
    return client.post(PHOTOS, files={"file": ("a.png", data)}, headers={"Accept-Language": language})


def events(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]


def film(client: TestClient, photo: str, speech: bytes = b"", **fields: str) -> Any:
    wish = {"photo": photo, "ground": "historical", "size": "256", **fields}
    files = {"speech": ("a.wav", speech)} if speech else {"none": ("", b"")}
    return client.post(FILMS, data=wish, files=files)


def test_a_photograph_is_looked_at(client: TestClient) -> None:
    card = send(client).json()
    assert card["usable"]
    assert card["face"] == 1
    assert card["faces"][0]["box"] == [0.375, 0.2083, 0.625, 0.5417]
    assert card["findings"] == [
        {"code": "face_small", "weight": "note", "text": {"zh": "脸比较小。", "en": "The face is small."}}
    ]
    assert card["damage"]["proposed"]["scratches"]
    picture = client.get(card["picture"])
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(picture.content)).size == (640, 480)


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "photo_unreadable", "not a picture"),
        (b"<svg><script>alert(1)</script></svg>", "photo_unreadable", "never run"),
        (ONE[:300], "photo_damaged", "damaged"),
    ],
)
def test_what_is_no_photograph_is_told_in_the_language_asked_for(
    client: TestClient, data: bytes, code: str, said: str
) -> None:
    answer = send(client, data)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert said in answer.json()["error"]["message"]
    chinese = send(client, data, "zh-CN").json()["error"]["message"]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)


def test_a_form_without_a_file_and_one_that_is_too_large(client: TestClient) -> None:
    assert client.post(PHOTOS, data={"file": "text"}).json()["error"]["code"] == "missing_field"
    assert send(client, b"\0" * (MAX_BYTES + 2 * 1024 * 1024)).status_code == 413


def test_a_face_is_chosen_by_its_number_or_marked(client: TestClient) -> None:
    card = send(client, _png((60, 100, 120), (380, 120, 118))).json()
    assert card["choose"]
    assert not card["usable"]
    look = f"{PHOTOS}/{card['id']}/examination"
    chosen = client.post(look, json={"face": 2}).json()
    assert chosen["usable"]
    assert chosen["face"] == 2
    marked = client.post(look, json={"marks": MARKS}).json()
    assert marked["usable"]
    assert marked["face"] is None
    assert client.post(look, json={"marks": MARKS[:3]}).json()["findings"][0]["code"] == "marks_misplaced"
    assert client.post(look, json={"face": 7}).json()["findings"][0]["code"] == "no_such_face"
    wrongs: list[object] = [{"face": 0}, {"face": "x"}, {"marks": [[1]]}, {"version": "other"}, []]
    for wrong in wrongs:
        assert client.post(look, json=wrong).status_code == 400


def test_a_photograph_is_restored_from_its_original_each_time(client: TestClient, studio: ScriptedStudio) -> None:
    card = send(client).json()
    assert client.get(f"{PHOTOS}/{card['id']}/restored").json()["error"]["code"] == "not_restored"
    for _ in range(2):
        restored = client.post(f"{PHOTOS}/{card['id']}/restoration", json={"scratches": True, "tint": True}).json()
    assert restored["version"] == "restored"
    assert studio.restored[-1].tint
    pixels = np.asarray(Image.open(io.BytesIO(client.get(restored["picture"]).content)))
    assert pixels[5, 5].tolist() == [170, 160, 140]


def test_a_photograph_that_was_deleted_is_gone(client: TestClient) -> None:
    card = send(client).json()
    assert client.delete(f"{PHOTOS}/{card['id']}").status_code == 204
    for answer in (
        client.get(card["picture"]),
        client.post(f"{PHOTOS}/{card['id']}/examination", json={}),
        film(client, card["id"], text="x"),
        client.get(f"{PHOTOS}/..%2F..%2Fetc/original"),
    ):
        assert answer.status_code in (400, 404)


def test_a_film_is_told_of_and_fetched(client: TestClient) -> None:
    told = events(film(client, send(client).json()["id"], text="你好。我们走吧。", voice="zm_yunxi"))
    assert told[0]["type"] == "animation.started"
    shares = [event["share"] for event in told if event.get("step") == "drawing"]
    assert shares == sorted(shares)
    done = told[-1]
    assert done["type"] == "animation.done"
    answer = client.get(done["film"])
    assert answer.headers["content-type"] == "video/mp4"
    assert "film.mp4" in answer.headers["content-disposition"]
    with av.open(io.BytesIO(answer.content), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == done["frames"]
        assert "historical" in container.metadata["comment"]
    assert "你好" in client.get(done["srt"]).text
    assert client.get(done["vtt"]).text.startswith("WEBVTT")
    assert client.get(f"{FILMS}/{done['id']}/other.txt").status_code == 404
    assert client.delete(f"{FILMS}/{done['id']}").status_code == 204
    assert client.get(done["film"]).status_code == 404


@pytest.mark.parametrize(("kind", "media_type"), [("webm", "video/webm"), ("gif", "image/gif")])
def test_uploaded_speech_in_another_form(client: TestClient, kind: str, media_type: str) -> None:
    done = events(film(client, send(client).json()["id"], wav_bytes(tone(1.0)), format=kind))[-1]
    assert client.get(done["film"]).headers["content-type"] == media_type
    assert "听到的话" in client.get(done["srt"]).text


def test_a_preview_is_short_and_small(client: TestClient) -> None:
    told = events(film(client, send(client).json()["id"], text="一句很长的话。" * 40, size="1024", preview="true"))
    assert told[-1]["seconds"] <= 4.0
    assert told[-1]["size"] == 256
    assert "srt" not in told[-1]


@pytest.mark.parametrize(
    ("name", "background"),
    [
        ("", OWN_BACKGROUND),
        ("blur", Background("blur")),
        ("#1e3a5f", Background("colour", (30, 58, 95))),
        ("transparent", Background("transparent")),
    ],
)
def test_a_film_has_a_background(client: TestClient, studio: ScriptedStudio, name: str, background: Background) -> None:
    told = events(film(client, send(client).json()["id"], text="你好。", background=name, format="webm"))
    assert told[-1]["type"] == "animation.done"
    assert studio.backgrounds[-1] == background


def test_a_picture_stands_behind_the_person(client: TestClient, studio: ScriptedStudio) -> None:
    wish = {
        "photo": send(client).json()["id"],
        "ground": "own",
        "size": "256",
        "text": "你好。",
        "background": "picture",
    }
    told = events(client.post(FILMS, data=wish, files={"backdrop": ("b.png", ONE)}))
    assert told[-1]["type"] == "animation.done"
    assert studio.backgrounds[-1] == Background("picture", picture=ONE)
    refused = client.post(FILMS, data=wish, files={"backdrop": ("b.png", b"<svg></svg>")})
    assert refused.json()["error"]["code"] == "photo_unreadable"


@pytest.mark.parametrize(("emotion", "style"), [("warm", "warm"), ("auto", "sad"), ("", "sad")])
def test_a_film_has_a_mood(client: TestClient, studio: ScriptedStudio, emotion: str, style: str) -> None:
    told = events(film(client, send(client).json()["id"], text="[sad]他不来了。", emotion=emotion))
    assert told[-1]["type"] == "animation.done"
    assert studio.moods == [(style, 0)]


@pytest.mark.parametrize(
    ("fields", "speech"),
    [
        ({}, b""),
        ({"text": "x"}, b"both"),
        ({"text": "x", "ground": ""}, b""),
        ({"text": "x", "ground": "fun"}, b""),
        ({"text": "x", "format": "avi"}, b""),
        ({"text": "x", "size": "4096"}, b""),
        ({"text": "x", "emotion": "furious"}, b""),
        ({"text": "x", "background": "beach"}, b""),
        ({"text": "x", "background": "/etc/passwd"}, b""),
        ({"text": "x", "background": "#12"}, b""),
        ({"text": "x", "background": "picture"}, b""),
        ({"text": "x", "background": "transparent", "format": "mp4"}, b""),
        ({"text": "x" * 4000}, b""),
        ({"text": "x", "choice": "{"}, b""),
        ({"text": "x", "choice": '{"face": 0}'}, b""),
        ({"text": "x", "choice": "[" * 100_000}, b""),
    ],
)
def test_wishes_that_cannot_be_met(client: TestClient, fields: dict[str, str], speech: bytes) -> None:
    answer = film(client, send(client).json()["id"], speech, **fields)
    assert answer.status_code in (400, 413)
    assert answer.json()["error"]["message"]


def test_a_failure_in_the_midst_is_told_as_the_last_event_and_frees_the_place(client: TestClient) -> None:
    photo = send(client).json()["id"]
    for _ in range(3):
        told = events(film(client, photo, b"no sound at all"))
        assert told[-1]["error"]["code"] == "invalid_audio"
    told = events(film(client, photo, text="x", choice='{"face": 9}'))
    assert told[-1]["error"]["code"] == "no_face"
    assert events(film(client, photo, text="你好。"))[-1]["type"] == "animation.done"


def test_voices_are_listed_in_both_languages(client: TestClient) -> None:
    listed = client.get("/v1/avatar/voices").json()["data"]
    assert [voice["id"] for voice in listed] == ["zm_yunxi", "af_heart"]
    assert listed[0]["name"] == {"zh": "云希", "en": "Yunxi"}


def test_the_shelf_forgets_what_is_old_and_makes_room() -> None:
    clock = [0.0]
    shelf = Shelf(lambda: clock[0])
    first = shelf.new("photo", "zh")
    (first.folder / "a").write_text("x")
    clock[0] = KEPT_S - 1
    assert shelf.get("photo", first.id) is first
    clock[0] = 2 * KEPT_S - 2
    assert shelf.get("photo", first.id) is first
    clock[0] = 4 * KEPT_S
    with pytest.raises(Exception, match="not there any more"):
        shelf.get("photo", first.id)
    assert not first.folder.exists()
    things = []
    for _ in range(PLACES + 1):
        clock[0] += 1
        things.append(shelf.new("film", "en"))
    assert not things[0].folder.exists()
    assert things[1].folder.exists()
    root: Path = things[1].folder.parent
    with pytest.raises(Exception, match="not there"):
        shelf.get("photo", things[1].id)
    shelf.close()
    assert not root.exists()
