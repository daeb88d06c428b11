"""The routes of voices and consents: OpenAI's shapes, progress, fittings in the background, and docs/voices.md."""

from __future__ import annotations

import gc
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from starlette.testclient import TestClient

from avatar.dialog.persona import list_personas
from avatar.server.app import create_app
from avatar.server.cloning import Voices
from avatar.server.consents import MAX_RECORDING
from avatar.server.fittings import Fittings
from avatar.settings import ServerSettings, Settings
from avatar.voice.editing.desk import EditingDesk
from avatar.voice.fitting import Fitted, FittingStopped
from tests.unit.server.fake_session import FakeHouse
from tests.unit.voice.clonery import Clonery, clonery, speech

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "voices.md").read_text(encoding="utf-8")
PHRASE = {"name": "张三", "language": "zh", "scope": "personal"}


@pytest.fixture
def made(tmp_path: Path) -> Clonery:
    return clonery(tmp_path)


@pytest.fixture
def client(house: FakeHouse, made: Clonery) -> Iterator[TestClient]:
    app = create_app(house.open, house.personas, Settings(), voices=Voices(lambda: made.cloning))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def agree(client: TestClient, made: Clonery) -> dict[str, Any]:
    phrase = client.post("/v1/avatar/voices/phrases", json=PHRASE).json()
    before, made.ear.text = made.ear.text, phrase["text"]
    given = client.post(
        "/v1/audio/voice_consents",
        data={"name": "张三", "language": "zh-CN", "phrase": phrase["id"]},
        files={"recording": ("c.wav", speech(6.0))},
    )
    made.ear.text = before
    assert given.status_code == 200
    return dict(given.json())


def create(client: TestClient, consent: str, accept: str = "application/json", data: bytes = b"") -> Any:
    return client.post(
        "/v1/audio/voices",
        data={"name": "张三", "consent": consent},
        files=[("audio_sample", ("a.wav", data or speech(8.0)))],
        headers={"Accept": accept},
    )


def eventually(found: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_persona_takes_its_voice_along(house: FakeHouse, made: Clonery, tmp_path: Path) -> None:
    voice = made.cloning.create("张三", [speech(8.0)], made.agreed()).id
    app = create_app(
        house.open,
        lambda: list_personas(tmp_path),
        Settings(data_dir=tmp_path),
        voices=Voices(lambda: made.cloning),
    )
    about = {"name": "阿三", "id": "ah-san", "about": "你是撑船的。", "voice": voice}
    with TestClient(app, raise_server_exceptions=False) as client:
        kept = client.post("/v1/avatar/personas", json={**about, "ground": {"kind": "fictional", "basis": "编的。"}})
        assert kept.status_code == 201
        bundle = client.get("/v1/avatar/personas/ah-san/export").content
        assert f"voice/{voice}.voice" in zipfile.ZipFile(io.BytesIO(bundle)).namelist()
        files = {"file": ("a.persona", bundle)}
        again = client.post("/v1/avatar/personas/import", data={"id": "ah-si"}, files=files).json()
    assert again["card"]["voice"] == voice
    assert len(made.cloning.own.all()) == 1


def test_from_the_phrase_to_the_voice_and_back(client: TestClient, made: Clonery) -> None:
    consent = agree(client, made)
    assert consent["object"] == "audio.voice_consent"
    assert consent["avatar"]["status"] == "valid"
    assert consent["avatar"]["words_found"] == 4
    voice = create(client, consent["id"]).json()
    assert {"object": "audio.voice", "id": "zhang-san", "name": "张三"}.items() <= voice.items()
    assert client.get("/v1/audio/voices").json()["data"] == [voice]
    assert client.get("/v1/audio/voices/zhang-san").json() == voice
    listed = client.get("/v1/audio/voice_consents").json()
    assert listed["first_id"] == consent["id"]
    assert listed["data"][0]["avatar"]["voices"] == ["zhang-san"]
    card = client.get("/v1/avatar/voices/zhang-san").json()
    assert card["stage"] == "instant"
    for place in ("sample", "original"):
        sound = client.get(card[place])
        assert sound.headers["content-type"] == "audio/wav"
        assert sound.content[:4] == b"RIFF"
    (kept,) = client.get("/v1/avatar/voices/zhang-san/recordings").json()["data"]
    assert kept["text"] == made.ear.text
    assert client.get(kept["url"]).content == client.get(card["original"]).content
    renamed = client.post("/v1/avatar/voices/zhang-san", json={"name": "老张"}).json()
    assert renamed["name"] == {"zh": "老张", "en": "老张"}
    parcel = client.get("/v1/avatar/voices/zhang-san/export")
    assert parcel.headers["content-disposition"].endswith('"zhang-san.voice"')
    gone = client.delete(f"/v1/audio/voice_consents/{consent['id']}").json()
    assert gone == {"id": consent["id"], "object": "audio.voice_consent", "deleted": True, "voices": ["zhang-san"]}
    assert client.get("/v1/audio/voices").json()["data"] == []
    assert made.left() == []
    refused = client.post("/v1/avatar/voices/import", files={"file": ("a.voice", parcel.content)})
    assert refused.status_code == 400


def test_a_voice_whose_consent_is_over_is_not_heard(client: TestClient, made: Clonery) -> None:
    create(client, agree(client, made)["id"])
    made.now[0] += 3 * 366 * 86_400
    for place in ("sample", "original", "export"):
        refused = client.get(f"/v1/avatar/voices/zhang-san/{place}")
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == "consent_over"


def test_a_voice_is_taken_in(client: TestClient, made: Clonery) -> None:
    consent = agree(client, made)
    create(client, consent["id"])
    parcel = client.get("/v1/avatar/voices/zhang-san/export").content
    assert client.delete("/v1/audio/voices/zhang-san").json()["deleted"] is True
    statement = made.consents.get(consent["id"]).statement
    assert statement is not None
    made.ear.text = statement.text
    taken = client.post("/v1/avatar/voices/import", files={"file": ("a.voice", parcel)})
    assert taken.json()["id"] == "zhang-san"


def test_progress_is_told_and_a_failure_is_the_last_event(client: TestClient, made: Clonery) -> None:
    consent = agree(client, made)["id"]
    told = [json.loads(line[6:]) for line in create(client, consent, "text/event-stream").text.split("\n\n") if line]
    assert [each["type"] for each in told][-1] == "voice.done"
    assert {"reading", "checking", "cleaning", "hearing", "fitting", "sampling"} == {each["step"] for each in told[:-1]}
    broken = create(client, consent, "text/event-stream", b"no sound")
    assert json.loads(broken.text.split("\n\n")[-2][6:])["error"]["code"] == "invalid_audio"
    assert [name.split("/")[1] for name in made.left() if name.endswith("profile.toml")] == ["zhang-san"]


def test_samples_are_looked_at(client: TestClient, made: Clonery) -> None:
    consent = agree(client, made)["id"]
    files = [("audio_sample", ("a.wav", speech(4.0))), ("audio_sample", ("b.wav", speech(4.0, 240.0)))]
    looked = client.post("/v1/avatar/voices/check", data={"consent": consent}, files=files).json()
    assert not looked["usable"]
    assert looked["measures"]["speakers"] == 2
    assert "two_speakers" in [each["code"] for each in looked["findings"]]
    good = client.post(
        "/v1/avatar/voices/check", data={"consent": consent}, files=[("audio_sample", speech(8.0))]
    ).json()
    assert good["usable"]
    assert good["consent"]["same"]
    assert made.left() == []


def test_a_fitting_runs_in_the_background(client: TestClient, made: Clonery) -> None:
    create(client, agree(client, made)["id"])
    path = "/v1/avatar/voices/zhang-san/fitting"
    assert client.get(path).json()["status"] == "none"
    assert client.post(path).status_code == 202
    eventually(lambda: client.get(path).json()["status"] == "done")
    assert client.get(path).json()["scores"]["similarity"] == 0.8
    assert client.get("/v1/avatar/voices/zhang-san").json()["stage"] == "fitted"
    made.maker.wins = False
    client.post(path)
    eventually(lambda: client.get(path).json()["status"] == "kept")
    assert client.post("/v1/avatar/voices/nobody/fitting").status_code == 404


def test_a_fitting_is_cancelled(client: TestClient, made: Clonery, monkeypatch: pytest.MonkeyPatch) -> None:
    create(client, agree(client, made)["id"])

    def endless(
        enrolment: Any, start: Fitted, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Fitted:
        progress(0.25)
        while not cancelled():
            time.sleep(0.005)
        raise FittingStopped

    monkeypatch.setattr(made.maker, "style", endless)
    path = "/v1/avatar/voices/zhang-san/fitting"
    client.post(path)
    eventually(lambda: client.get(path).json()["share"] == 0.25)
    assert client.post(path).json()["status"] == "running"
    client.delete(path)
    eventually(lambda: client.get(path).json()["status"] == "cancelled")
    assert client.get("/v1/avatar/voices/zhang-san").json()["revision"] == 1


def test_fittings_wait_for_each_other_and_failures_are_told() -> None:
    going, order = threading.Event(), []

    def fit(voice: str, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> bool:
        order.append(voice)
        if voice == "first":
            going.wait(30)
        if voice == "third":
            raise ValueError("never shown")
        return True

    fittings = Fittings(fit)
    first, second, third = (fittings.start(name) for name in ("first", "second", "third"))
    eventually(lambda: first.status == "running")
    assert second.status == "waiting"
    assert fittings.cancel("second").status == "cancelled"
    going.set()
    eventually(lambda: third.status == "failed")
    assert third.error is not None
    assert "never shown" not in third.error.en
    assert order == ["first", "third"]
    fittings.close()


def test_a_fitting_that_is_being_stopped_can_be_begun_anew() -> None:
    def fit(voice: str, progress: Callable[[float], None], cancelled: Callable[[], bool]) -> bool:
        while not cancelled() and not again.is_set():
            time.sleep(0.005)
        if cancelled():
            raise FittingStopped
        return True

    again, fittings = threading.Event(), Fittings(fit)
    first = fittings.start("voice")
    eventually(lambda: first.status == "running")
    fittings.cancel("voice")
    second = fittings.start("voice")
    again.set()
    eventually(lambda: second.status == "done")
    assert second is not first and first.status == "cancelled"
    fittings.close()


@pytest.mark.parametrize(
    ("path", "field"), [("/v1/audio/voice_consents", "recording"), ("/v1/avatar/voices/import", "file")]
)
def test_two_files_in_the_place_of_one_are_refused(client: TestClient, path: str, field: str) -> None:
    answer = client.post(path, files=[(field, ("a", b"a")), (field, ("b", b"b"))])
    assert answer.status_code == 400 and answer.json()["error"]["param"] == field


def test_too_many_uploads_at_once_are_refused(house: FakeHouse, made: Clonery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avatar.server.voices.MAX_UPLOADS", 0)
    app = create_app(house.open, house.personas, Settings(), voices=Voices(lambda: made.cloning))
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.post("/v1/avatar/voices/import", files={"file": b"PK"}).status_code == 503
        gc.collect()  # a form that is never read would be complained of here


@pytest.mark.parametrize(
    ("path", "fields", "files", "code"),
    [
        ("/v1/audio/voices", {"name": "x"}, {"audio_sample": speech(4.0)}, "missing_field"),
        ("/v1/audio/voices", {"name": "x", "consent": "cons_x"}, {}, "missing_field"),
        ("/v1/audio/voices", {"name": "x", "consent": "cons_x"}, {"audio_sample": speech(4.0)}, "consent_not_found"),
        ("/v1/audio/voice_consents", {"name": "x", "language": "zh"}, {}, "missing_field"),
        ("/v1/audio/voice_consents", {"name": "x"}, {"recording": b"\0" * (MAX_RECORDING + 1)}, "file_too_large"),
        ("/v1/audio/voice_consents", {"name": "x"}, {"recording": speech(4.0)}, "phrase_not_found"),
        ("/v1/audio/voice_consents", {"phrase": "../x"}, {"recording": speech(4.0)}, "phrase_not_found"),
        ("/v1/avatar/voices/import", {}, {"file": b"PK"}, "voice_file_unusable"),
        ("/v1/avatar/voices/check", {}, {"audio_sample": b"junk"}, "invalid_audio"),
    ],
)
def test_what_cannot_be_done(
    client: TestClient, made: Clonery, path: str, fields: dict[str, str], files: dict[str, bytes], code: str
) -> None:
    answer = client.post(path, data=fields, files={name: ("f", data) for name, data in files.items()} or {"no": b"x"})
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message_zh"]
    assert made.left() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("phrases", {"language": "zh"}),
        ("phrases", {**PHRASE, "name": "../x"}),
        ("phrases", {**PHRASE, "language": "fr"}),
        ("phrases", {**PHRASE, "scope": "fun"}),
        ("phrases", {**PHRASE, "until": "2020-01-01"}),
        ("phrases", {**PHRASE, "name": "Elon Musk"}),
        ("grounds", {"name": "鲁迅", "ground": "public_domain", "died": 1936, "words": "短"}),
        ("grounds", {"name": "鲁迅", "ground": "statement", "died": 1936, "words": "x" * 30}),
    ],
)
def test_wishes_that_cannot_be_met(client: TestClient, path: str, body: dict[str, Any]) -> None:
    assert client.post(f"/v1/avatar/voices/{path}", json=body).status_code == 400


def test_the_key_is_asked_for(house: FakeHouse, made: Clonery) -> None:
    settings = Settings(server=ServerSettings(api_key="key"))
    app = create_app(house.open, house.personas, settings, voices=Voices(lambda: made.cloning))
    with TestClient(app) as client:
        assert client.get("/v1/audio/voices").status_code == 401
        assert client.get("/v1/audio/voices", headers={"Authorization": "Bearer key"}).status_code == 200


def test_openais_client_lists_gives_and_revokes(client: TestClient, made: Clonery) -> None:
    openai = OpenAI(api_key="x", base_url=str(client.base_url) + "/v1", http_client=client)
    consent = agree(client, made)["id"]
    shown = openai.get(f"/audio/voice_consents/{consent}", cast_to=object)
    assert isinstance(shown, dict)
    assert shown["id"] == consent
    gone = openai.delete(f"/audio/voice_consents/{consent}", cast_to=object)
    assert isinstance(gone, dict)
    assert gone["deleted"] is True


def no_desk() -> EditingDesk:
    """Nothing is edited here."""
    raise AssertionError


def test_every_route_is_documented_and_the_other_way_round(house: FakeHouse, made: Clonery) -> None:
    app = create_app(house.open, house.personas, Settings(), voices=Voices(lambda: made.cloning, no_desk))
    paths = app.openapi()["paths"]
    served = {
        f"{method.upper()} {re.sub(r'{[a-z_]+}', '{}', path)}"
        for path, methods in paths.items()
        for method in methods
        if "/voices" in path or "voice_consents" in path
    }
    named = re.findall(r"`((?:GET|POST|DELETE) /v1/[^`]+)`", DOCUMENT)
    assert {re.sub(r"\{\w+\}", "{}", name) for name in named} == served
