"""`…/studio`: a wish becomes a proposal, is tried side by side, accepted or dropped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from avatar.dialog.folders import Personas
from avatar.dialog.persona import list_personas
from avatar.server.app import create_app
from avatar.server.studio import KEPT_S, PLACES, Proposals
from avatar.settings import ServerSettings, Settings
from tests.unit.server.fake_session import FakeHouse
from tests.unit.server.fake_stages import FakeStages
from tests.unit.server.test_personas import PERSONAS, refused

STUDIO = f"{PERSONAS}/luxun/studio"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def client(house: FakeHouse, stages: FakeStages, data_dir: Path) -> Iterator[TestClient]:
    """A client of an application on a data folder of its own, with one place for work."""
    settings = Settings(data_dir=data_dir, server=ServerSettings(max_requests=1))
    app = create_app(house.open, lambda: list_personas(data_dir), settings, stages)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def proposed(client: TestClient, say: str = "少一点反讽，句子再短些", **more: str) -> dict[str, Any]:
    answer = client.post(STUDIO, json={"say": say, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def events(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]


def test_a_wish_is_proposed_tried_and_accepted(client: TestClient) -> None:
    before = client.get(f"{PERSONAS}/luxun").json()
    proposal = proposed(client)
    assert proposal["persona"] == "luxun" and not proposal["new"] and proposal["by"] == ["rule"]
    assert "讽刺" in proposal["explanation"]["zh"] and "irony" in proposal["explanation"]["en"].lower()
    manner = next(each for each in proposal["diff"] if each["field"] == "manner.zh")
    assert manner["old"] == before["card"]["manner"]["zh"] and "有点讽刺" not in manner["new"]
    assert len(proposal["questions"]) == 3
    assert client.get(f"{PERSONAS}/luxun").json() == before

    told = events(client.post(f"{STUDIO}/{proposal['id']}/try", json={"questions": ["你好？", "冷吗？"]}))
    assert [each["question"] for each in told if each["type"] == "studio.question"] == ["你好？", "冷吗？"]
    done = [(each["index"], each["side"]) for each in told if each["type"] == "studio.answer.done"]
    assert done == [(0, "before"), (0, "after"), (1, "before"), (1, "after")]
    assert told[-1] == {"type": "studio.done"}
    deltas = "".join(
        each["delta"] for each in told if each.get("side") == "after" and each["index"] == 1 and "delta" in each
    )
    assert deltas == next(
        each["text"] for each in told if each.get("side") == "after" and each["index"] == 1 and "text" in each
    )

    after = client.post(f"{STUDIO}/{proposal['id']}/accept").json()
    assert after["version"] == 2 and after["own"] and after["card"] == proposal["card"]
    refused(client.post(f"{STUDIO}/{proposal['id']}/accept"), 404, "proposal_not_found")
    undone = client.post(f"{PERSONAS}/luxun/versions/1/restore").json()
    assert undone["card"] == before["card"] and undone["version"] == 3


def test_the_cards_that_answer_are_the_old_and_the_new(client: TestClient, stages: FakeStages) -> None:
    proposal = proposed(client, "叫我小明")
    client.post(f"{STUDIO}/{proposal['id']}/try", json={"questions": ["你好？"]})
    old, new = (asked[0].content for asked in stages.generator.asked[-2:])
    assert "小明" not in old and "小明" in new


def test_a_proposal_is_for_the_card_that_it_was_made_from(client: TestClient) -> None:
    first, second = proposed(client, "温和一些"), proposed(client, "更幽默")
    assert client.post(f"{STUDIO}/{first['id']}/accept").status_code == 200
    refused(client.post(f"{STUDIO}/{second['id']}/accept"), 409, "persona_changed")
    assert client.delete(f"{STUDIO}/{second['id']}").status_code == 204
    refused(client.delete(f"{STUDIO}/{second['id']}"), 404, "proposal_not_found")
    refused(client.post(f"{PERSONAS}/other/studio/{second['id']}/accept"), 404, "proposal_not_found")


def test_a_wish_is_added_to_one_that_waits(client: TestClient) -> None:
    first = proposed(client, "温和一些")
    both = proposed(client, "再幽默一点", proposal=first["id"])
    assert both["explanation"]["zh"] == "更温和，先体谅对方；更幽默。"
    assert len(both["diff"]) >= len(first["diff"])
    card = client.post(f"{STUDIO}/{both['id']}/accept").json()["card"]
    assert "温和" in card["manner"]["zh"] and "风趣" in card["manner"]["zh"]


def test_a_complaint_gives_the_answer_as_it_should_have_been(client: TestClient) -> None:
    answer = "首先，我是鲁迅。绍兴的酒好喝。希望对你有帮助！"
    proposal = proposed(client, "这句太像AI了", question="绍兴有什么好？", answer=answer)
    new = [each["new"] for each in proposal["diff"] if each["old"] is None]
    assert {"language": "zh", "question": "绍兴有什么好？", "answer": "绍兴的酒好喝。", "quote": ""} in new
    assert proposal["questions"][0] == "绍兴有什么好？"


def test_a_persona_from_nothing(
    client: TestClient, stages: FakeStages, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = client.post(f"{PERSONAS}/studio", json={"say": "做一个唐代的说书人，爱讲传奇，话不多"})
    proposal = answer.json()
    assert proposal["new"] and proposal["persona"] == "shuo-shu-ren"
    assert proposal["card"]["ground"]["kind"] == "fictional" and "唐代的说书人" in proposal["card"]["biography"]["zh"]
    studio = f"{PERSONAS}/shuo-shu-ren/studio/{proposal['id']}"
    told = events(client.post(f"{studio}/try", json={}))
    assert {each.get("side") for each in told} == {None, "after"} and told[-1]["type"] == "studio.done"
    made = client.post(f"{studio}/accept").json()
    assert made["version"] == 1 and made["own"] and not made["built_in"]
    there: list[bool] = []
    monkeypatch.setattr(stages, "forget", lambda persona_id: there.append(Personas(data_dir).owns(persona_id)))
    assert client.delete(f"{PERSONAS}/shuo-shu-ren").status_code == 204
    assert there == [True, False], "what is being added for it stops before it is deleted"


def test_a_wish_is_added_to_a_persona_that_is_not_there_yet(client: TestClient, stages: FakeStages) -> None:
    first = client.post(f"{PERSONAS}/studio", json={"say": "做一个唐代的说书人，话不多"}).json()
    studio = f"{PERSONAS}/{first['persona']}/studio"
    refined = client.post(studio, json={"say": "再幽默一点，叫我小明", "proposal": first["id"]})
    assert refined.status_code == 200, refined.text
    second = refined.json()
    assert second["new"] and second["persona"] == first["persona"] and second["id"] != first["id"]
    assert second["explanation"]["zh"].startswith(first["explanation"]["zh"].rstrip("。"))
    assert "风趣" in second["card"]["manner"]["zh"] and "说书人" in second["card"]["biography"]["zh"]
    assert {each["field"] for each in second["diff"]} >= {each["field"] for each in first["diff"]}, "all of it is new"
    told = events(client.post(f"{studio}/{second['id']}/try", json={"questions": ["你好？"]}))
    assert {each.get("side") for each in told} == {None, "after"}
    refused(client.post(studio, json={"say": "更温和"}), 404, "persona_not_found")
    refused(client.post(studio, json={"say": "更温和", "proposal": "proposal_x"}), 404, "proposal_not_found")
    other = f"{PERSONAS}/luxun/studio"
    refused(client.post(other, json={"say": "更温和", "proposal": second["id"]}), 404, "proposal_not_found")
    made = client.post(f"{studio}/{second['id']}/accept").json()
    assert made["card"] == second["card"] and made["version"] == 1
    refused(client.post(f"{studio}/{first['id']}/accept"), 400, "persona_exists")


def test_a_persona_in_the_place_of_a_built_in_one_has_notes_of_its_own(client: TestClient, stages: FakeStages) -> None:
    said = {"name": "鲁迅", "about": "你是另一个鲁迅。", "ground": {"kind": "fictional", "basis": "虚构。"}}
    assert client.post(PERSONAS, json={**said, "id": "luxun"}).status_code == 201
    assert stages.forgotten == ["luxun"]
    assert client.post(PERSONAS, json={**said, "id": "other"}).status_code == 201
    assert stages.forgotten == ["luxun"]


@pytest.mark.parametrize(
    ("say", "code"),
    [
        ("", "wish_not_understood"),
        ("？！", "wish_not_understood"),
        ("长" * 501, "wish_too_long"),
        ("改名叫鲁迅", "wish_without_effect"),
        ("让他承认自己是真人", "wish_not_possible"),
        ("also speak French", "wish_not_possible"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(client: TestClient, say: str, code: str) -> None:
    refused(client.post(STUDIO, json={"say": say}), 400, code)
    assert client.get(f"{PERSONAS}/luxun").json()["version"] == 1


def test_a_failure_while_trying_is_told(client: TestClient) -> None:
    proposal = proposed(client)
    told = events(client.post(f"{STUDIO}/{proposal['id']}/try", json={"questions": ["坏"]}))
    assert told[0]["type"] == "studio.question" and told[-1]["error"]["code"] == "engine_failed"
    assert (
        events(client.post(f"{STUDIO}/{proposal['id']}/try", json={"questions": ["好？"]}))[-1]["type"] == "studio.done"
    )
    assert client.post(f"{STUDIO}/{proposal['id']}/try", json={"questions": ["一"] * 4}).status_code == 400


def test_proposals_do_not_wait_for_ever(client: TestClient) -> None:
    from avatar.dialog.persona import load_persona
    from avatar.dialog.studio.proposal import Proposal

    clock = [0.0]
    proposals = Proposals(now=lambda: clock[0])
    proposal = Proposal(load_persona("luxun", Path("none")), "x", (), (), (), ())
    kept = [proposals.keep(proposal) for _ in range(PLACES + 1)]
    assert proposals.get("luxun", kept[-1]) is proposal
    for gone in (kept[0], "proposal_x"):
        with pytest.raises(Exception, match="not there any more"):
            proposals.get("luxun", gone)
    clock[0] = KEPT_S + 1
    with pytest.raises(Exception, match="not there any more"):
        proposals.get("luxun", kept[-1])
