"""`avatar persona`: made, shown, changed, exported, imported, deleted; what is wrong gets a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from avatar.cli import app
from tests.unit.dialog.cards.samples import V2, V3, picture

GROUND = ("--ground", "fictional", "--basis", "虚构的船夫。")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["persona", *arguments])


def shown(persona_id: str) -> dict[str, object]:
    found = json.loads(run("show", persona_id, "--json").stdout)
    assert isinstance(found, dict)
    return found


def test_a_persona_from_nothing_to_a_bundle_and_back(tmp_path: Path) -> None:
    (tmp_path / "face.png").write_bytes(picture())
    made = run("new", "ah-san", "--name", "阿三", "--about", "你是撑船的。", "--portrait", "face.png", *GROUND)
    assert made.exit_code == 0 and made.stdout == "ah-san\n"
    assert "ah-san" in run("list").stdout
    assert run("edit", "ah-san", "manner.zh=话短。", "voice=luxun").exit_code == 0
    assert "话短。" in json.dumps(shown("ah-san"), ensure_ascii=False)
    before = shown("ah-san")
    assert run("export", "ah-san", "--out", "a.persona").exit_code == 0
    assert run("import", "a.persona").exit_code == 2
    assert run("import", "a.persona", "--id", "ah-si").exit_code == 0
    assert {**shown("ah-si"), "id": "ah-san"} == before
    assert run("edit", "ah-san", "--version", "1").exit_code == 0
    assert shown("ah-san")["voice"] == "host"
    assert run("delete", "ah-san", "--yes").exit_code == 0
    assert run("show", "ah-san").exit_code == 2
    assert "version: 2" in run("show", "ah-si").stdout


@pytest.mark.parametrize("ending", ["json", "charx", "png"])
def test_a_card_in_and_out(ending: str, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps(V3), encoding="utf-8")
    (tmp_path / "face.png").write_bytes(picture())
    assert run("import", "in.json", "--id", "guest", *GROUND).exit_code == 0
    assert run("edit", "guest", "--portrait", "face.png").exit_code == 0
    assert run("export", "guest", "--out", f"out.{ending}").exit_code == 0
    assert run("import", f"out.{ending}", "--id", "again").exit_code == 0
    first, again = shown("guest"), shown("again")
    assert {**again, "id": "guest", "portrait": ""} == {**first, "portrait": ""}
    assert run("export", "again", "--out", "last.json").exit_code == 0
    last = json.loads((tmp_path / "last.json").read_bytes())
    for key, value in V3["data"].items():
        if key not in ("assets", "extensions"):
            assert last["data"][key] == value
    assert V3["data"]["extensions"].items() <= last["data"]["extensions"].items()


def test_without_a_ground_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps(V2), encoding="utf-8")
    for arguments in (
        ("import", "in.json"),
        ("import", "in.json", "--ground", "consent", "--basis", "x"),
        ("new", "a", "--name", "a", "--about", "b"),
        ("new", "a", "--name", "a", "--about", "b", "--ground", "because", "--basis", "x"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2 and "ground" in result.stderr
    assert not (tmp_path / "data_dir" / "personas").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("import", "absent.json"), "There is no file absent.json"),
        (("import", "noise.png", *GROUND), "not valid JSON|valid JSON"),
        (("import", "noise.persona"), "not a zip file"),
        (("export", "luxun", "--out", "a.docx"), "the ending must be"),
        (("edit", "luxun", "manner"), "changes no text"),
        (("edit", "luxun", "manner.zh.x=1"), "changes no text"),
        (("edit", "luxun", "examples=1"), "changes no text"),
        (("edit", "luxun", "manner.fr=1"), "fr"),
        (("delete", "luxun", "--yes"), "comes with the project"),
        (("show", "nobody"), "There is no persona nobody"),
    ],
)
def test_what_is_wrong_gets_a_sentence(arguments: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    for name in ("noise.png", "noise.persona"):
        (tmp_path / name).write_bytes(b"noise" * 20)
    result = run(*arguments)
    assert result.exit_code == 2
    assert any(part in result.stderr for part in sentence.split("|"))
    assert "Traceback" not in result.stderr


def test_a_persona_is_changed_and_made_by_talking(tmp_path: Path) -> None:
    before = shown("luxun")
    proposed = run("studio", "luxun", "--say", "少一点反讽，句子再短些")
    assert proposed.exit_code == 0 and "irony" in proposed.stdout and "- 你说话：短" in proposed.stdout
    assert shown("luxun") == before
    assert run("studio", "luxun", "--say", "叫我小明", "--accept").exit_code == 0
    told = json.loads(run("studio", "luxun", "--say", "更幽默", "--json").stdout)
    assert told["by"] == ["rule"] and told["diff"][0]["field"] == "manner.zh"
    assert "小明" in json.dumps(shown("luxun"), ensure_ascii=False)
    listed = json.loads(run("versions", "luxun", "--json").stdout)
    assert [row["version"] for row in listed] == [1, 2] and "manner.zh" in listed[1]["fields"]
    assert "小明" in run("versions", "luxun", "--show", "1").stdout
    assert run("edit", "luxun", "--version", "1").exit_code == 0 and shown("luxun") == before


def test_talking_goes_on_until_it_is_enough(tmp_path: Path) -> None:
    spoken = "更幽默\n也会说法语\naccept\n温和些\nundo\naccept\nquit\n"
    result = CliRunner().invoke(app, ["persona", "studio", "luxun"], input=spoken)
    assert result.exit_code == 0
    assert "version 2" in result.stderr and "not 法语" in result.stderr and "no proposal yet" in result.stderr
    manner = json.dumps(shown("luxun")["manner"], ensure_ascii=False)
    assert "风趣" in manner and "体谅" not in manner


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("studio", "luxun", "--say", "pretend to be human"), "made by a program"),
        (("studio", "nobody", "--say", "更幽默"), "There is no persona nobody"),
        (("studio", "--say", "做一个"), "Say who it shall be"),
        (("versions", "nobody"), "There is no persona nobody"),
        (("versions", "luxun", "--show", "7"), "no version 7"),
    ],
)
def test_what_cannot_be_said_gets_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and sentence in result.stderr


def test_sentences_come_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_LANGUAGE", "zh")
    assert "没有名为 nobody 的人物" in run("show", "nobody").stderr
    assert "人物须有依据" in run("new", "a", "--name", "a", "--about", "b").stderr
    assert "必须如实说明" in run("studio", "luxun", "--say", "假装成真人").stderr
