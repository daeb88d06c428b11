"""`avatar clone`, `avatar voices` and `avatar consent`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from avatar.cli import app, clone
from tests.unit.voice.clonery import Clonery, clonery, speech

GROUND = """
name = "鲁迅"
ground = "public_domain"
died = 1936
scope = "project"
words = "他于一九三六年去世,作品早已进入公有领域,此声音只作演绎。"
"""


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clonery:
    made = clonery(tmp_path / "data_dir")
    monkeypatch.setattr(clone, "cloning", lambda engines: made.cloning)
    (tmp_path / "a.wav").write_bytes(speech(8.0))
    (tmp_path / "c.wav").write_bytes(speech(6.0))
    (tmp_path / "ground.toml").write_text(GROUND, encoding="utf-8")
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def agreed(house: Clonery) -> str:
    phrase = json.loads(run("consent", "phrase", "张三", "--json").stdout)
    house.ear.text = phrase["text"]
    return str(phrase["text"])


def test_from_the_phrase_to_the_voice_and_back(house: Clonery, monkeypatch: pytest.MonkeyPatch) -> None:
    agreed(house)
    made = run("clone", "张三", "a.wav", "--consent", "c.wav", "--json")
    assert made.exit_code == 0, made.output
    voice = json.loads(made.stdout)
    assert (voice["id"], voice["stage"]) == ("zhang-san", "fitted")
    assert run("voices", "rename", "zhang-san", "老张").stdout == "zhang-san  老张\n"
    assert run("voices", "export", "zhang-san", "--out", "z.voice").exit_code == 0
    assert run("voices", "delete", "zhang-san", "--yes").exit_code == 0
    assert run("voices", "import", "z.voice").stdout == "zhang-san\n"
    listed = json.loads(run("consent", "list", "--json").stdout)
    assert [each["voices"] for each in listed] == [["zhang-san"]]
    assert run("consent", "revoke", listed[0]["id"], "--yes").exit_code == 0
    assert house.left() == []
    assert run("voices", "delete", "zhang-san", "--yes").exit_code == 2
    assert run("consent", "revoke", listed[0]["id"], "--yes").exit_code == 2


def test_a_ground_and_a_consent_by_its_id(house: Clonery) -> None:
    assert run("clone", "Xun", "a.wav", "--consent", "ground.toml", "--quick").exit_code == 0
    consent = house.consents.all()[0].id
    assert consent in run("consent", "list").stdout
    made = run("clone", "Again", "a.wav", "--consent", consent, "--quick")
    assert made.exit_code == 0
    assert "again  instant" in made.stdout
    assert house.maker.fits == 0


def test_ctrl_c_while_fitting_keeps_the_voice_as_it_is(house: Clonery, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(house.maker, "style", stopped)
    made = run("clone", "Xun", "a.wav", "--consent", "ground.toml")
    assert made.exit_code == 130
    assert "stays as it was" in made.stderr
    assert house.cloning.own.get("xun").stage == "instant"


def test_ctrl_c_while_cloning_leaves_nothing(house: Clonery) -> None:
    def stopped() -> None:
        raise KeyboardInterrupt

    house.maker.on_instant = stopped
    assert run("clone", "Xun", "a.wav", "--consent", "ground.toml").exit_code == 130
    assert house.left() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("clone", "../x", "a.wav", "--consent", "ground.toml"), "A name is 1 to 64 characters"),
        (("clone", "x", "absent.wav", "--consent", "ground.toml"), "There is no file absent.wav"),
        (("clone", "x", "a.wav", "--consent", "absent.toml"), "There is no file absent.toml"),
        (("clone", "x", "a.wav", "--consent", "c.wav"), "no such statement"),
        (("clone", "x", "a.wav", "--consent", "cons_" + "0" * 20), "no such consent"),
        (("clone", "Elon Musk", "a.wav", "--consent", "ground.toml"), "forgery"),
        (("clone", "x", "ground.toml", "--consent", "ground.toml"), "not a recording"),
        (("consent", "phrase", "x", "--until", "tomorrow"), "--until is a day"),
        (("consent", "phrase", "x", "--scope", "fun"), "scope"),
        (("consent", "phrase", "a/b"), "name"),
        (("consent", "revoke", "../x", "--yes"), "no such consent"),
        (("voices", "export", "af_heart", "--out", "x.voice"), "of your own"),
        (("voices", "import", "a.wav"), "not a .voice file"),
        (("voices", "import", "absent.voice"), "There is no file"),
    ],
)
def test_what_cannot_be_done(house: Clonery, arguments: tuple[str, ...], said: str) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert house.left() == []


def test_the_statement_is_printed_in_the_language_asked_for() -> None:
    printed = run("consent", "phrase", "John Miller", "--language", "en", "--scope", "public").stdout
    assert printed.startswith("I am John Miller, and I agree")
    assert "for public use" in printed
