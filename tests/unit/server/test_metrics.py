"""`GET /metrics`."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.testclient import TestClient

from avatar.server.app import create_app
from avatar.settings import ServerSettings, Settings
from avatar.voice.checking.judging import Verdict
from avatar.voice.checking.tally import Tally
from tests.unit.server.fake_session import FakeHouse

ROW = re.compile(r'(?P<name>[a-z_]+)(?:\{(?P<labels>[a-z_]+="[a-z_]+"(?:,[a-z_]+="[a-z_]+")*)\})? (?P<value>\d+)')


def rows(text: str) -> dict[str, int]:
    """Each row's name and labels, and its number; the comments are left out."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = ROW.fullmatch(line)
            assert match, line
            found[line.rsplit(" ", 1)[0]] = int(match["value"])
    return found


def test_counts_of_the_self_check(house: FakeHouse) -> None:
    tally = Tally()
    tally.add("script", "mended", 3, Verdict(lost=2, repeated=1, mute_s=0.5))
    tally.add("live", "good", 1, Verdict())
    answer = TestClient(create_app(house.open, house.personas, Settings(), tally=tally)).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    told = rows(answer.text)
    assert told["avatar_sessions"] == 0
    assert told["avatar_sessions_max"] == 2
    assert told['avatar_self_check_clauses_total{place="script",outcome="mended"}'] == 1
    assert told['avatar_self_check_clauses_total{place="live",outcome="good"}'] == 1
    assert told['avatar_self_check_clauses_total{place="live",outcome="flawed"}'] == 0
    assert told['avatar_self_check_takes_total{place="script"}'] == 3
    assert told['avatar_self_check_faults_total{place="script",fault="lost"}'] == 2
    assert told['avatar_self_check_faults_total{place="script",fault="mute"}'] == 1


def test_without_engines_there_are_only_sessions(client: TestClient) -> None:
    assert set(rows(client.get("/metrics").text)) == {"avatar_sessions", "avatar_sessions_max"}


def test_the_key_is_asked_for(house: FakeHouse, tmp_path: Path) -> None:
    app = create_app(house.open, house.personas, Settings(server=ServerSettings(api_key="k")))
    assert TestClient(app).get("/metrics").status_code == 401
    assert TestClient(app).get("/metrics", headers={"authorization": "Bearer k"}).status_code == 200
