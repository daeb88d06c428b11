"""A persona takes its voice along: out with the consent, in with the consent, and neither without the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from avatar.dialog.cards.jsontext import Json
from avatar.dialog.folders import Personas
from avatar.dialog.persona import load_persona
from avatar.dialog.transfer import bring_in, give_out, new_fields
from avatar.errors import InputError, NotFoundError
from avatar.voice.luggage import VoiceLuggage
from tests.unit.voice.clonery import Clonery, clonery, speech

GROUND: Json = {"kind": "fictional", "basis": {"zh": "编的。", "en": "Made up."}}


def luggage(house: Clonery) -> VoiceLuggage:
    return VoiceLuggage(house.cloning.own, house.consents, lambda: house.cloning)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Clonery:
    """Where a persona lives that speaks with a cloned voice."""
    house = clonery(tmp_path_factory.mktemp("home"))
    voice = house.cloning.create("张三", [speech(8.0)], house.agreed()).id
    about = {"name": "阿三", "about": "你是撑船的。", "voice": voice}
    Personas(house.folder).create(new_fields("ah-san", about, GROUND), {})
    return house


@pytest.fixture
def there(home: Clonery, tmp_path: Path) -> Clonery:
    """Somewhere else, where the statement is understood."""
    house = clonery(tmp_path)
    statement = home.consents.all()[0].statement
    house.ear.text = "" if statement is None else statement.text
    return house


def packed(home: Clonery) -> bytes:
    return give_out(load_persona("ah-san", home.folder), "persona", home.folder, luggage(home))


def test_a_persona_arrives_with_its_voice(home: Clonery, there: Clonery) -> None:
    arrived = bring_in(packed(home), "a.persona", "", None, there.folder, luggage(there))
    assert arrived.voice == "zhang-san"
    assert there.cloning.own.get("zhang-san").consent == there.consents.all()[0].id
    again = bring_in(packed(home), "a.persona", "ah-si", None, there.folder, luggage(there))
    assert again.voice == "zhang-san" and len(there.cloning.own.all()) == 1, "one that is there is not doubled"


def test_where_its_id_is_taken_the_voice_gets_another_and_the_card_says_so(home: Clonery, there: Clonery) -> None:
    heard, there.ear.text = there.ear.text, clonery(there.folder / "ear").ear.text
    there.cloning.create("张三", [speech(8.0, seed=3)], there.agreed())
    there.ear.text = heard
    assert bring_in(packed(home), "a.persona", "", None, there.folder, luggage(there)).voice == "zhang-san-2"


def test_a_voice_that_may_not_come_in_keeps_its_persona_out(home: Clonery, there: Clonery) -> None:
    bundle = packed(home)
    there.now[0] += 4 * 365 * 86_400
    with pytest.raises(InputError) as caught:
        bring_in(bundle, "a.persona", "", None, there.folder, luggage(there))
    assert caught.value.code == "consent_over"
    with pytest.raises(NotFoundError):
        load_persona("ah-san", there.folder)
    assert there.left() == []


def test_a_persona_that_cannot_come_in_leaves_no_voice(home: Clonery, there: Clonery) -> None:
    Personas(there.folder).create(new_fields("ah-san", {"name": "阿三", "about": "你是撑船的。"}, GROUND), {})
    with pytest.raises(InputError) as caught:
        bring_in(packed(home), "a.persona", "", None, there.folder, luggage(there))
    assert caught.value.code == "persona_exists"
    assert there.left() == []


def test_a_stock_voice_stays_where_it_is(home: Clonery) -> None:
    assert luggage(home).pack("luxun") == b""
    assert luggage(home).pack("../x") == b""


def test_a_voice_whose_consent_is_over_does_not_go_out(tmp_path: Path) -> None:
    house = clonery(tmp_path)
    voice = house.cloning.create("张三", [speech(8.0)], house.agreed()).id
    house.now[0] += 4 * 365 * 86_400
    with pytest.raises(InputError) as caught:
        luggage(house).pack(voice)
    assert caught.value.code == "consent_over"
